/** What the agent decided, at the head of the gate: each with a box that vetoes it. */
import type { PhaseProgress, Decision } from "../../core/state.ts";
import { openVetoesOf } from "../../core/state.ts";
import { code, link, person, plain } from "./escape.ts";
import { listed } from "./places.ts";
import type { Say } from "./words.ts";

/** By it a box is found again in a body that people edit. */
export function vetoMarker(attempt: number, number: number): string {
  return `<!-- phasegate:veto:${attempt}:${number} -->`;
}

/** Beside the marker of a box that the app itself wrote ticked. Where such a box has no tick, a person took it away. */
export const vetoedMark = "<!-- vetoed -->";

interface Room {
  readonly words: number;
  readonly files: number;
}

/** The second and third only where escaping makes the one before too long: no box may be cut off. */
const rooms: readonly Room[] = [
  { words: 500, files: 5 },
  { words: 150, files: 2 },
  { words: 60, files: 0 },
];
const charactersMax = 22_000;

/** A path that can be looked at has an address. */
export type AddressOf = (path: string) => string | null;

export function decisionsSection(progress: PhaseProgress, addressOf: AddressOf, say: Say): readonly string[] {
  const { decisions, verification, accepted } = progress;
  if (decisions.list.length === 0) {
    if (verification === null && accepted === null) return [];
    return [say`**Decisions:** the agent named none for this phase.`];
  }
  const texts = rooms.map((room) =>
    decisions.list.map((decision) => decisionLine(decision, progress, room, addressOf, say)).join("\n"),
  );
  const shown = texts.find((text) => text.length <= charactersMax) ?? texts.at(-1) ?? "";
  const [first] = decisions.list;
  return [
    say`**Decisions** that the agent took. To have one taken another way, with all that follows from it, tick its box and say why in a comment: ${code(vetoUsage(first?.number ?? 1, say))}`,
    shown,
  ];
}

/** As people type it. */
export function vetoUsage(number: number, say: Say): string {
  return say`/veto ${number} because …`;
}

/** One line, since the marker must stand beside its box. */
function decisionLine(decision: Decision, progress: PhaseProgress, room: Room, addressOf: AddressOf, say: Say): string {
  const { number, decision: decided, alternative, reason, confidence, veto } = decision;
  const name = `**${number}. ${plain(decided, room.words)}**`;
  const other = plain(alternative, room.words);
  const sure = confidenceWord(confidence, say);
  const files = filesOf(decision, room, addressOf, say);
  const marks = `${vetoMarker(progress.decisions.attempt, number)}${veto === null ? "" : vetoedMark}`;
  return [
    `- [${veto === null ? " " : "x"}] ${other === "" ? name : say`${name} instead of: ${other}`}`,
    reason.trim() === "" ? "" : `<br>${say`Why: ${plain(reason, room.words)}`}`,
    `<br>${files === "" ? say`Confidence: ${sure}` : say`Confidence: ${sure}. Shows in ${files}`}`,
    veto === null ? "" : `<br>${vetoSentence(decision, veto, progress, say)}`,
    ` ${marks}`,
  ].join("");
}

/** How sure the agent is, or a judge. */
export function confidenceWord(confidence: Decision["confidence"], say: Say): string {
  switch (confidence) {
    case "high":
      return say`high`;
    case "medium":
      return say`medium`;
    case "low":
      return say`low`;
  }
}

function filesOf({ files }: Decision, { files: filesMax }: Room, addressOf: AddressOf, say: Say): string {
  const shown = files.slice(0, filesMax).map((path) => {
    const address = addressOf(path);
    return address === null ? code(path, 120) : link(code(path, 120), address);
  });
  const more = files.length - shown.length;
  if (shown.length === 0) return "";
  return listed(more > 0 ? [...shown, say`${more} more`] : shown, say);
}

const reasonCharactersMax = 300;

function vetoSentence(
  { number }: Decision,
  { by, reason }: NonNullable<Decision["veto"]>,
  progress: PhaseProgress,
  say: Say,
): string {
  if (reason === null) {
    return say`**Vetoed** by ${person(by)}, who has not said why: without a reason nothing is changed.`;
  }
  const words = plain(reason, reasonCharactersMax);
  const isOpen = openVetoesOf(progress).some((each) => each.number === number);
  return isOpen
    ? say`**Vetoed** by ${person(by)}: ${words}`
    : say`**Vetoed** by ${person(by)}: ${words} *(given to the agent)*`;
}
