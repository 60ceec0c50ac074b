import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFieldResolver,
  defaultFieldResolver,
  execute,
  parse,
  validate,
} from "graphql";
import { Hono } from "hono";
import { canSee, readBody, requireToken } from "./auth.ts";
import { GraphqlFailure, failureType, notImplemented } from "./graphql-errors.ts";
import { mutationRoot } from "./graphql-mutations.ts";
import { findNode } from "./graphql-nodes.ts";
import type { Viewer } from "./graphql-git.ts";
import {
  accountObject,
  issueCommentObject,
  pullObject,
  repositoryObject,
  reviewCommentObject,
  threadObject,
} from "./graphql-objects.ts";
import { githubGraphqlSchema } from "./graphql-schema.ts";
import type { GraphqlObject } from "./graphql-values.ts";
import { optionalRecord, requiredString } from "./routes/http.ts";
import { findRepository } from "./state.ts";
import type { SandboxContext } from "./state.ts";

/** POST /graphql: every document is checked against GitHub's schema; what we use of it is carried out. */
export function graphqlRoutes(context: SandboxContext): Hono {
  const routes = new Hono();
  routes.post("/graphql", async (c) => {
    const viewer: Viewer = { context, actor: requireToken(context, c) };
    const body = await readBody(c);
    const query = requiredString(body, "query");
    const variableValues = optionalRecord(body, "variables") ?? {};
    return c.json(await answerQuery(viewer, query, variableValues));
  });
  return routes;
}

async function answerQuery(
  viewer: Viewer,
  query: string,
  variableValues: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const schema = githubGraphqlSchema();
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [describeError(error)] };
    throw error;
  }
  const problems = validate(schema, document);
  // GitHub answers a document that does not fit its schema without any data.
  if (problems.length > 0) return { errors: problems.map(describeError) };
  const rootValue: GraphqlObject = { ...queryRoot(viewer), ...mutationRoot(viewer) };
  const result: ExecutionResult = await execute({ schema, document, rootValue, variableValues, fieldResolver });
  const { data, errors } = result;
  return {
    ...(data === undefined ? {} : { data }),
    ...(errors === undefined ? {} : { errors: errors.map(describeError) }),
  };
}

function queryRoot(viewer: Viewer): GraphqlObject {
  const { context, actor } = viewer;
  return {
    viewer: () => accountObject(context, actor.account),
    repository: ({ owner, name }: { owner: string; name: string }) => {
      const repository = findRepository(context.state, owner, name);
      if (repository !== null && canSee(context, actor, repository)) return repositoryObject(viewer, repository);
      throw new GraphqlFailure("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`);
    },
    node: ({ id }: { id: string }) => nodeObject(viewer, id),
    nodes: ({ ids }: { ids: readonly string[] }) => ids.map((id) => nodeObject(viewer, id)),
  };
}

function nodeObject(viewer: Viewer, id: string): GraphqlObject {
  const node = findNode(viewer, id);
  switch (node?.type) {
    case "Repository":
      return repositoryObject(viewer, node.repository);
    case "PullRequest":
      return pullObject(viewer, node.repository, node.pull);
    case "PullRequestReviewThread":
      return threadObject(viewer, node.repository, node.thread);
    case "IssueComment":
      return issueCommentObject(viewer, node.repository, node.comment);
    case "PullRequestReviewComment":
      return reviewCommentObject(viewer, node.repository, node.comment);
    case undefined:
      throw new GraphqlFailure("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
  }
}

const fieldResolver: GraphQLFieldResolver<unknown, unknown> = (source, values, context, info) => {
  const isKnown = typeof source === "object" && source !== null && info.fieldName in source;
  if (!isKnown) throw notImplemented(`${info.parentType.name}.${info.fieldName}`);
  return defaultFieldResolver(source, values, context, info);
};

function describeError(error: GraphQLError): Record<string, unknown> {
  const type = failureType(error.originalError);
  return {
    ...(type === undefined ? {} : { type }),
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    message: error.message,
  };
}
