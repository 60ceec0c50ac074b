export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Nearest rank, with `share` in percent. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.max(0, Math.ceil((share / 100) * sorted.length) - 1)];
  if (value === undefined) throw new Error("taking a percentile: there are no values");
  return value;
}

/**
 * Measures two things in turn, so that whatever else the machine does meets both alike.
 * The first round of each warms up and does not count.
 */
export async function interleaved<Value>(
  rounds: number,
  one: () => Promise<Value>,
  other: () => Promise<Value>,
): Promise<{ readonly one: readonly Value[]; readonly other: readonly Value[] }> {
  const measured: { one: Value[]; other: Value[] } = { one: [], other: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const first = await one();
    const second = await other();
    if (round === 0) continue;
    measured.one.push(first);
    measured.other.push(second);
  }
  return measured;
}

/** The ratio of each round's pair, and of these the median: a slow moment of the machine spoils one pair only. */
export function medianRatio(one: readonly number[], other: readonly number[]): number {
  return median(one.map((value, round) => value / (other[round] ?? Number.NaN)));
}
