/** One measured figure, held against its goal where it has one. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** e.g. `≥ 50`; null for what only explains the others. */
  readonly goal: string | null;
  /** Null where there is no goal. */
  readonly ok: boolean | null;
}

interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export function atLeast(goal: number, measured: Measured): Figure {
  return { ...measured, goal: `≥ ${goal}`, ok: measured.value >= goal };
}

export function atMost(goal: number, measured: Measured): Figure {
  return { ...measured, goal: `≤ ${goal}`, ok: measured.value <= goal };
}

export function withoutGoal(measured: Measured): Figure {
  return { ...measured, goal: null, ok: null };
}

/** A table in Markdown, columns aligned for the terminal. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [
    ["figure", "value", "unit", "goal", ""],
    ...figures.map(({ name, value, unit, goal, ok }) => [
      name,
      shown(value),
      unit,
      goal ?? "",
      ok === null ? "" : ok ? "ok" : "missed",
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 1 ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/** Three figures that mean something. */
function shown(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
