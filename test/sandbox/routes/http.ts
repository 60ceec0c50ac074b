import type { Context } from "hono";
import { invalid, notFound } from "../errors.ts";
import type { SandboxContext } from "../state.ts";

const PER_PAGE = { usual: 30, max: 100 };

/** One page of a list by `page` and `per_page`, with GitHub's Link header on the answer. */
export function paginate<Item>(
  context: SandboxContext,
  c: Context,
  items: readonly Item[],
  pageSize = PER_PAGE,
): Item[] {
  const perPage = Math.min(positive(c.req.query("per_page")) ?? pageSize.usual, pageSize.max);
  const page = positive(c.req.query("page")) ?? 1;
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const links: string[] = [];
  const link = (to: number, rel: string) => {
    const asked = new URL(c.req.url);
    const url = new URL(context.url() + asked.pathname + asked.search);
    url.searchParams.set("page", String(to));
    links.push(`<${url.href}>; rel="${rel}"`);
  };
  if (page > 1) link(page - 1, "prev");
  if (page < last) link(page + 1, "next");
  if (page < last) link(last, "last");
  if (page > 1) link(1, "first");
  if (links.length > 0) c.header("Link", links.join(", "));
  return items.slice((page - 1) * perPage, page * perPage);
}

/** A number of the path; anything else is no such thing. */
export function numberParam(c: Context, name: string): number {
  const text = c.req.param(name) ?? "";
  if (!/^\d{1,15}$/.test(text)) throw notFound();
  return Number(text);
}

type Body = Readonly<Record<string, unknown>>;

export function optionalString(body: Body, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw wrongType(field, value, "string");
  return value;
}

export function requiredString(body: Body, field: string): string {
  const value = optionalString(body, field);
  if (value === undefined) throw invalid(`Invalid request.\n\n"${field}" wasn't supplied.`);
  return value;
}

export function optionalNumber(body: Body, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw wrongType(field, value, "integer");
  return value;
}

export function optionalBoolean(body: Body, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw wrongType(field, value, "boolean");
  return value;
}

export function optionalList(body: Body, field: string): readonly unknown[] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrongType(field, value, "array");
  return value;
}

export function stringList(body: Body, field: string): string[] | undefined {
  return optionalList(body, field)?.map((value) => {
    if (typeof value !== "string") throw wrongType(field, value, "string");
    return value;
  });
}

export function optionalRecord(body: Body, field: string): Record<string, unknown> | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  return asRecord(value, field);
}

export function asRecord(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType(field, value, "object");
  return Object.fromEntries(Object.entries(value));
}

function wrongType(field: string, value: unknown, expected: string): Error {
  return invalid(`Invalid request.\n\nFor 'properties/${field}', ${JSON.stringify(value)} is not of type ${expected}.`);
}

function positive(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : null;
}
