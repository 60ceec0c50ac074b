/**
 * Writes of one installation go one after the other, with a pause between them, as GitHub asks.
 * Installations do not wait for each other.
 */
export type WritePace = <Result>(installationId: number, write: () => Promise<Result>) => Promise<Result>;

export function createWritePace(intervalMs: number, sleep: (ms: number) => Promise<void>): WritePace {
  const last = new Map<number, Promise<unknown>>();
  return async (installationId, write) => {
    const before = last.get(installationId) ?? Promise.resolve();
    const result = before.then(write);
    // The next one waits for this one and the pause, however this one ends.
    const done = result.then(pause, pause).finally(() => {
      if (last.get(installationId) === done) last.delete(installationId);
    });
    last.set(installationId, done);
    return result;
  };

  async function pause(): Promise<void> {
    if (intervalMs > 0) await sleep(intervalMs);
  }
}
