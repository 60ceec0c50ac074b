/** Programmer errors crash: a broken rule of our own is no state to go on from. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`);
}
