import { readFileSync } from "node:fs";

export type Schema = boolean | SchemaObject;
export interface SchemaObject {
  [keyword: string]: unknown;
}
type MediaTypes = Record<string, { schema?: Schema }>;
type Parameter = { name: string; in: "path" | "query" | "header"; required?: boolean; schema?: Schema };
type Body = { required?: boolean; content?: MediaTypes };
type Response = { content?: MediaTypes };
type Reference = { $ref: string };
type RawOperation = {
  operationId: string;
  parameters?: (Parameter | Reference)[];
  requestBody?: Body | Reference;
  responses: Record<string, Response | Reference>;
  "x-github"?: { enabledForGitHubApps?: boolean };
};
export type Description = {
  paths: Record<string, Record<string, RawOperation>>;
  components: Record<string, Record<string, unknown>>;
};

/** One operation with its references resolved down to the schemas, which keep theirs. */
export type Operation = {
  id: string;
  method: string;
  template: string;
  pattern: RegExp;
  parameterNames: string[];
  parameters: Parameter[];
  body: { required: boolean; schema: Schema | undefined } | undefined;
  responses: Map<string, { schema: Schema | undefined }>;
  enabledForGitHubApps: boolean;
};

/** Parameters that hold slashes: a file path, a ref, a branch. They are last in their template. */
const slashParameters = new Set(["path", "ref", "branch", "basehead"]);

export function readDescription(path: string): Description {
  try {
    // A JSON Schema validator has never heard of OpenAPI 3.0's `nullable`.
    return withoutNullable(JSON.parse(readFileSync(path, "utf8"))) as Description;
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
export function resolveReference<T>(description: Description, value: T | Reference): T {
  let current: T | Reference = value;
  for (let depth = 0; isReference(current); depth += 1) {
    const [, , kind = "", name = ""] = current.$ref.split("/");
    const target = description.components[kind]?.[name];
    if (target === undefined || depth > 20) throw new Error(`resolving "${current.$ref}" in the description`);
    current = target as T | Reference;
  }
  return current;
}

function operationFrom(description: Description, template: string, method: string, raw: RawOperation): Operation {
  const body = raw.requestBody === undefined ? undefined : resolveReference<Body>(description, raw.requestBody);
  const responses = Object.entries(raw.responses).map(([status, response]) => {
    const { content } = resolveReference<Response>(description, response);
    return [status, { schema: jsonSchemaOf(content) }] as const;
  });
  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    template,
    ...compileTemplate(template),
    parameters: (raw.parameters ?? []).map((parameter) => wrapped(resolveReference<Parameter>(description, parameter))),
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

function jsonSchemaOf(content: MediaTypes | undefined): Schema | undefined {
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
  return template
    .split("/")
    .map((segment) => (segment.startsWith("{") ? "~" : `!${segment}`))
    .join("/");
}

function isReference(value: unknown): value is Reference {
  return typeof value === "object" && value !== null && "$ref" in value && typeof value.$ref === "string";
}

function withoutNullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullable);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, withoutNullable(child)] as const);
  const { nullable, ...schema }: SchemaObject = Object.fromEntries(entries);
  // `nullable` is a keyword only when it is a boolean: elsewhere it is a property of that name.
  if (typeof nullable !== "boolean") return Object.fromEntries(entries);
  return nullable ? { anyOf: [{ type: "null" }, schema] } : schema;
}
