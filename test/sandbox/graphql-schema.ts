import { readFileSync } from "node:fs";
import { type GraphQLSchema, buildSchema } from "graphql";

let built: GraphQLSchema | undefined;

/** GitHub's published schema. Building it takes half a second, so a process does it once, when it is first needed. */
export function githubGraphqlSchema(): GraphQLSchema {
  if (built !== undefined) return built;
  // Only the text is wanted: importing the package takes longer than building from it.
  const text = readFileSync(new URL("schema.graphql", import.meta.resolve("@octokit/graphql-schema")), "utf8");
  // Graphql 17 refuses the schema for its deprecated fields unless it is told to trust it.
  built = buildSchema(text, { assumeValid: true, noLocation: true });
  return built;
}
