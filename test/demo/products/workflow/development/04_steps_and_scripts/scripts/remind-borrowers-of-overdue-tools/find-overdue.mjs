// Step find-overdue: reads data/loans.json, and writes how many tools are overdue and the text that reminds of them.
import { appendFileSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const loansMax = 2_000;
const shownMax = 20;
const toolCharactersMax = 60;
const dayForm = /^\d{4}-\d{2}-\d{2}$/;
const loanForm = /^L-\d{4,8}$/;

/** `today` as 2026-03-03, in the library's time zone. Days of that form can be compared as text. */
export function overdueReminder(loans, today) {
  if (!Array.isArray(loans)) throw new Error("data/loans.json is not a list of loans");
  if (loans.length > loansMax) throw new Error(`data/loans.json has more than ${loansMax} loans`);
  loans.forEach(check);
  const overdue = loans
    .filter(({ due, returned }) => returned === null && due < today)
    .sort((a, b) => a.due.localeCompare(b.due) || a.loan.localeCompare(b.loan));
  const shown = overdue.slice(0, shownMax).map(({ loan, tool, due }) => `${loan} ${escaped(tool)} (due ${due})`);
  const more = overdue.length - shown.length;
  const rest = more > 0 ? `, and ${more} more` : "";
  return { count: overdue.length, message: `Please bring back: ${shown.join(", ")}${rest}` };
}

/** The day in Seoul, whatever the clock of the machine says. */
export function todayInSeoul(now) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Seoul" }).format(now);
}

function check(loan, place) {
  const { loan: number, tool, due, returned } = loan ?? {};
  const isRight =
    typeof number === "string" &&
    loanForm.test(number) &&
    typeof tool === "string" &&
    isDay(due) &&
    (returned === null || isDay(returned));
  if (!isRight) throw new Error(`loan ${place + 1} of data/loans.json lacks a number, a tool or a day`);
}

function isDay(text) {
  return typeof text === "string" && dayForm.test(text);
}

/** What a lender typed: one line, not long, and nothing that Slack takes for a mention or a link. */
function escaped(text) {
  const line = Array.from(text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim())
    .slice(0, toolCharactersMax)
    .join("");
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { GITHUB_OUTPUT: output } = process.env;
  if (!output) throw new Error("GITHUB_OUTPUT names no file");
  console.log("looking for overdue tools in data/loans.json");
  const loans = JSON.parse(readFileSync("data/loans.json", "utf8"));
  const { count, message } = overdueReminder(loans, todayInSeoul(new Date()));
  appendFileSync(output, `count=${count}\nmessage=${message}\n`);
  console.log(`loans: ${loans.length}, overdue: ${count}`);
}
