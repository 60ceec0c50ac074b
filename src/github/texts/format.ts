/** How figures look in our texts. */

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
export function moment(iso: string): string {
  const date = /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})T(?<time>\d{2}:\d{2})/u.exec(iso)?.groups;
  if (date === undefined) return iso;
  const month = months[Number(date["month"]) - 1];
  return month === undefined ? iso : `${Number(date["day"])} ${month} ${date["time"]} UTC`;
}

/** `42 minutes`, `3 hours`, `2 days`: how long something took, for people. */
export function duration(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 120) return count(minutes, "minute", "minutes");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? count(hours, "hour", "hours") : count(Math.round(hours / 24), "day", "days");
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const barCells = 20;

export function progressBar(percent: number): string {
  const filled = Math.round((Math.min(100, Math.max(0, percent)) / 100) * barCells);
  return `\`${"█".repeat(filled)}${"░".repeat(barCells - filled)}\` ${percent}%`;
}

export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
