/** The boxes in a gate's body: read as people left them, and kept when the app writes the body anew. */
import type { VetoBox } from "../control/ports/gates.ts";
import type { Repository } from "../core/events.ts";
import type { Api } from "./api.ts";
import { readPull, updatePull } from "./gate-state.ts";
import { vetoedMark, vetoMarker } from "./texts/decisions.ts";

/** GitHub takes no longer body. */
const bodyCharactersMax = 65_536;
/** Many more than a list of decisions has. */
const boxesMax = 100;

/** A box of any list, however it is indented, and whatever somebody wrote around it. */
const box =
  /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[(?<tick>[ xX])\][ \t].*?<!-- phasegate:veto:(?<attempt>\d{1,6}):(?<number>\d{1,3}) -->(?<rest>.*)$/u;

export async function readVetoBoxes(
  api: Api,
  repository: Repository,
  pullRequest: number,
): Promise<readonly VetoBox[]> {
  const pull = await readPull(api, repository, pullRequest);
  return boxesIn(pull?.body ?? "");
}

export async function setVetoBoxes(
  api: Api,
  repository: Repository,
  pullRequest: number,
  boxes: readonly Pick<VetoBox, "attempt" | "number" | "ticked">[],
): Promise<void> {
  const before = (await readPull(api, repository, pullRequest))?.body ?? "";
  const body = withBoxes(before, boxes);
  if (body !== before) await updatePull(api, repository, pullRequest, { body });
}

/** With their ticks as they are given; of a box that somebody copied all. */
export function withBoxes(body: string, boxes: readonly Pick<VetoBox, "attempt" | "number" | "ticked">[]): string {
  const wanted = new Map(boxes.map(({ attempt, number, ticked }) => [vetoMarker(attempt, number), ticked]));
  return body
    .split("\n")
    .map((line) => {
      const found = box.exec(line.replace(/\r$/u, ""))?.groups;
      const ticked = wanted.get(vetoMarker(Number(found?.["attempt"]), Number(found?.["number"])));
      return ticked === undefined ? line : line.replace(/\[[ xX]\]/u, ticked ? "[x]" : "[ ]");
    })
    .join("\n");
}

/** In their order; of a box that somebody copied the first counts. */
export function boxesIn(body: string): readonly VetoBox[] {
  const seen = new Map<string, VetoBox>();
  for (const line of body.slice(0, bodyCharactersMax).split(/\r\n|\r|\n/u)) {
    const found = box.exec(line)?.groups;
    if (found === undefined || seen.size >= boxesMax) continue;
    const { tick = " ", attempt, number, rest = "" } = found;
    const key = vetoMarker(Number(attempt), Number(number));
    if (seen.has(key)) continue;
    seen.set(key, {
      attempt: Number(attempt),
      number: Number(number),
      ticked: tick !== " ",
      writtenTicked: rest.startsWith(vetoedMark),
    });
  }
  return [...seen.values()];
}

/**
 * The body that is to be written, with the ticks of the one that is there: a webhook about them may still be on its way.
 * A tick that was taken away stays so where the app had written it; elsewhere the veto came by a command, and is shown.
 */
export function keepTicks(body: string, current: string): string {
  const there = new Map(boxesIn(current).map((seen) => [vetoMarker(seen.attempt, seen.number), seen]));
  return body
    .split("\n")
    .map((line) => {
      const found = box.exec(line)?.groups;
      if (found === undefined) return line;
      const seen = there.get(vetoMarker(Number(found["attempt"]), Number(found["number"])));
      if (seen === undefined || (!seen.ticked && !seen.writtenTicked)) return line;
      return line.replace(/\[[ xX]\]/u, seen.ticked ? "[x]" : "[ ]");
    })
    .join("\n");
}
