/** What is worth reading of a job's log: the end of the step that failed. Pure; words of whatever ran there, so data. */

/** As the runner writes it: a time before each line, colours, and marks of its own. */
export function plainLines(log: string): readonly string[] {
  return log
    .split(/\r?\n/u)
    .map((line) =>
      line
        .replace(/^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]+Z ?/u, "")
        // A terminal shows only what follows the last return.
        .replace(/^.*\r(?=[^\r])/su, "")
        .replace(ansi, "")
        .replace(controls, ""),
    )
    .filter((line) => !line.startsWith("##[endgroup]"));
}

// oxlint-disable-next-line no-control-regex -- they are what is taken out
const ansi = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/gu;
// oxlint-disable-next-line no-control-regex -- they are what is taken out
const controls = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

/**
 * The part of the failing step first, its end where it is long; then, in what room is left, the end of what came before.
 * A step begins with `##[group]Run …` and fails with `##[error]…`; after the steps come the clean-up lines of the job.
 */
export function failingPart(log: string, charactersMax: number): string {
  const lines = plainLines(log);
  const cleanUp = lines.findIndex((line) => line.startsWith("Post job cleanup."));
  const steps = cleanUp === -1 ? lines : lines.slice(0, cleanUp);
  const inSteps = steps.findLastIndex(isError);
  const error = inSteps === -1 ? lines.findLastIndex(isError) : inSteps;
  const end = error === -1 ? lines.length - 1 : error;
  const began = lines.slice(0, end + 1).findLastIndex((line) => line.startsWith("##[group]Run "));
  const from = Math.max(began, 0);
  const failed = tailOf(lines.slice(from, end + 1).map(worded), charactersMax);
  const room = charactersMax - failed.length - betweenParts.length;
  const before = from === 0 || room <= 0 ? "" : tailOf(lines.slice(0, from).map(worded), room);
  return before === "" ? failed : `${failed}${betweenParts}${before}`;
}

const betweenParts = "\n\nBefore that step:\n";

function isError(line: string): boolean {
  return line.startsWith("##[error]");
}

function worded(line: string): string {
  return line.replace(/^##\[(?<mark>[a-z]+)\]/u, (_whole, mark: string) =>
    mark === "group" || mark === "command" ? "" : `${mark}: `,
  );
}

/** Whole lines, the last ones; of one that is too long by itself its end. */
function tailOf(lines: readonly string[], charactersMax: number): string {
  const kept: string[] = [];
  let left = charactersMax;
  for (const line of lines.toReversed()) {
    if (line.length + 1 > left) {
      if (kept.length === 0) kept.push(line.slice(-charactersMax));
      break;
    }
    kept.push(line);
    left -= line.length + 1;
  }
  return kept.reverse().join("\n").trim();
}
