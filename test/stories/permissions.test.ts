import { ourApp } from "../sandbox/registration.ts";
import { story } from "../support/story.ts";
import { expect } from "vitest";

const request = { title: "A link shortener", body: "Paste a long URL, get a short one.", labels: ["create_app"] };
const { pull_requests: _needed, ...permissions } = ourApp.permissions;

story(
  "given an installation without pull_requests, then a task waits with a comment that names it, and goes on once it is given",
  { permissions, provokes: ["performing an effect", "effect set aside"] },
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
