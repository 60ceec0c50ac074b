import { fileURLToPath } from "node:url";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { undocumentedProperties } from "./documented-properties.ts";
import { type Operation, type Schema, isSchema, listOperations, readDescription } from "./openapi.ts";
import type { Exchange } from "./state.ts";

/** Who sent the request: GitHub opens different operations to an app's JWT and to its installation tokens. */
type Caller = "app-jwt" | "installation" | "user" | "anonymous";

/** What the oracle reads of an exchange; without headers it does not judge who called. */
type ExchangeToCheck = Pick<Exchange, "method" | "url" | "status"> &
  Partial<Pick<Exchange, "requestHeaders" | "requestBody" | "responseBody">>;

export type Oracle = {
  /** What GitHub's description of its REST API finds wrong in the exchange; empty when all is well. */
  checkExchange(exchange: ExchangeToCheck): string[];
  /** The operation that a request reaches, or undefined. */
  operationId(method: string, url: string): string | undefined;
};

/** The first segments of GitHub's REST paths. The sandbox serves pages and git below other ones. */
const apiRoots = new Set(
  `advisories app app-manifests applications emojis events feeds gists installation installations issues licenses
  markdown marketplace_listing meta networks notifications octocat organizations orgs projects rate_limit repos
  repositories search teams user users versions zen`.split(/\s+/),
);
/** Failures that every operation may answer with, though the description lists them for few. */
const commonFailures = new Set([400, 401, 403, 404, 415, 422, 429, 500, 502, 503, 504]);
/** Redirects after a rename, and the answer to a conditional request. */
const commonRedirects = new Set([301, 304, 307]);
const errorsReportedMax = 6;
/** GitHub has them though the description does not: see ASSUMPTIONS.md. */
const knownProperties = new Set(["/permissions/actions_variables"]);

export function isApiPath(path: string): boolean {
  const [, root = ""] = (path.split("?")[0] ?? "").split("/");
  return apiRoots.has(root);
}

function callerOf(authorization: string | undefined): Caller {
  const [scheme = "", credential = ""] = (authorization ?? "").split(" ");
  if (credential === "") return "anonymous";
  if (credential.startsWith("ghs_")) return "installation";
  if (scheme.toLowerCase() === "bearer" && /^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(credential)) return "app-jwt";
  return "user";
}

export function loadOracle(): Oracle {
  const description = readDescription(fileURLToPath(new URL("../fixtures/contract/github-rest.json", import.meta.url)));
  const operations = listOperations(description);
  const strict = validatorOver(description, { coerceTypes: false });
  const lenient = validatorOver(description, { coerceTypes: true });
  return {
    checkExchange(exchange) {
      const target = new URL(exchange.url, "http://api");
      const method = exchange.method.toUpperCase();
      const match = findOperation(operations, method, target.pathname);
      if (match === undefined) return [missingOperation(operations, method, target.pathname)];
      const { operation } = match;
      const problems = [
        ...checkCaller(operation, exchange.requestHeaders),
        ...checkParameters(operation, match.pathValues, target.searchParams, lenient),
        ...checkRequestBody(operation, exchange, strict, (schema, value) =>
          undocumentedProperties(description, schema, value),
        ),
        ...checkResponse(operation, exchange, strict),
      ];
      return problems.map((problem) => `${method} ${operation.template}: ${problem}`);
    },
    operationId: (method, url) =>
      findOperation(operations, method.toUpperCase(), new URL(url, "http://api").pathname)?.operation.id,
  };
}

type Check = (schema: Schema, value: unknown) => string[];

/** Compiles each schema at its first use: compiling all of them takes seconds. */
function validatorOver(description: object, options: { coerceTypes: boolean }): Check {
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, logger: false, ...options });
  addFormats.default(ajv);
  // GitHub says `email`, and sends addresses of bots, whose brackets are none to a validator.
  ajv.addFormat("email", /^[^@\s]+@[^@\s]+$/);
  // The components stand at the root, so that "#/components/..." inside them resolves.
  ajv.addSchema({ $id: "github", ...description });
  const compiled = new Map<Schema, ValidateFunction>();
  return (schema, value) => {
    const validate = compiled.get(schema) ?? ajv.compile(rebasedSchema(schema));
    compiled.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).slice(0, errorsReportedMax).map(describeError);
  };
}

function rebasedSchema(schema: Schema): Schema {
  const based = rebased(schema);
  if (!isSchema(based)) throw new Error("rebasing a schema: it is no schema any more");
  return based;
}

function rebased(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(rebased);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, child]) =>
      key === "$ref" && typeof child === "string" ? [key, `github${child}`] : [key, rebased(child)],
    ),
  );
}

