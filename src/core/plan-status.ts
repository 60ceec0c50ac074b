/** Writes into the tables of a run what was done of it. */
import { readTables, tablesOf, withCell, writeTables } from "./markdown-table.ts";
import { planPathsOf, recordPaths, type PlanStatus } from "./plan-tables.ts";
import type { SubStagePlace } from "./playbook.ts";

/** A table with the status of one row, and where it has such a column, its result. Anything else stays to the letter. */
export function writeStatus(text: string, id: string, status: PlanStatus, outputPath: string | null): string {
  const read = readTables(text);
  const [table] = tablesOf(read);
  const row = table?.rows.find(({ texts }) => bare(texts[0]) === id);
  if (table === undefined || row === undefined) return text;
  const { line } = row;
  const column = (name: string) => table.header.texts.findIndex((each) => bare(each) === name);
  const told = withCell(read, { line, column: column("status"), text: status });
  return writeTables(
    outputPath === null ? told : withCell(told, { line, column: column("output_path"), text: outputPath }),
  );
}

/**
 * The tables as they are when a sub-stage is done: its tasks with their results, itself, and what is done with it.
 * Only those that change, by their path.
 */
export async function withSubStageDone(
  read: (path: string) => Promise<string | null>,
  { run, phase, stage, subStage }: SubStagePlace,
  results: readonly { readonly id: string; readonly output: string }[],
): Promise<ReadonlyMap<string, string>> {
  const paths = planPathsOf(run);
  const written = new Map<string, string>();
  const complete = async (path: string, rows: readonly { readonly id: string; readonly output: string | null }[]) => {
    const before = await read(path);
    if (before === null) return false;
    const after = rows.reduce((text, { id, output }) => writeStatus(text, id, "COMPLETED", output), before);
    if (after !== before) written.set(path, after);
    return isAllDone(after);
  };
  const one = (id: string) => [{ id, output: null }];
  const tasksDone = await complete(paths.tasks(phase, stage, subStage), results);
  const subStagesDone = tasksDone && (await complete(paths.subStages(phase, stage), one(subStage)));
  const stagesDone = subStagesDone && (await complete(paths.stages(phase), one(stage)));
  const phasesDone = stagesDone && (await complete(paths.phases, one(phase)));
  if (phasesDone) await complete(recordPaths.runs, one(run));
  return written;
}

function isAllDone(text: string): boolean {
  const [table] = tablesOf(readTables(text));
  if (table === undefined) return false;
  const column = table.header.texts.findIndex((name) => bare(name) === "status");
  return table.rows.every(({ texts }) => bare(texts[column]) === "COMPLETED");
}

function bare(text: string | undefined): string {
  return (text ?? "").replaceAll(/[`\\]/gu, "").trim();
}
