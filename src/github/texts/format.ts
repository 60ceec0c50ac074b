/** How figures look in our texts. */
import type { Say } from "./words.ts";

/** As git and GitHub shorten it. */
export const shaCharacters = 7;

export function dollars(amountUsd: number): string {
  return `$${amountUsd.toFixed(2)}`;
}

/** `950`, `12.3k`, `1.2M`. */
export function tokens(count: number): string {
  if (count < 1_000) return String(count);
  if (count < 999_950) return `${trimmed(count / 1_000)}k`;
  return `${trimmed(count / 1_000_000)}M`;
}

function trimmed(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/u, "");
}

/** `21 Nov 02:20 UTC`, or the text itself where it is no time. */
export function moment(iso: string, say: Say): string {
  const date = /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})T(?<time>\d{2}:\d{2})/u.exec(iso)?.groups;
  if (date === undefined) return iso;
  const month = monthsIn(say)[Number(date["month"]) - 1];
  return month === undefined ? iso : say`${Number(date["day"])} ${month} ${date["time"] ?? ""} UTC`;
}

/** `42 minutes`, `3 hours`, `2 days`: how long something took, for people. */
export function duration(ms: number, say: Say): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 120) return say.count(minutes, "minute", "minutes");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? say.count(hours, "hour", "hours") : say.count(Math.round(hours / 24), "day", "days");
}

function monthsIn(say: Say): readonly string[] {
  const first = [say`Jan`, say`Feb`, say`Mar`, say`Apr`, say`May`, say`Jun`];
  return [...first, say`Jul`, say`Aug`, say`Sep`, say`Oct`, say`Nov`, say`Dec`];
}

const barCells = 20;

export function progressBar(percent: number): string {
  const filled = Math.round((Math.min(100, Math.max(0, percent)) / 100) * barCells);
  return `\`${"█".repeat(filled)}${"░".repeat(barCells - filled)}\` ${percent}%`;
}
