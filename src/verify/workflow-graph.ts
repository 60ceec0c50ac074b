/** The order of steps, as `nextSteps` makes it. Ids are unique, and every name leads to a step. */

interface Node {
  readonly id: string;
  readonly nextSteps: readonly string[];
}

/** The steps that name this one, in the order of the file. */
export function predecessorsOf<Step extends Node>(steps: readonly Step[], id: string): readonly Step[] {
  return steps.filter(({ nextSteps }) => nextSteps.includes(id));
}

/** For each step those that run before it on some way. Without circles. */
export function ancestorsOf(steps: readonly Node[]): ReadonlyMap<string, ReadonlySet<string>> {
  return collect(steps, (sets) => new Set(sets.flatMap((set) => [...set])));
}

/** For each step those that run before it on every way. Without circles. */
export function dominatorsOf(steps: readonly Node[]): ReadonlyMap<string, ReadonlySet<string>> {
  return collect(steps, ([first = new Set<string>(), ...others]) => {
    return new Set([...first].filter((id) => others.every((set) => set.has(id))));
  });
}

/** Of each predecessor, itself and what came before it; then brought together. */
function collect(
  steps: readonly Node[],
  join: (sets: readonly ReadonlySet<string>[]) => ReadonlySet<string>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  const look = (id: string): ReadonlySet<string> => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const set = join(predecessorsOf(steps, id).map((before) => new Set([before.id, ...look(before.id)])));
    found.set(id, set);
    return set;
  };
  for (const { id } of steps) look(id);
  return found;
}