function describeError(error: ErrorObject): string {
  const allowed: unknown = error.params["allowedValues"];
  const detail = Array.isArray(allowed) ? `: ${allowed.join(", ")}` : "";
  return `${error.instancePath === "" ? "the value" : error.instancePath} ${error.message ?? error.keyword}${detail}`;
}

function findOperation(operations: Operation[], method: string, path: string) {
  for (const operation of operations) {
    if (operation.method !== method) continue;
    const match = operation.pattern.exec(path);
    if (match === null) continue;
    const pathValues = new Map(operation.parameterNames.map((name, index) => [name, match[index + 1] ?? ""]));
    return { operation, pathValues };
  }
  return undefined;
}

function missingOperation(operations: Operation[], method: string, path: string): string {
  const others = operations.filter(({ pattern }) => pattern.test(path)).map((operation) => operation.method);
  const reason = others.length === 0 ? "no such path" : `the path knows only ${[...new Set(others)].join(", ")}`;
  return `${method} ${path}: ${reason} in test/fixtures/contract/github-rest.json (add it to operations.ts if GitHub has it)`;
}

function checkCaller(operation: Operation, headers: Exchange["requestHeaders"] | undefined): string[] {
  if (headers === undefined) return [];
  const caller = callerOf(headers["authorization"]);
  const needsJwt = /^\/app(\/|$)|^\/(repos\/\{owner\}\/\{repo\}|orgs\/\{org\})\/installation$/.test(operation.template);
  if (caller === "app-jwt" && !needsJwt) return ["an app's JWT is not accepted here, only an installation token"];
  if (caller === "installation" && needsJwt) return ["an installation token is not accepted here, only the app's JWT"];
  if (caller === "installation" && !operation.enabledForGitHubApps) return ["not open to GitHub Apps"];
  return [];
}

function checkParameters(
  operation: Operation,
  pathValues: Map<string, string>,
  query: URLSearchParams,
  check: Check,
): string[] {
  const documented = new Set(operation.parameters.filter((one) => one.in === "query").map((one) => one.name));
  const undocumented = [...new Set(query.keys())].filter((name) => !documented.has(name));
  const invalid = operation.parameters.flatMap((parameter) => {
    const raw = parameter.in === "query" ? (query.get(parameter.name) ?? undefined) : pathValues.get(parameter.name);
    if (parameter.in === "header") return [];
    if (raw === undefined) return parameter.required === true ? [`parameter "${parameter.name}" is required`] : [];
    if (parameter.schema === undefined) return [];
    const problems = check(parameter.schema, { value: decodeURIComponent(raw) });
    return problems.map((problem) => `parameter "${parameter.name}": ${problem}`);
  });
  return [...undocumented.map((name) => `undocumented query parameter "${name}"`), ...invalid];
}

function checkRequestBody(
  operation: Operation,
  { requestBody }: ExchangeToCheck,
  check: Check,
  findUndocumented: (schema: Schema, value: unknown) => string[],
): string[] {
  if (operation.method === "GET" && requestBody !== undefined) return ["a GET request has a body"];
  const schema = operation.body?.schema;
  if (requestBody === undefined || requestBody === null) {
    return operation.body?.required === true ? ["the request body is missing"] : [];
  }
  if (schema === undefined) {
    const isEmpty = typeof requestBody === "object" && Object.keys(requestBody).length === 0;
    return isEmpty ? [] : ["the request has a body but the operation takes none"];
  }
  return [
    ...check(schema, requestBody).map((problem) => `request body: ${problem}`),
    ...findUndocumented(schema, requestBody)
      .filter((path) => !knownProperties.has(path))
      .map((path) => `request body: undocumented property ${path}`),
  ];
}

function checkResponse(operation: Operation, exchange: ExchangeToCheck, check: Check): string[] {
  const { status, responseBody } = exchange;
  const documented = operation.responses.get(String(status));
  if (documented === undefined) {
    if (commonRedirects.has(status)) return [];
    if (!commonFailures.has(status)) return [`undocumented status ${status}`];
    const hasMessage = typeof responseBody === "object" && responseBody !== null && "message" in responseBody;
    return hasMessage ? [] : [`response ${status}: an error needs a "message"`];
  }
  const isRaw = /\b(raw|diff|patch|html)\b/.test(exchange.requestHeaders?.["accept"] ?? "") && status < 300;
  if (isRaw) return [];
  if (documented.schema === undefined) {
    const isEmpty = responseBody === undefined || responseBody === null || responseBody === "";
    return isEmpty || status >= 300 ? [] : [`response ${status}: has a body but GitHub sends none`];
  }
  return check(documented.schema, responseBody).map((problem) => `response ${status}: ${problem}`);
}
