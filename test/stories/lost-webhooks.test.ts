import { describe, expect } from "vitest";
import { story } from "../support/story.ts";

const request = { title: "A link shortener", body: "Paste a long URL, get a short one.", labels: ["create_app"] };

describe("webhooks that never arrive", () => {
  story("are found in GitHub's own list, sent again, and the task goes on as if nothing had been", {}, async (told) => {
    const { owner, sandbox } = told;
    await told.settled();
    sandbox.webhooks.drop = () => true;
    await owner.openIssue(request);
    await told.settled();
    sandbox.webhooks.drop = () => false;
    expect(told.events).toEqual([]);
    told.pass(6);
    await told.next("ReviewCreated");
    await told.settled();
    expect(told.events.filter(({ type }) => type === "TaskCreated")).toHaveLength(1);
    expect((await owner.comments(1)).length).toBe(1);
  });
});
