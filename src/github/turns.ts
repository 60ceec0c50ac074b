/**
 * Work under one key is done one after the other, with a pause after each; keys do not wait for each other.
 * How the work before ended makes no difference.
 */
export type Turns<Key> = <Result>(key: Key, work: () => Promise<Result>) => Promise<Result>;

export function createTurns<Key>(pauseMs = 0, sleep: (ms: number) => Promise<void> = noSleep): Turns<Key> {
  const last = new Map<Key, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const done = result.then(pause, pause).finally(() => {
      if (last.get(key) === done) last.delete(key);
    });
    last.set(key, done);
    return result;
  };

  async function pause(): Promise<void> {
    if (pauseMs > 0) await sleep(pauseMs);
  }
}

async function noSleep(): Promise<void> {
  return undefined;
}
