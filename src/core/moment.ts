/** Reckoning with moments (ISO 8601, UTC): nothing here knows what time it is. */

export const dayMs = 24 * 60 * 60_000;

export function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString();
}

export function laterOf(one: string, other: string): string {
  return Date.parse(one) >= Date.parse(other) ? one : other;
}

export function nextMidnight(at: string): string {
  return new Date((Math.floor(Date.parse(at) / dayMs) + 1) * dayMs).toISOString();
}

export function midnightBefore(at: string): string {
  return new Date(Math.floor(Date.parse(at) / dayMs) * dayMs).toISOString();
}

/** By whole seconds, as GitHub tells them: within one second nobody knows. */
export function isBeforeSecondOf(one: string, other: string): boolean {
  return Math.floor(Date.parse(one) / 1_000) < Math.floor(Date.parse(other) / 1_000);
}
