/** Brings a moment into the one form whose text order is its order in time; `Z` after seconds would sort behind milliseconds. */
export function timestampFrom(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Error(`expected an ISO 8601 timestamp, got "${text}"`);
  return new Date(ms).toISOString();
}
