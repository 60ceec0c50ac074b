/** One circle, from its first member in the order of the list; null where there is none. */
export function circleOf<Node extends { readonly id: string }>(
  nodes: readonly Node[],
  leadsTo: (node: Node) => readonly string[],
): readonly string[] | null {
  // Takes away what leads to nothing that is left, until nothing more goes; what remains leads into a circle.
  let left = nodes;
  for (;;) {
    const ids = new Set(left.map(({ id }) => id));
    const next = left.filter((node) => leadsTo(node).some((id) => ids.has(id)));
    if (next.length === left.length) break;
    left = next;
  }
  const byId = new Map(left.map((node) => [node.id, node]));
  const way: string[] = [];
  let at = left[0];
  while (at !== undefined && !way.includes(at.id)) {
    way.push(at.id);
    at = leadsTo(at)
      .map((id) => byId.get(id))
      .find((node) => node !== undefined);
  }
  return at === undefined ? null : way.slice(way.indexOf(at.id));
}
