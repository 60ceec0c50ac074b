const MINUTE_MS = 60_000;
const CLIENTS_MAX = 10_000;

/**
 * A bucket of tokens for each client, refilled evenly over a minute (REQ-007).
 * `take(client, nowMs)` returns 0 when the request may go on, else the seconds to wait.
 */
export function createRateLimit(perMinute) {
  const buckets = new Map();

  return {
    take(client, nowMs) {
      const bucket = buckets.get(client) ?? { tokens: perMinute, atMs: nowMs };
      const refilled = bucket.tokens + ((nowMs - bucket.atMs) * perMinute) / MINUTE_MS;
      const tokens = Math.min(perMinute, refilled);
      // Taken out and put back, so that the map is in order of use and the oldest client is the first to go.
      buckets.delete(client);
      buckets.set(client, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
      if (buckets.size > CLIENTS_MAX) buckets.delete(buckets.keys().next().value);
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute / 1000);
    },
  };
}
