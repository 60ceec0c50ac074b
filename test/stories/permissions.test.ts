/** A permission that the app can't go on without: said, waited for, and gone on from. */
import { expect } from "vitest";
import { ourApp } from "../sandbox/registration.ts";
import type { Permissions } from "../sandbox/state.ts";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";

const request = { title: "A link shortener", body: "Paste a long URL, get a short one.", labels: ["create_app"] };

function without(name: string): Permissions {
  return Object.fromEntries(Object.entries(ourApp.permissions).filter(([each]) => each !== name));
}

/** What the installation gives from now on; tokens that were given before lose what is taken away. */
function grant({ sandbox }: Story, permissions: Permissions): void {
  const { installations, tokens } = sandbox.context.state;
  for (const installation of installations.values()) installation.permissions = permissions;
  for (const [text, { kind }] of tokens) if (kind === "installation") tokens.delete(text);
}

async function commentsOf({ owner }: Story, issue: number): Promise<readonly string[]> {
  return (await owner.comments(issue)).map(({ body }) => body.replaceAll("\\", ""));
}

function runsOf({ sandbox }: Story): number {
  return sandbox.repositoryOf(repositoryName).runs.size;
}

/** Told once in the status and once in a comment of its own, which people are notified of; both name the next step. */
async function isTold(told: Story, issue: number, missing: string): Promise<void> {
  const said = (await commentsOf(told, issue)).filter((body) => body.includes(`does not grant ${missing}`));
  expect(said).toHaveLength(2);
  for (const body of said) {
    expect(body).toMatch(
      /names a permission, accept it for Phasegate under \[Settings → GitHub Apps\].* `\/retry` here/u,
    );
  }
}

const provokes = ["performing an effect", "effect set aside"];

for (const { lacking, permissions, missing } of [
  { lacking: "without pull_requests", permissions: without("pull_requests"), missing: "pull_requests: " },
  { lacking: "without actions", permissions: without("actions"), missing: "actions: " },
  {
    lacking: "that may only read actions",
    permissions: { ...ourApp.permissions, actions: "read" } as const,
    missing: "actions: write",
  },
]) {
  story(
    `given an installation ${lacking}, then a task waits with a comment that names it, and goes on once it is given`,
    { permissions, provokes },
    async (told) => {
      const { number } = await told.owner.openIssue(request);
      expect((await told.next("TaskPaused")).reason).toMatchObject({ kind: "effect-failed" });
      await told.settled();
      await isTold(told, number, missing);

      grant(told, ourApp.permissions);
      await told.owner.comment(number, "/retry");
      await told.next("ReviewCreated");
      expect(runsOf(told)).toBe(1);
    },
  );
}

story(
  "given actions are taken away at a gate, then it is merged all the same, and the next phase waits until they are given again",
  { provokes },
  async (told) => {
    const { number } = await told.owner.openIssue(request);
    await told.next("ReviewCreated");
    await told.settled();
    grant(told, without("actions"));
    await told.acceptGate(1);
    await told.next("PhaseCompleted");
    await told.next("TaskPaused");
    await told.settled();
    await isTold(told, number, "actions: ");
    expect(runsOf(told)).toBe(1);

    grant(told, ourApp.permissions);
    await told.owner.comment(number, "/retry");
    await told.next("ReviewCreated");
    expect(runsOf(told)).toBe(2);
  },
);
