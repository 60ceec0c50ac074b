import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect } from "vitest";
import { readAppRights } from "../../src/setup/app-manifest.ts";
import { ourApp } from "../sandbox/registration.ts";
import type { World } from "../support/github-world.ts";
import { story } from "../support/story.ts";

const rights = readAppRights(readFileSync(path.join(import.meta.dirname, "..", "..", "app.yml"), "utf8"));
const request = { title: "A link shortener", body: "Paste a long URL, get a short one.", labels: ["create_app"] };

function without(permission: string): { readonly prepare: (world: World) => void } {
  return { prepare: ({ sandbox }) => takeFrom(sandbox, permission) };
}

function takeFrom({ context }: World["sandbox"], permission: string): void {
  for (const installation of context.state.installations.values()) {
    const { [permission]: _taken, ...left } = installation.permissions;
    installation.permissions = left;
  }
}

// A try that fails is a warning in the app's log, and any warning fails these stories: nothing is tried again and again.
describe("a task goes through its gate where the installation lacks what is optional", () => {
  for (const permission of rights.optionalPermissions)
    story(
      permission,
      { ...without(permission), provokes: ["no check run: the app may not write checks there"] },
      async (told) => {
        const { number } = await told.owner.openIssue(request);
        await told.next("ReviewCreated");
        await told.acceptGate(1);
        await told.next("PhaseCompleted");
        await told.settled();

        await told.owner.comment(number, "/doctor");
        await told.settled();
        const said = (await told.owner.comments(number)).map(({ body }) => body.replaceAll("\\", ""));
        expect(said.join("\n")).toContain(`lacks the optional ${permission}: ${rights.permissions[permission]}`);
      },
    );
});

story(
  "a task waits with a comment that names what is needed, and goes on once it is given",
  { ...without("pull_requests"), provokes: ["performing an effect", "effect set aside"] },
  async (told) => {
    const { number } = await told.owner.openIssue(request);
    await told.next("TaskPaused");
    await told.settled();
    const said = (await told.owner.comments(number)).map(({ body }) => body.replaceAll("\\", ""));
    expect(said.filter((body) => body.includes("does not grant pull_requests: "))).toHaveLength(2);

    for (const installation of told.sandbox.context.state.installations.values())
      installation.permissions = ourApp.permissions;
    await told.owner.comment(number, "/retry");
    await told.next("ReviewCreated");
  },
);
