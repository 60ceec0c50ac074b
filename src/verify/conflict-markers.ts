/** The line, from 1, at which git's marks of a conflict begin; null where a text does not have all three, in order. */
export function conflictMarkersAt(text: string): number | null {
  let begun: number | null = null;
  let isDivided = false;
  for (const [at, line] of text.split("\n").entries()) {
    if (line.startsWith("<<<<<<< ")) {
      begun = at + 1;
      isDivided = false;
    } else if (begun !== null && line.trimEnd() === "=======") isDivided = true;
    else if (begun !== null && isDivided && line.startsWith(">>>>>>> ")) return begun;
  }
  return null;
}
