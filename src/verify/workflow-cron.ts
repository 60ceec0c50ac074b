/** Times of a schedule, from its own time zone to UTC, in which GitHub reads them. */

/** Years differ only where a country changes its rules; one that is fixed keeps the compiled text the same on each day. */
const YEAR = 2026;
const HOUR = 60;
const DAY = 24 * HOUR;
/** GitHub starts nothing more often. */
const MINUTES_MIN = 5;

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names: readonly string[];
}

const FIELDS = [
  { name: "minute", from: 0, to: 59, names: [] },
  { name: "hour", from: 0, to: 23, names: [] },
  { name: "day of the month", from: 1, to: 31, names: [] },
  { name: "month", from: 1, to: 12, names: MONTHS },
  { name: "day of the week", from: 0, to: 6, names: WEEKDAYS },
] as const satisfies readonly Field[];

export type UtcSchedule =
  | { readonly kind: "schedule"; readonly crons: readonly string[]; readonly comment: string }
  | { readonly kind: "faulty"; readonly message: string };

export function isTimezone(name: string): boolean {
  // Offsets such as +09:00 and abbreviations pass the platform's own test, and name no place.
  if (!/^(?:UTC|[A-Z][A-Za-z]+(?:\/[A-Za-z0-9_+-]+){1,2})$/u.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The lines that start at the given times. A zone with summer time is taken at its standard time, since one line of cron can't follow it. */
export function toUtc(cron: string, timezone: string): UtcSchedule {
  const parsed = parseCron(cron);
  if (typeof parsed === "string") return { kind: "faulty", message: parsed };
  const offsets = Array.from({ length: 12 }, (_, month) => offsetOf(timezone, month));
  const standard = Math.min(...offsets);
  const summer = Math.max(...offsets);
  const crons: string[] = [];
  for (const group of groupsOf(parsed, -standard)) {
    const line = lineOf(parsed, group);
    if (line === null) {
      const message = `these times fall on another day in UTC, and cron can't say which days of which month that are: take days of the week, or a time that is the same day in UTC (${timezone} is ${nameOf(standard)})`;
      return { kind: "faulty", message };
    }
    crons.push(line);
  }
  const said = `"${cron}" in ${timezone} (${nameOf(standard)}), in UTC.`;
  const change =
    standard === summer
      ? "The zone has no daylight saving time."
      : `While daylight saving time holds there (${nameOf(summer)}), it starts ${summer - standard === HOUR ? "an hour" : `${summer - standard} minutes`} later by the clock of that place.`;
  return { kind: "schedule", crons, comment: `${said} ${change}` };
}

interface Cron {
  readonly fields: readonly (readonly number[])[];
  readonly texts: readonly string[];
}

/** The values of each field, or what is wrong. */
function parseCron(cron: string): Cron | string {
  const texts = cron.trim().toUpperCase().split(/\s+/u);
  if (texts.length !== FIELDS.length) {
    return `expected five fields (minute, hour, day of the month, month, day of the week), got ${texts.length}`;
  }
  const fields: (readonly number[])[] = [];
  for (const [at, field] of FIELDS.entries()) {
    const values = valuesOf(texts[at] ?? "", field);
    if (typeof values === "string") return values;
    fields.push(values);
  }
  const minutes = fields[0] ?? [];
  const isWholeDay = (fields[1] ?? []).length > 1;
  const gaps = minutes.map(
    (minute, at) => (minutes[at + 1] ?? (isWholeDay ? (minutes[0] ?? 0) + HOUR : Infinity)) - minute,
  );
  if (gaps.some((gap) => gap < MINUTES_MIN))
    return `GitHub starts nothing more often than every ${MINUTES_MIN} minutes`;
  return { fields, texts };
}

function valuesOf(text: string, field: Field): readonly number[] | string {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [, range = "", step] = /^([^/]+)(?:\/(\d{1,2}))?$/u.exec(part) ?? [];
    const [, first = "", last] = /^(\w+)(?:-(\w+))?$/u.exec(range) ?? [];
    const from = range === "*" ? field.from : numberOf(first, field);
    const to = range === "*" || (step !== undefined && last === undefined) ? field.to : numberOf(last ?? first, field);
    const by = step === undefined ? 1 : Number(step);
    if (from === null || to === null || from > to || by < 1) {
      const names = field.names.length === 0 ? "" : ` or ${field.names[0] ?? ""} to ${field.names.at(-1) ?? ""}`;
      return `${field.name}: expected *, or numbers from ${field.from} to ${field.to}${names} as lists (1,3), ranges (1-5) or steps (*/2), got "${part}"`;
    }
    for (let value = from; value <= to; value += by) values.add(value);
  }
  return [...values].toSorted((a, b) => a - b);
}

function numberOf(text: string, field: Field): number | null {
  const named = field.names.indexOf(text);
  if (named !== -1) return field.from + named;
  if (!/^\d{1,2}$/u.test(text)) return null;
  const value = Number(text);
  return value >= field.from && value <= field.to ? value : null;
}

interface Group {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Days by which these times lie later in UTC. */
  readonly days: -1 | 0 | 1;
}

/** The times moved by some minutes, grouped by what one line can say: the same hours for each minute, the same day for each hour. */
function groupsOf({ fields }: Cron, moveBy: number): readonly Group[] {
  const [minutes = [], hours = [], ...ofDays] = fields;
  // Where every day is meant it does not matter on which one a time falls.
  const isDaily = ofDays.every((values, at) => values.length === [31, 12, 7][at]);
  const groups = new Map<string, { minutes: Set<number>; hours: Set<number>; days: -1 | 0 | 1 }>();
  for (const minute of minutes) {
    const isCarried = Math.floor((minute + moveBy) / HOUR);
    for (const hour of hours) {
      const at = hour * HOUR + minute + moveBy;
      const moved = at < 0 ? -1 : at >= DAY ? 1 : 0;
      const days = isDaily ? 0 : moved;
      const key = `${isCarried} ${days}`;
      const group = groups.get(key) ?? { minutes: new Set(), hours: new Set(), days };
      const inDay = at - moved * DAY;
      group.minutes.add(inDay % HOUR);
      group.hours.add(Math.floor(inDay / HOUR));
      groups.set(key, group);
    }
  }
  const sorted = (values: ReadonlySet<number>): readonly number[] => [...values].toSorted((a, b) => a - b);
  return [...groups.values()].map((group) => ({
    days: group.days,
    minutes: sorted(group.minutes),
    hours: sorted(group.hours),
  }));
}

/** One line of cron; null where the days can't be said. */
function lineOf({ fields, texts }: Cron, { minutes, hours, days }: Group): string | null {
  const [, , monthDays = [], months = [], weekDays = []] = fields;
  const [minuteText = "", hourText = "", , monthText = ""] = texts;
  const same = (values: readonly number[], at: number): boolean => String(values) === String(fields[at]);
  const moved = days === 0 ? monthDays : moveMonthDays(monthDays, months, days);
  if (moved === null) return null;
  const nextWeekDays = weekDays.map((day) => (day + days + 7) % 7).toSorted((a, b) => a - b);
  return [
    same(minutes, 0) ? minuteText : written(minutes, FIELDS[0]),
    same(hours, 1) ? hourText : written(hours, FIELDS[1]),
    written(moved, FIELDS[2]),
    monthText,
    written(nextWeekDays, FIELDS[4]),
  ].join(" ");
}

/** Days of the month, a day earlier or later; null where a month's length would decide. */
function moveMonthDays(
  monthDays: readonly number[],
  months: readonly number[],
  days: -1 | 1,
): readonly number[] | null {
  if (monthDays.length === FIELDS[2].to) return months.length === FIELDS[3].to ? monthDays : null;
  const moved = monthDays.map((day) => day + days);
  return moved.every((day, at) => day >= 1 && (days === -1 || (monthDays[at] ?? 0) <= 27)) ? moved : null;
}

function written(values: readonly number[], { from, to }: Field): string {
  if (values.length === to - from + 1) return "*";
  const parts: string[] = [];
  for (let at = 0; at < values.length;) {
    let end = at;
    while (values[end + 1] === (values[end] ?? 0) + 1) end += 1;
    parts.push(end - at > 1 ? `${values[at] ?? 0}-${values[end] ?? 0}` : values.slice(at, end + 1).join(","));
    at = end + 1;
  }
  return parts.join(",");
}

/** Minutes east of Greenwich on the 15th of a month. */
function offsetOf(timezone: string, month: number): number {
  const at = Date.UTC(YEAR, month, 15, 12);
  const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
  const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const [, sign, hours = "0", minutes = "0"] = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/u.exec(name) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * HOUR + Number(minutes));
}

function nameOf(offset: number): string {
  if (offset === 0) return "UTC";
  const minutes = Math.abs(offset) % HOUR;
  return `UTC${offset < 0 ? "-" : "+"}${Math.floor(Math.abs(offset) / HOUR)}${minutes === 0 ? "" : `:${String(minutes).padStart(2, "0")}`}`;
}
