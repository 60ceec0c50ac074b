import { readFileSync } from "node:fs";
import { z } from "zod";

export type Schema = boolean | SchemaObject;
export interface SchemaObject {
  readonly [keyword: string]: unknown;
}

const SchemaValue = z.custom<Schema>(isSchema);
const MediaTypes = z.record(z.string(), z.object({ schema: SchemaValue.optional() }));
const Parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean().optional(),
  schema: SchemaValue.optional(),
});
const Body = z.object({ required: z.boolean().optional(), content: MediaTypes.optional() });
const Response = z.object({ content: MediaTypes.optional() });
const RawOperation = z.object({
  operationId: z.string(),
  parameters: z.array(z.unknown()).optional(),
  requestBody: z.unknown().optional(),
  responses: z.record(z.string(), z.unknown()),
  "x-github": z.object({ enabledForGitHubApps: z.boolean().optional() }).optional(),
});
const DescriptionValue = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), RawOperation)),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});

type Parameter = z.infer<typeof Parameter>;
export type Description = z.infer<typeof DescriptionValue>;

/** One operation with its references resolved down to the schemas, which keep theirs. */
export type Operation = {
  readonly id: string;
  readonly method: string;
  readonly template: string;
  readonly pattern: RegExp;
  readonly parameterNames: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly body: { readonly required: boolean; readonly schema: Schema | undefined } | undefined;
  readonly responses: ReadonlyMap<string, { readonly schema: Schema | undefined }>;
  readonly enabledForGitHubApps: boolean;
};

/** Parameters that hold slashes: a file path, a ref, a branch. They are last in their template. */
const slashParameters = new Set(["path", "ref", "branch", "basehead"]);
const referencesMax = 20;

export function readDescription(path: string): Description {
  try {
    // A JSON Schema validator has never heard of OpenAPI 3.0's `nullable`.
    return DescriptionValue.parse(withoutNullable(JSON.parse(readFileSync(path, "utf8"), eitherAccount)));
  } catch (cause) {
    throw new Error(`reading the description of GitHub's API "${path}"`, { cause });
  }
}

/** All operations, the most specific path first: a literal segment wins over a parameter. */
export function listOperations(description: Description): Operation[] {
  const operations = Object.entries(description.paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, raw]) => operationFrom(description, template, method, raw)),
  );
  return operations.toSorted((left, right) => (specificity(left.template) < specificity(right.template) ? -1 : 1));
}

/** Follows `#/components/...` references until a value without one. */
export function resolveReference(description: Description, value: unknown): unknown {
  let current = value;
  for (let depth = 0; isReference(current); depth += 1) {
    const [, , kind = "", name = ""] = current.$ref.split("/");
    const target = description.components[kind]?.[name];
    if (target === undefined || depth > referencesMax)
      throw new Error(`resolving "${current.$ref}" in the description`);
    current = target;
  }
  return current;
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === "boolean" || isSchemaObject(value);
}

export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function operationFrom(
  description: Description,
  template: string,
  method: string,
  raw: z.infer<typeof RawOperation>,
): Operation {
  const body = raw.requestBody === undefined ? undefined : Body.parse(resolveReference(description, raw.requestBody));
  const responses = Object.entries(raw.responses).map(([status, response]) => {
    const { content } = Response.parse(resolveReference(description, response));
    return [status, { schema: jsonSchemaOf(content) }] as const;
  });
  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    template,
    ...compileTemplate(template),
    parameters: (raw.parameters ?? []).map((parameter) =>
      wrapped(Parameter.parse(resolveReference(description, parameter))),
    ),
    body: body === undefined ? undefined : { required: body.required === true, schema: jsonSchemaOf(body.content) },
    responses: new Map(responses),
    enabledForGitHubApps: raw["x-github"]?.enabledForGitHubApps !== false,
  };
}

/** Text is coerced to the schema's type in place, so the value to check travels as `{ value }`. */
function wrapped(parameter: Parameter): Parameter {
  const { schema } = parameter;
  return schema === undefined ? parameter : { ...parameter, schema: { type: "object", properties: { value: schema } } };
}

function jsonSchemaOf(content: z.infer<typeof MediaTypes> | undefined): Schema | undefined {
  if (content === undefined) return undefined;
  const media = content["application/json"] ?? Object.values(content)[0];
  return media?.schema;
}

function compileTemplate(template: string): { pattern: RegExp; parameterNames: string[] } {
  const parameterNames: string[] = [];
  const source = template.replaceAll(/\{([^}]+)\}|[.]/g, (part, name: string | undefined, offset: number) => {
    if (name === undefined) return "\\.";
    parameterNames.push(name);
    const isLast = offset + part.length === template.length;
    return isLast && slashParameters.has(name) ? "(.*)" : "([^/]+)";
  });
  return { pattern: new RegExp(`^${source}$`), parameterNames };
}

function specificity(template: string): string {
  // "!" sorts before "~", so that literals are tried first, segment by segment.
  // The end sorts last: a parameter at the end may take slashes, so the longer templates have their turn before it.
  const segments = template.split("/").map((segment) => (segment.startsWith("{") ? "~" : `!${segment}`));
  return `${segments.join("/")}\u007F`;
}

function isReference(value: unknown): value is { $ref: string } {
  return typeof value === "object" && value !== null && "$ref" in value && typeof value.$ref === "string";
}

/** In one place the description wants an account to be a user and an enterprise at once, where its own component has it be either. */
function eitherAccount(_key: string, value: unknown): unknown {
  if (!isSchemaObject(value) || !Array.isArray(value["allOf"])) return value;
  const { allOf, ...rest } = value;
  const titles = allOf.map((each: unknown) => (isSchemaObject(each) ? each["title"] : null));
  return titles.join() === "Simple User,Enterprise" ? { ...rest, anyOf: allOf } : value;
}

function withoutNullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullable);
  if (!isSchemaObject(value)) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, withoutNullable(child)] as const);
  const { nullable, ...schema }: SchemaObject = Object.fromEntries(entries);
  // `nullable` is a keyword only when it is a boolean: elsewhere it is a property of that name.
  if (typeof nullable !== "boolean") return Object.fromEntries(entries);
  return nullable ? { anyOf: [{ type: "null" }, schema] } : schema;
}
