/** What the prompts of the shipped playbooks cost, and how much of them a provider's cache can keep. */
import { describe, expect, test } from "vitest";
import type { Phase, Playbook } from "../../src/core/playbook.ts";
import { loadPlaybooks } from "../../src/guide/load-playbook.ts";
import { stepPrompt, systemPrompt } from "../../src/runner/prompt.ts";
import { Job } from "../../src/protocol/runner.ts";
import { estimateTokens } from "../model/estimate-usage.ts";
import { aJob, aStep } from "./run-world.ts";

const playbooks = await loadPlaybooks(new URL("../../guide", import.meta.url).pathname);
const tokensMax = 12_000;
function jobOf(playbook: Playbook, phase: Phase, issueNumber = 7): Job {
  const { roles, common } = playbook;
  const integrations = playbook.integrations.filter(({ phases }) => phases?.includes(phase.name) !== false);
  const named = new Set(phase.steps.map(({ role }) => role));
  const job = aJob({ headSha: "0".repeat(40), steps: [aStep({ slug: "01_idea" })] });
  return Job.parse({
    ...job,
    issueNumber,
    phase,
    guides: { common, integrations },
    roles: roles.filter(({ name }) => named.has(name)),
    // The service with the longest guide.
    dependencies: integrations
      .toSorted((one, other) => other.guide.length - one.guide.length)
      .slice(0, 1)
      .map(({ secrets: [name] }) => ({
        name,
        askedAs: name,
        type: "api_key",
        state: "granted",
        steps: phase.steps.map(({ slug }) => slug),
        slot: 1,
      })),
  });
}

const cases = [...playbooks.values()].flatMap(({ playbook }) =>
  playbook.phases.flatMap((phase) =>
    phase.steps.map((step) => ({ id: `${playbook.name}/${step.slug}`, playbook, phase, step })),
  ),
);

/** Characters from the beginning that two texts have in common. */
function lengthAlike(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

describe("the prompt of a step", () => {
  test.each(cases)("stays within its tokens, with a service's guide and all: $id", ({ playbook, phase, step }) => {
    const job = jobOf(playbook, phase);
    const said = stepPrompt({
      job,
      step,
      workTree: "/work/tree",
      findings: [],
      feedback: [],
      bothChanged: [],
      news: { answers: [], dependencies: [], notes: [] },
      resumed: null,
      boundary: "boundary-1",
    });
    const tokens = estimateTokens(systemPrompt(job, null)) + estimateTokens(said);
    expect(tokens).toBeGreaterThan(2_000);
    expect(tokens).toBeLessThanOrEqual(tokensMax);
  });

  test("begins alike for all tasks and phases, so that the cache keeps the most of it", () => {
    const create = playbooks.get("create_app")?.playbook;
    const change = playbooks.get("modify_app")?.playbook;
    const [planning] = create?.phases ?? [];
    const [analysis] = change?.phases ?? [];
    if (create === undefined || change === undefined || planning === undefined || analysis === undefined)
      return expect.unreachable();
    const one = systemPrompt(jobOf(create, planning), null);
    const other = systemPrompt(jobOf(change, analysis, 12), null);
    const shared = lengthAlike(one, other);
    expect(estimateTokens(one.slice(0, shared))).toBeGreaterThan(3_000);
    // Of the same kind all but the last lines.
    const again = systemPrompt(jobOf(create, planning, 12), null);
    expect(lengthAlike(one, again)).toBeGreaterThan(one.length - 200);
  });
});
