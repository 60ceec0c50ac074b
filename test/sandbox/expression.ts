/** A value inside `${{ }}`. Objects are contexts: `github`, `inputs`, `secrets`, `steps.x.outputs`. */
type ExpressionValue = string | number | boolean | null | ExpressionObject;
export interface ExpressionObject {
  readonly [name: string]: ExpressionValue;
}

export type ExpressionScope = {
  readonly contexts: ExpressionObject;
  /** What `success()`, `failure()` and `cancelled()` look at. */
  readonly job: { readonly failed: boolean; readonly cancelled: boolean };
};

const STATUS_FUNCTIONS = /\b(success|failure|cancelled|always)\s*\(/;

/** Replaces every `${{ }}` in the text. */
export function interpolate(text: string, scope: ExpressionScope): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_whole, source: string) => textOf(evaluate(source, scope)));
}

/** An `if:`, with or without `${{ }}`. Without a status function it also needs success so far. */
export function evaluateCondition(condition: string | undefined, scope: ExpressionScope): boolean {
  const succeeded = !scope.job.failed && !scope.job.cancelled;
  if (condition === undefined || condition.trim() === "") return succeeded;
  const source = /^\s*\$\{\{(.*)\}\}\s*$/s.exec(condition)?.[1] ?? condition;
  if (!STATUS_FUNCTIONS.test(source) && !succeeded) return false;
  return isTruthy(evaluate(source, scope));
}

/** The subset of GitHub's expression language that workflows near ours use; throws on anything else. */
function evaluate(source: string, scope: ExpressionScope): ExpressionValue {
  const tokens = tokenize(source);
  let position = 0;
  const peek = (): Token | undefined => tokens[position];
  const take = (text: string): boolean => {
    const token = peek();
    if (token?.kind !== "sign" || token.text !== text) return false;
    position += 1;
    return true;
  };
  const need = (text: string): void => {
    if (!take(text)) throw new Error(`evaluating "${source.trim()}": expected "${text}"`);
  };

  const parseOr = (): ExpressionValue => {
    let left = parseAnd();
    while (take("||")) {
      const right = parseAnd();
      left = isTruthy(left) ? left : right;
    }
    return left;
  };
  const parseAnd = (): ExpressionValue => {
    let left = parseEquality();
    while (take("&&")) {
      const right = parseEquality();
      left = isTruthy(left) ? right : left;
    }
    return left;
  };
  const parseEquality = (): ExpressionValue => {
    const left = parseUnary();
    if (take("==")) return isEqual(left, parseUnary());
    if (take("!=")) return !isEqual(left, parseUnary());
    return left;
  };
  const parseUnary = (): ExpressionValue => (take("!") ? !isTruthy(parseUnary()) : parseAccess());
  const parseAccess = (): ExpressionValue => {
    let value = parsePrimary();
    for (;;) {
      if (take(".")) {
        const token = peek();
        if (token?.kind !== "name") throw new Error(`evaluating "${source.trim()}": expected a name after "."`);
        position += 1;
        value = propertyOf(value, token.text);
      } else if (take("[")) {
        const index = parseOr();
        need("]");
        value = propertyOf(value, textOf(index));
      } else return value;
    }
  };
  const parsePrimary = (): ExpressionValue => {
    const token = peek();
    if (take("(")) {
      const value = parseOr();
      need(")");
      return value;
    }
    if (token === undefined) throw new Error(`evaluating "${source.trim()}": it ends too early`);
    position += 1;
    if (token.kind === "text") return token.text;
    if (token.kind === "number") return Number(token.text);
    if (token.kind === "sign") throw new Error(`evaluating "${source.trim()}": unexpected "${token.text}"`);
    if (token.text === "true" || token.text === "false") return token.text === "true";
    if (token.text === "null") return null;
    if (!take("(")) return propertyOf(scope.contexts, token.text);
    const parameters: ExpressionValue[] = [];
    while (!take(")")) {
      if (parameters.length > 0) need(",");
      parameters.push(parseOr());
    }
    return callFunction(token.text, parameters, scope);
  };

  const value = parseOr();
  const rest = peek();
  if (rest !== undefined) throw new Error(`evaluating "${source.trim()}": unexpected "${rest.text}"`);
  return value;
}

type Token = { readonly kind: "text" | "number" | "name" | "sign"; readonly text: string };

function tokenize(source: string): Token[] {
  const pattern = /\s+|'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|(\|\||&&|==|!=|<=|>=|[!<>()[\].,*])/y;
  const tokens: Token[] = [];
  while (pattern.lastIndex < source.length) {
    const start = pattern.lastIndex;
    const match = pattern.exec(source);
    if (match === null) throw new Error(`evaluating "${source.trim()}": cannot read "${source.slice(start)}"`);
    const [, text, number, name, sign] = match;
    if (text !== undefined) tokens.push({ kind: "text", text: text.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
  }
  return tokens;
}

function callFunction(name: string, parameters: readonly ExpressionValue[], { job }: ExpressionScope): ExpressionValue {
  const [first = null, second = null] = parameters;
  switch (name.toLowerCase()) {
    case "always":
      return true;
    case "success":
      return !job.failed && !job.cancelled;
    case "failure":
      return job.failed && !job.cancelled;
    case "cancelled":
      return job.cancelled;
    case "contains":
      return textOf(first).toLowerCase().includes(textOf(second).toLowerCase());
    case "startswith":
      return textOf(first).toLowerCase().startsWith(textOf(second).toLowerCase());
    case "endswith":
      return textOf(first).toLowerCase().endsWith(textOf(second).toLowerCase());
    case "format":
      return textOf(first).replaceAll(/\{(\d+)\}/g, (_whole, index: string) =>
        textOf(parameters[Number(index) + 1] ?? null),
      );
    case "tojson":
      return JSON.stringify(first, null, 2);
    default:
      throw new Error(`the sandbox's runner does not know the expression function "${name}"`);
  }
}

/** Names are compared without case; a missing one is null, never an error. */
function propertyOf(value: ExpressionValue, name: string): ExpressionValue {
  if (typeof value !== "object" || value === null) return null;
  const wanted = name.toLowerCase();
  const key = Object.keys(value).find((candidate) => candidate.toLowerCase() === wanted);
  return key === undefined ? null : (value[key] ?? null);
}

function textOf(value: ExpressionValue): string {
  if (value === null) return "";
  return typeof value === "object" ? "Object" : String(value);
}

function isTruthy(value: ExpressionValue): boolean {
  return value !== null && value !== "" && value !== 0 && value !== false;
}

function isEqual(left: ExpressionValue, right: ExpressionValue): boolean {
  if (typeof left === "string" && typeof right === "string") return left.toLowerCase() === right.toLowerCase();
  if (typeof left === typeof right) return left === right;
  return Number(textOf(left)) === Number(textOf(right));
}
