/** What people see of a gate: its text, its check run, and what branch protection makes of it. */
import type { TaskEvent } from "../../../src/core/events.ts";
import { person, type Person } from "../../sandbox/person.ts";
import type { CheckRun } from "../../sandbox/state.ts";
import { repositoryName } from "../../support/github-world.ts";
import type { Story } from "../../support/story.ts";

/** Somebody else with write. */
export function wandaOf({ sandbox }: Pick<Story, "sandbox">): Person {
  sandbox.addUser("wanda");
  sandbox.repositoryOf(repositoryName).collaborators.set("wanda", "write");
  return person(sandbox, "wanda");
}

/** The pull request of the newest phase that has one. */
export function gateNumber({ events }: Story): number {
  const opened = events.findLast((event) => event.type === "GateOpened");
  if (opened?.type !== "GateOpened") throw new Error("looking for a gate: none is open");
  return opened.pullRequest;
}

export async function gateText(told: Story, number = gateNumber(told)): Promise<string> {
  await told.settled();
  return (await told.owner.pull(number)).body ?? "";
}

/** The app's own, on the head of the gate as it is now. */
export async function checkOf(told: Story, number = gateNumber(told)): Promise<CheckRun | null> {
  await told.settled();
  const { head } = await told.owner.pull(number);
  const checks = [...told.sandbox.repositoryOf(repositoryName).checkRuns.values()];
  return checks.findLast(({ name, headSha }) => name === "Phasegate" && headSha === head.sha) ?? null;
}

/** Puts a tick, as a click on the box does. */
export async function tick(by: Person, number: number, decision: number): Promise<number> {
  const { body } = await by.pull(number);
  const box = new RegExp(`- \\[ \\](.*<!-- phasegate:veto:\\d+:${decision} -->)`, "u");
  const ticked = (body ?? "").replace(box, "- [x]$1");
  if (ticked === body) throw new Error(`ticking decision ${decision}: the text has no such box:\n${body}`);
  return (await by.request("PATCH", `/pulls/${number}`, { body: ticked })).status;
}

export function eventsOf<Type extends TaskEvent["type"]>({ events }: Story, type: Type) {
  return events.filter((event): event is Extract<TaskEvent, { type: Type }> => event.type === type);
}

/** Comments of the app on a pull request or issue. */
export async function saidOn(told: Story, number: number): Promise<readonly string[]> {
  await told.settled();
  const comments = await told.owner.comments(number);
  return comments.filter(({ user }) => user.login === "phasegate[bot]").map(({ body }) => body);
}
