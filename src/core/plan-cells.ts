/** What the cells of a plan's tables must say; each that does not gives a fault. */
import { pathFault, pathsIn, statuses, type PlanFault, type PlanStatus, type Row } from "./plan-tables.ts";

const NAME_CHARACTERS_MAX = 60;
const TEXT_CHARACTERS_MAX = 2_000;

export type Cells = ReturnType<typeof createCells>;

export function createCells({ begun }: { readonly begun: boolean }) {
  const faults: PlanFault[] = [];
  return { faults, fault, faultOf, idOf, sameAs, textIn, nameIn, about, statusOf, oneOf, pathsOf, searchIn };

  function fault(row: Pick<Row<string>, "path" | "line">, column: string | null, message: string): void {
    faults.push({ path: row.path, line: row.line, column, message });
  }

  /** Of a file as a whole. */
  function faultOf(path: string, message: string): void {
    faults.push({ path, line: null, column: null, message });
  }

  /** Null where it is not the one of its place: nothing is looked for below such a row. */
  function idOf<Column extends string>(row: Row<Column>, column: Column, wanted: string): string | null {
    const found = row.said[column];
    if (found === wanted) return found;
    fault(row, column, `expected "${wanted}", since ids count up from 1 without holes, found "${found}"`);
    return null;
  }

  function sameAs<Column extends string>(row: Row<Column>, column: Column, wanted: string): void {
    if (row.said[column] !== wanted) fault(row, column, `expected "${wanted}", found "${row.said[column]}"`);
  }

  function textIn<Column extends string>(row: Row<Column>, column: Column, most: number = TEXT_CHARACTERS_MAX): string {
    const text = row.said[column].trim();
    if (text === "") fault(row, column, "expected a text, found an empty cell");
    const { length } = Array.from(text);
    if (length > most) fault(row, column, `expected ${most} characters at most, found ${length}`);
    return text;
  }

  function nameIn<Column extends string>(row: Row<Column>, column: Column): string {
    const name = textIn(row, column, NAME_CHARACTERS_MAX);
    if (name.includes("\n")) fault(row, column, "expected one line");
    return name;
  }

  function about<Column extends string>(row: Row<Column>, reason: Column, purpose: Column) {
    return { reason: textIn(row, reason), purpose: textIn(row, purpose) };
  }

  function statusOf(row: Row<"status">): PlanStatus {
    const { status } = row.said;
    const found = statuses.find((each) => each === status);
    if (found === undefined || (!begun && found !== "PENDING")) {
      const wanted = begun ? statuses.map((each) => `"${each}"`).join(" or ") : '"PENDING" in a plan';
      fault(row, "status", `expected ${wanted}, found "${status}"`);
    }
    return found ?? "PENDING";
  }

  /** A name that the settings offer; where they could not be read, that was said. */
  function oneOf<Column extends string>(
    row: Row<Column>,
    column: Column,
    names: ReadonlySet<string> | null,
    from: string,
  ): string {
    const name = nameIn(row, column);
    if (names !== null && !names.has(name)) {
      fault(row, column, `expected a name of ${from} (${[...names].join(", ")}), found "${name}"`);
    }
    return name;
  }

  function pathsOf<Column extends string>(row: Row<Column>, column: Column, none: string): readonly string[] {
    const listed = pathsIn(row.said[column]);
    if (listed === null) {
      const example = '["data/report.md"]';
      fault(row, column, `expected a JSON array of paths, such as ${example}, or ${none} where there are none`);
      return [];
    }
    return listed.filter((path) => {
      const wrong = pathFault(path);
      if (wrong === null) return true;
      fault(row, column, `expected paths relative to the root, without "/" in front and without "..", found ${wrong}`);
      return false;
    });
  }

  function searchIn(
    row: Row<"pre_tool_reason" | "pre_tool_purpose">,
  ): { readonly reason: string; readonly purpose: string } | null {
    const { pre_tool_reason: reason, pre_tool_purpose: purpose } = row.said;
    if (reason === "" && purpose === "") return null;
    if (reason === "") fault(row, "pre_tool_reason", "expected the reason of the search, since its purpose is given");
    if (purpose === "") fault(row, "pre_tool_purpose", "expected the purpose of the search, since its reason is given");
    if (reason === "" || purpose === "") return null;
    return { reason: textIn(row, "pre_tool_reason"), purpose: textIn(row, "pre_tool_purpose") };
  }
}
