import { describe, expect, test } from "vitest";
import { createRateLimit } from "../../src/http/rate-limit.ts";

function limit(over: { readonly max?: number; readonly keysMax?: number } = {}) {
  let now = Date.parse("2026-11-21T10:00:00.000Z");
  const made = createRateLimit({ clock: { now: () => new Date(now) }, max: 2, windowMs: 60_000, ...over });
  return {
    ...made,
    pass(ms: number) {
      now += ms;
    },
  };
}

describe("a limit of two a minute", () => {
  test("lets two pass, and says to the third when the minute is over", () => {
    const calls = limit();
    expect([calls.take("ada"), calls.take("ada")]).toEqual([null, null]);
    calls.pass(20_500);
    expect(calls.take("ada")).toBe(40);
    expect(calls.waitOf("ada")).toBe(40);
    calls.pass(39_500);
    expect(calls.take("ada")).toBeNull();
  });

  test("is each one's own", () => {
    const calls = limit({ max: 1 });
    calls.take("ada");
    expect(calls.take("bob")).toBeNull();
    expect(calls.take("ada")).toBe(60);
  });

  test("is not used up by asking how long to wait", () => {
    const calls = limit({ max: 1 });
    expect([calls.waitOf("ada"), calls.waitOf("ada")]).toEqual([null, null]);
    expect(calls.take("ada")).toBeNull();
  });

  test("lends no more than its share at once, says to come again in a second, and takes back what turns out well", () => {
    const calls = limit();
    const [one, two] = [calls.lend("ada"), calls.lend("ada")];
    expect([calls.lend("ada"), calls.waitOf("ada"), calls.take("ada")]).toEqual([null, 1, 1]);
    one?.giveBack();
    two?.giveBack();
    expect([calls.take("ada"), calls.take("ada"), calls.take("ada")]).toEqual([null, null, 60]);
  });

  test("counts what was lent and turned out badly until its minute is over", () => {
    const calls = limit();
    for (const loan of [calls.lend("ada"), calls.lend("ada")]) loan?.keep();
    expect([calls.lend("ada"), calls.waitOf("ada")]).toEqual([null, 60]);
    calls.pass(60_000);
    expect(calls.take("ada")).toBeNull();
  });

  test("gives nothing of a new minute back for what was lent in the one before", () => {
    const calls = limit({ max: 1 });
    const old = calls.lend("ada");
    calls.pass(60_000);
    calls.take("ada");
    old?.giveBack();
    expect(calls.take("ada")).toBe(60);
  });

  test("remembers so many and forgets the oldest, also where all of them are under way", () => {
    const calls = limit({ max: 1, keysMax: 2 });
    for (const key of ["ada", "bob", "cyd"]) calls.take(key);
    expect(calls.take("cyd")).toBe(60);
    expect(calls.take("bob")).toBe(60);
    expect(calls.take("ada")).toBeNull();
  });
});
