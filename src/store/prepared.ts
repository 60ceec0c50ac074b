import type { Compilable, CompiledQuery, QueryResult } from "kysely";
import type { Db } from "./schema.ts";

/** Stands in a compiled query for a value that each call brings along. */
class Hole {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A query that is built and compiled once for each open database; a call only fills in its values.
 * `build` must hand each value on as it is: what it sees are no values yet, and what it chose by them would hold for all calls.
 */
export function prepared<Given extends object, Row>(
  build: (db: Db, given: Given) => Compilable<Row>,
): (db: Db, given: Given) => Promise<QueryResult<Row>> {
  const compiledFor = new WeakMap<object, CompiledQuery<Row>>();
  return (db, given) => {
    const { adapter } = db.getExecutor();
    let compiled = compiledFor.get(adapter);
    if (compiled === undefined) {
      const holes = Object.fromEntries(Object.keys(given).map((name) => [name, new Hole(name)]));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it only looks like one, and is only handed on
      compiled = build(db, holes as Given).compile();
      compiledFor.set(adapter, compiled);
    }
    const parameters = compiled.parameters.map((value) =>
      value instanceof Hole ? (Reflect.get(given, value.name) as unknown) : value,
    );
    return db.executeQuery({ ...compiled, parameters });
  };
}
