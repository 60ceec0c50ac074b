import { describe, expect, test } from "vitest";
import { isTimezone, toUtc } from "../../src/verify/workflow-cron.ts";

function cronsOf(cron: string, timezone: string): readonly string[] | string {
  const utc = toUtc(cron, timezone);
  return utc.kind === "schedule" ? utc.crons : utc.message;
}

describe("toUtc", () => {
  test.each([
    ["10 7 * * 1-5", "Asia/Seoul", ["10 22 * * 0-4"]],
    ["10 7 * * MON-FRI", "Asia/Seoul", ["10 22 * * 0-4"]],
    ["0 18 * * 5", "Asia/Seoul", ["0 9 * * 5"]],
    ["30 20 * * 5", "America/New_York", ["30 1 * * 6"]],
    ["0 12 * * *", "UTC", ["0 12 * * *"]],
    ["*/15 * * * *", "UTC", ["*/15 * * * *"]],
    ["0 7 15 * *", "Asia/Seoul", ["0 22 14 * *"]],
    ["0 7 * * *", "Asia/Seoul", ["0 22 * * *"]],
    ["0 7,18 * * 1", "Asia/Seoul", ["0 22 * * 0", "0 9 * * 1"]],
    ["15,45 9 * * 1", "Asia/Kolkata", ["45 3 * * 1", "15 4 * * 1"]],
    ["0 9 1 1,7 *", "Europe/Berlin", ["0 8 1 1,7 *"]],
    ["0 3 29 2 *", "Europe/Berlin", ["0 2 29 2 *"]],
    ["0 22 27 * *", "America/Los_Angeles", ["0 6 28 * *"]],
  ])("%s in %s", (cron, timezone, crons) => {
    expect(cronsOf(cron, timezone)).toEqual(crons);
  });

  test("starts at each hour of each day whatever the zone", () => {
    expect(cronsOf("0 * * * *", "Asia/Seoul")).toEqual(["0 * * * *"]);
    expect(cronsOf("0 * * * *", "Asia/Kolkata")).toEqual(["30 * * * *"]);
  });

  test("hits exactly the times that were meant, in a week without a change of the clock", () => {
    for (const [cron, timezone] of [
      ["5,50 0,7,23 * * 1,3", "Asia/Kathmandu"],
      ["20 */5 * * 0-2", "Pacific/Auckland"],
      ["0 6-20/7 * * 6", "America/St_Johns"],
    ] as const) {
      const crons = cronsOf(cron, timezone);
      if (typeof crons === "string") throw new Error(crons);
      // July, where the north has summer time: then in these zones the south has standard time, and St. John's is looked at in January.
      const from = Date.UTC(2026, timezone === "Pacific/Auckland" ? 6 : 0, 4);
      const wanted: number[] = [];
      const got: number[] = [];
      const there = clockOf(timezone);
      const utc = clockOf("UTC");
      for (let at = from; at < from + 7 * 86_400_000; at += 300_000) {
        if (isHit(cron, there(at))) wanted.push(at);
        if (crons.some((line) => isHit(line, utc(at)))) got.push(at);
      }
      expect(wanted.length).toBeGreaterThan(0);
      expect(got).toEqual(wanted);
    }
  });

  test.each([
    ["Asia/Seoul", "The zone has no daylight saving time."],
    [
      "Europe/Berlin",
      "While daylight saving time holds there (UTC+2), it starts an hour later by the clock of that place.",
    ],
    ["Australia/Lord_Howe", "While daylight saving time holds there (UTC+11), it starts 30 minutes later"],
  ])("says what happens in the summer of %s", (timezone, comment) => {
    expect(toUtc("0 12 * * *", timezone)).toMatchObject({ comment: expect.stringContaining(comment) });
  });

  test.each([
    ["0 7 1 * *", "Asia/Seoul", "fall on another day in UTC"],
    ["0 7 * 3 *", "Asia/Seoul", "fall on another day in UTC"],
    ["0 22 28 * *", "America/Los_Angeles", "fall on another day in UTC"],
    ["0 7 * *", "UTC", "expected five fields"],
    [
      "60 7 * * *",
      "UTC",
      'minute: expected *, or numbers from 0 to 59 as lists (1,3), ranges (1-5) or steps (*/2), got "60"',
    ],
    ["0 7 * * 7", "UTC", "numbers from 0 to 6 or SUN to SAT"],
    ["0 7 * * 5-1", "UTC", 'got "5-1"'],
    ["0 */0 * * *", "UTC", 'got "*/0"'],
    ["@daily", "UTC", "expected five fields"],
    ["* * * * *", "UTC", "more often than every 5 minutes"],
    ["0,58 * * * *", "UTC", "more often than every 5 minutes"],
    ["0,3 7 * * *", "UTC", "more often than every 5 minutes"],
    ["0; 7 * * *", "UTC", "minute: expected"],
  ])("refuses %s in %s", (cron, timezone, message) => {
    expect(cronsOf(cron, timezone)).toContain(message);
  });
});

test("a time zone is the name of a place", () => {
  expect(["Asia/Seoul", "UTC", "America/Argentina/Ushuaia"].filter((name) => !isTimezone(name))).toEqual([]);
  expect(["KST", "+09:00", "Asia/Nowhere", "asia/seoul; x", ""].filter(isTimezone)).toEqual([]);
});

interface Clock {
  readonly minute: number;
  readonly hour: number;
  readonly weekday: number;
}

function clockOf(timezone: string): (at: number) => Clock {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    minute: "numeric",
    hour: "numeric",
    weekday: "short",
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(parts["weekday"] ?? "");
    return { minute: Number(parts["minute"]), hour: Number(parts["hour"]), weekday };
  };
}

/** A second reading of cron. */
function isHit(cron: string, { minute, hour, weekday }: Clock): boolean {
  const [minutes = "", hours = "", , , weekdays = ""] = cron.split(" ");
  const has = (field: string, value: number, from: number, to: number): boolean =>
    field.split(",").some((part) => {
      const [range = "", step = "1"] = part.split("/");
      const [first = "", last = first] = range === "*" ? [String(from), String(to)] : range.split("-");
      return value >= Number(first) && value <= Number(last) && (value - Number(first)) % Number(step) === 0;
    });
  return has(minutes, minute, 0, 59) && has(hours, hour, 0, 23) && has(weekdays, weekday, 0, 6);
}
