/** Makes something that is nearly right out of what is right. */
import type { Random } from "../simulation/random.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

function nested(depth: number): Json {
  let value: Json = "x";
  for (let at = 0; at < depth; at += 1) value = at % 2 === 0 ? [value] : { a: value };
  return value;
}

const oddTexts: readonly string[] = [
  "",
  " ",
  "\u0000",
  "\u{202e}\u{200b}",
  "\ud800",
  "../../../../etc/passwd",
  "/etc/passwd",
  ".git/config",
  "docs/../../x",
  "a".repeat(10_000),
  "가".repeat(3_000),
  "${{ secrets.X }}",
  "<!-- phasegate:status:x -->",
  "2026-99-99T99:99:99Z",
  "__proto__",
  "'; DROP TABLE events; --",
  "[".repeat(2_000),
  "-1",
  "NaN",
];

const oddValues: readonly Json[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  [],
  {},
  nested(60),
  nested(2_000),
  Array.from({ length: 3_000 }, () => 0),
  { toString: "x", constructor: { prototype: { isAdmin: true } } },
];

/** One to four changes somewhere in the tree. `words` are texts that mean something here, e.g. ids of others. */
export function mutateJson(random: Random, value: unknown, words: readonly string[]): unknown {
  let mutated = value;
  for (let count = 1 + random.below(4); count > 0; count -= 1) mutated = mutateSomewhere(random, mutated, words);
  return mutated;
}

function mutateSomewhere(random: Random, value: unknown, words: readonly string[]): unknown {
  const isInside = typeof value === "object" && value !== null && !random.chance(0.15);
  if (!isInside) return mutateHere(random, value, words);
  if (Array.isArray(value)) {
    const items: unknown[] = [...value];
    if (items.length === 0 || random.chance(0.2)) return mutateList(random, items);
    const at = random.below(items.length);
    items[at] = mutateSomewhere(random, items[at], words);
    return items;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return mutateHere(random, value, words);
  const at = random.below(entries.length);
  const [key = "", inner] = entries[at] ?? [];
  const kind = random.below(10);
  if (kind === 0) entries.splice(at, 1);
  else if (kind === 1) entries[at] = [random.pick(["__proto__", "constructor", `${key}x`, ""]), inner];
  else if (kind === 2) entries.push([random.pick(["__proto__", "extra", "admin"]), random.pick(oddValues)]);
  else entries[at] = [key, mutateSomewhere(random, inner, words)];
  return Object.fromEntries(entries);
}

function mutateList(random: Random, items: unknown[]): unknown[] {
  const item = items.length === 0 ? null : random.pick(items);
  switch (random.below(4)) {
    case 0:
      return items.slice(1);
    case 1:
      return [...items, item, item];
    case 2:
      return Array.from({ length: 1 + random.below(JSON.stringify(item).length > 200 ? 30 : 3_000) }, () => item);
    default:
      return [...items, random.pick(oddValues)];
  }
}

function mutateHere(random: Random, value: unknown, words: readonly string[]): unknown {
  if (typeof value === "string" && random.chance(0.6)) {
    const at = random.below(value.length + 1);
    const put = random.chance(0.4) && words.length > 0 ? random.pick(words) : random.pick(oddTexts);
    return random.chance(0.5) ? put : value.slice(0, at) + put + value.slice(at + random.below(3));
  }
  if (typeof value === "number" && random.chance(0.6))
    return random.pick([value + 1, -value, value * 1e9, String(value)]);
  return random.pick(random.chance(0.5) ? oddValues : [...oddTexts, ...words]);
}

/** Bits flipped, pieces lost, doubled and put in. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let mutated = Buffer.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const at = random.below(mutated.length + 1);
    const end = Math.min(mutated.length, at + 1 + random.below(40));
    switch (random.below(5)) {
      case 0:
        if (at < mutated.length) mutated[at] = (mutated[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(end)]);
        break;
      case 2:
        mutated = Buffer.concat([mutated.subarray(0, end), mutated.subarray(at)]);
        break;
      case 3:
        mutated = mutated.subarray(0, at);
        break;
      default: {
        const put = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
        mutated = Buffer.concat([mutated.subarray(0, at), put, mutated.subarray(at)]);
      }
    }
  }
  return mutated;
}
