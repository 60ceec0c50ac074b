/** What is written down of a run before it is planned: that it is there, and what the user wants. */
import { readTables, tablesOf, tableText, withRow, writeTables } from "./markdown-table.ts";
import { planPathsOf, recordPaths } from "./plan-tables.ts";

export interface Asked {
  readonly runId: string;
  readonly issueNumber: number;
  readonly title: string;
  readonly text: string;
}

/** The files that lack something of it, with their whole text. `read` gives null where there is none. */
export async function runRecords(
  { runId, issueNumber, title, text }: Asked,
  read: (path: string) => Promise<string | null>,
): Promise<ReadonlyMap<string, string>> {
  const written = new Map<string, string>();
  const issue = `#${issueNumber}`;
  const { feedback } = planPathsOf(runId);
  const heading = title.replaceAll(/\s+/gu, " ").trim();
  const saved = [
    {
      path: recordPaths.runs,
      head: "# Runs",
      columns: ["run_id", "issue", "title", "status"],
      row: [runId, issue, heading, "IN_PROGRESS"],
    },
    {
      path: recordPaths.instructions,
      head: "# Instructions of users",
      columns: ["run_id", "issue", "instruction"],
      row: [runId, issue, `${heading}\n\n${text}`],
    },
  ];
  for (const { path, head, columns, row } of saved) {
    const before = await read(path);
    const after = withRecord(before, head, columns, row);
    if (after !== before) written.set(path, after);
  }
  if ((await read(feedback)) === null) {
    written.set(
      feedback,
      `# What the user wants of ${runId}\n\nFrom issue ${issue}.\n\n## ${heading}\n\n${text.trim()}\n`,
    );
  }
  return written;
}

/** Each run once. A text that has no such table keeps what it says, and gets one. */
function withRecord(before: string | null, head: string, columns: readonly string[], row: readonly string[]): string {
  const text = before ?? `${head}\n`;
  const read = readTables(text);
  const table = tablesOf(read).at(-1);
  if (table === undefined) return `${text.trimEnd()}\n\n${tableText(columns, [row])}`;
  if (table.rows.some(({ texts }) => texts[0] === row[0])) return text;
  return writeTables(withRow(read, row));
}
