/** How many characters must be added, dropped or replaced to make one text of the other. */
export function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, character] of Array.from(one).entries()) {
    const next = [i + 1];
    for (const [j, wanted] of Array.from(other).entries()) {
      const change = (row[j] ?? 0) + (character === wanted ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The word that was probably meant: the nearest that differs in two characters at most; null where none does. */
export function nearestOf(said: string, words: Iterable<string>): string | null {
  let nearest: { readonly word: string; readonly distance: number } | null = null;
  for (const word of words) {
    if (Math.abs(word.length - said.length) > nearMax) continue;
    const distance = editDistance(said, word);
    if (distance > 0 && distance <= nearMax && distance < (nearest?.distance ?? nearMax + 1))
      nearest = { word, distance };
  }
  return nearest?.word ?? null;
}

const nearMax = 2;
