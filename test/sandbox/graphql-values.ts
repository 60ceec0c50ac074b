import { GraphqlFailure } from "./graphql-errors.ts";

/** A value that GraphQL resolves field by field: plain fields, and functions of the field's arguments. */
export interface GraphqlObject {
  readonly [field: string]: unknown;
}

type PageArguments = {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
};

const PAGE_MAX = 100;

/** A connection field: GitHub demands `first` or `last`, 100 at most. */
export function connection<Filters extends object>(
  field: string,
  list: (filters: Filters) => readonly (GraphqlObject | null)[] | Promise<readonly (GraphqlObject | null)[]>,
): (page: PageArguments & Filters) => Promise<GraphqlObject> {
  return async (page) => {
    const { first, last, after, before } = page;
    const size = first ?? last;
    if (size === undefined || size === null) {
      throw new GraphqlFailure(
        "MISSING_PAGINATION_BOUNDARIES",
        `You must provide a \`first\` or \`last\` value to properly paginate the \`${field}\` connection.`,
      );
    }
    if (size < 1 || size > PAGE_MAX) {
      throw new GraphqlFailure(
        "EXCESSIVE_PAGINATION",
        `Requesting ${size} records on the \`${field}\` connection exceeds the \`first\` limit of ${PAGE_MAX} records.`,
      );
    }
    const all = await list(page);
    const from = after === undefined || after === null ? 0 : positionOf(after) + 1;
    const to = before === undefined || before === null ? all.length : positionOf(before);
    const start = typeof first === "number" ? from : Math.max(from, to - size);
    const end = typeof first === "number" ? Math.min(to, from + size) : to;
    const nodes = all.slice(start, end);
    return {
      totalCount: all.length,
      nodes,
      edges: nodes.map((node, index) => ({ cursor: cursorOf(start + index), node })),
      pageInfo: {
        hasNextPage: end < all.length,
        hasPreviousPage: start > 0,
        startCursor: nodes.length === 0 ? null : cursorOf(start),
        endCursor: nodes.length === 0 ? null : cursorOf(end - 1),
      },
    };
  };
}

function cursorOf(position: number): string {
  return Buffer.from(`cursor:${position}`).toString("base64");
}

function positionOf(cursor: string): number {
  const match = /^cursor:(\d+)$/.exec(Buffer.from(cursor, "base64").toString("utf8"));
  if (match === null)
    throw new GraphqlFailure("INVALID_CURSOR_ARGUMENTS", `\`${cursor}\` does not appear to be a valid cursor.`);
  return Number(match[1]);
}
