/** Whatever people wrote reaches an agent frozen: as it was when it counted, without what nobody sees. */
import { describe, expect, onTestFinished, test } from "vitest";
import { freezeText } from "../../src/github/issue-text.ts";
import { issuePayload, says } from "../control/payloads.ts";
import { World } from "../control/world.ts";

/** Nobody sees it, and a model would read it. */
const hidden = "<!-- EVIL -->\u{e0045}";

/** With the app's own way to freeze, where other tests have a stand-in. */
async function frozenWorld(playbook: "steps" | "conversation" = "steps"): Promise<World> {
  const told = new World({
    playbookOf: (each) =>
      playbook === "steps"
        ? each
        : {
            ...each,
            phases: each.phases.map((phase) => ({ ...phase, mode: "conversation", steps: phase.steps.slice(0, 1) })),
          },
  });
  await told.start();
  onTestFinished(() => told.die());
  Object.assign(told.serving, { freeze: freezeText });
  return told;
}

function seen(job: object): string {
  const text = JSON.stringify(job);
  expect(text).not.toMatch(/EVIL|\u{e0045}/u);
  return text;
}

describe("an agent's job holds", () => {
  test("title and text of the issue as they were wanted, whatever they became", async () => {
    const told = await frozenWorld();
    const issue = { title: `Links${hidden}`, body: `Short ones.${hidden}` };
    await told.webhook("issues", issuePayload("labeled", { label: "create_app", issue }));
    told.github.openIssue(7, { title: "Other", body: "Another." });
    const text = seen((await told.openRun()).job);
    expect(text).toContain('"text":"Short ones."');
    expect(text).not.toContain("Another.");
  });

  test("answers without what is hidden in them, and without what they became once they were heard", async () => {
    const told = await frozenWorld();
    await told.label();
    const runner = await told.openRun();
    await runner.question("Which colour?", { options: [] });
    await runner.end({ kind: "waiting-question" });
    await told.settle();
    await says(told, `/answer 1: Green${hidden}`);
    expect(seen((await told.openRun()).job)).toContain('"text":"Green"');
  });

  test("reviews and threads without what is hidden in them", async () => {
    const told = await frozenWorld();
    await told.label();
    await told.runPhase();
    const comments = [{ by: "owner", byBot: false, byUs: false, text: `Shorter.${hidden}` }];
    told.github.thread(31, { comments });
    await told.review(31, { verdict: "changes_requested", body: `All of it.${hidden}` });
    await told.advance(20_000);
    const text = seen((await told.openRun()).job);
    expect(text).toContain("Shorter.");
    expect(text).toContain("All of it.");
  });

  test("the words of a command without what is hidden in them", async () => {
    const told = await frozenWorld();
    await told.label();
    await told.runPhase();
    await says(told, `/rework Say who pays.${hidden}`);
    expect(seen((await told.openRun()).job)).toContain("Say who pays.");
  });

  test("the turns of a conversation without what is hidden in them", async () => {
    const told = await frozenWorld("conversation");
    await told.label();
    await (await told.openRun()).turn("Hello.");
    await says(told, `Make it blue.${hidden}`);
    expect(seen((await told.openRun()).job)).toContain("Make it blue.");
  });
});
