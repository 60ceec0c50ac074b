import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import type { TaskView } from "../../src/control/ports/task-view.ts";
import type { ConfigurationFault } from "../../src/core/repository-files.ts";
import type { Finding } from "../../src/core/report.ts";
import { changesetIdOf } from "../../src/core/ids.ts";
import type { Language } from "../../src/core/task-input.ts";
import type { Api } from "../../src/github/api.ts";
import { createShowCheck } from "../../src/github/check-run.ts";
import { RequestFailed } from "../../src/github/request-failed.ts";
import { ourApp } from "../sandbox/registration.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";
import { gateOpened, inReview, runId, running, taskId, verified, viewOf, withPhase } from "./texts-fixtures.ts";

const branch = "phasegate/7-1-planning";
let bed: GitHubTestbed;
let head = "";

beforeEach(async () => {
  bed = await startGitHubTestbed();
  head = await publish("01_idea");
});

afterEach(() => bed.stop());

async function publish(step: string): Promise<string> {
  const published = await bed.github.publish(bed.repository, {
    branch,
    defaultBranch: "main",
    changesetId: changesetIdOf(runId, step),
    taskId,
    message: `Phase 1 planning: ${step} (#7)`,
    mergedSha: null,
    changes: [{ kind: "written", path: `docs/${step}.md`, mode: "100644", content: Buffer.from(`# ${step}\n`) }],
  });
  return "commitSha" in published ? published.commitSha : "";
}

function findings(count: number, check: Finding["check"] = "no-placeholder"): readonly Finding[] {
  return Array.from({ length: count }, (_, index) => ({
    check,
    step: null,
    path: "docs/01_idea.md",
    line: index + 1,
    message: `placeholder ${index}`,
  }));
}

/** Verified on the head of the branch. */
function verifiedView(found: readonly Finding[] = [], notes: readonly Finding[] = []): TaskView {
  const view = viewOf([...running, gateOpened(), ...verified(found.length === 0)]);
  return withPhase(view, ({ verification }) => ({
    verification: verification === null ? null : { ...verification, headSha: head, findings: found, notes },
  }));
}

function show(view: TaskView, github = bed.github): Promise<void> {
  return github.showCheck(bed.repository, { view, phase: 1, branch });
}

function writes(): readonly string[] {
  return bed.sent().flatMap((line) => (/^(?:POST|PATCH) .*check-runs/u.test(line) ? [line.split(" ")[0] ?? ""] : []));
}

function checks() {
  return [...bed.sandbox.repositoryOf("octo/shop").checkRuns.values()].map(
    ({ headSha, name, status, conclusion, detailsUrl, output, annotations }) => ({
      headSha,
      name,
      status,
      conclusion,
      detailsUrl,
      title: output.title,
      summary: output.summary,
      annotations,
    }),
  );
}

describe("the check run of a configuration", () => {
  const fault = {
    file: ".github/phasegate/playbooks/release.yml",
    line: 8,
    rule: "wrong-type",
    message: '"phases.0.budgetUsd": expected number, got "@wanda"',
  };
  type Faults = readonly (typeof fault | { readonly file: string; readonly line: null })[];
  const checkIn = (language: Language | null, faults: Faults) =>
    bed.github.showConfigurationCheck(
      bed.repository,
      head,
      { faults: faults.map((each) => ({ ...fault, ...each })), labels: ["release"] },
      { input: { language: null }, settings: { language } },
    );
  const check = (...faults: Faults) => checkIn(null, faults);

  test("says under a name of its own that it can be read, and which labels there are", async () => {
    await check();
    expect(checks()).toMatchObject([
      {
        headSha: head,
        name: "Phasegate configuration",
        status: "completed",
        conclusion: "success",
        title: "The configuration can be read",
        annotations: [],
      },
    ]);
    expect(checks()[0]?.summary).toContain("Labels of its own playbooks: `release`.");
  });

  test("has each fault at its file and line, those of a whole file at the first, and all of them in its text", async () => {
    await check(
      fault,
      { file: ".github/phasegate/playbook/x.yml", line: null },
      { file: "planning/01_idea.md", line: null },
    );
    const [shown] = checks();
    expect(shown).toMatchObject({ conclusion: "failure", title: "3 faults in the configuration" });
    expect(shown?.annotations).toMatchObject([
      {
        path: fault.file,
        start_line: 8,
        end_line: 8,
        annotation_level: "failure",
        title: "wrong-type",
        message: fault.message,
      },
      { path: ".github/phasegate/playbook/x.yml", start_line: 1 },
    ]);
    expect(shown?.summary).toContain(`- \`${fault.file}:8\`: `);
    expect(shown?.summary).toContain("- `planning/01_idea.md` (built in): ");
    expect(shown?.summary).not.toContain("@wanda");
  });

  test("is told in the language of the repository's settings, under the same name", async () => {
    await checkIn("ko", [fault]);
    expect(checks()).toMatchObject([{ name: "Phasegate configuration", title: "구성에 문제 1개" }]);
  });

  test("is written once, beside that of a gate, and anew where the faults of a commit are others", async () => {
    await show(verifiedView());
    await check(fault);
    await check(fault);
    expect(writes()).toEqual(["POST", "POST"]);
    await check();
    expect(checks().map(({ name, conclusion }) => `${name}: ${conclusion}`)).toEqual([
      "Phasegate: success",
      "Phasegate configuration: failure",
      "Phasegate configuration: success",
    ]);
  });

  test("where the right was not given is none, and no fault", async () => {
    bed.failNext(/check-runs/u, { status: 403 });
    await check(fault);
    expect(checks()).toEqual([]);
  });
});

const nothingSaid = { input: { language: null }, settings: { language: null } };

describe("the check run of specifications", () => {
  const file = ".phasegate/specs/active/spec-2026-02-18-001.yaml";
  const check = (...faults: ConfigurationFault[]) =>
    bed.github.showSpecificationsCheck(bed.repository, head, { faults, looked: 2 }, nothingSaid);

  test("says under a name of its own that they are valid, and how many there are", async () => {
    await check();
    expect(checks()).toMatchObject([
      { headSha: head, name: "Phasegate specifications", conclusion: "success", title: "The specifications are valid" },
    ]);
    expect(checks()[0]?.summary).toContain("2 specifications in `.phasegate/specs/active`");
  });

  test("has each fault at its file and line, and no word of it calls anybody", async () => {
    await check(
      { file, line: 3, rule: "wrong-type", message: '"version": expected string, got "@wanda".' },
      { file, line: null, rule: "no-text", message: "the specification is not readable text." },
    );
    const [shown] = checks();
    expect(shown).toMatchObject({ conclusion: "failure", title: "2 faults in the specifications" });
    expect(shown?.annotations).toMatchObject([
      { path: file, start_line: 3, annotation_level: "failure", title: "wrong-type" },
      { path: file, start_line: 1, title: "no-text" },
    ]);
    expect(shown?.summary).toContain(`- \`${file}:3\`: `);
    expect(shown?.summary).not.toContain("@wanda");
  });

  test("is written once for the same faults of a commit", async () => {
    const fault = { file, line: 3, rule: "wrong-type", message: "no" };
    await check(fault);
    await check(fault);
    expect(writes()).toEqual(["POST"]);
  });
});

describe("the check run of a gate", () => {
  test("is there from the gate's opening on, and becomes what the verification says", async () => {
    await show(viewOf([...running, gateOpened()]));
    expect(checks()).toMatchObject([
      {
        headSha: head,
        name: "Phasegate",
        status: "in_progress",
        conclusion: null,
        detailsUrl: "https://github.com/octo/shop/pull/8",
        title: "Not verified yet",
      },
    ]);
    await show(verifiedView());
    expect(checks()).toMatchObject([
      { status: "completed", conclusion: "success", title: "Passed: all 2 criteria are met" },
    ]);
    expect(writes()).toEqual(["POST", "PATCH"]);
  });

  test("is written only where it would change, after a restart, too", async () => {
    const view = verifiedView(findings(2));
    await show(view);
    bed.sent();
    await show(view);
    await show(view, bed.anotherClient());
    expect(writes()).toEqual([]);
    expect(checks()).toHaveLength(1);
  });

  test("has an annotation for each line that is wanting, in as many requests as it takes, each once", async () => {
    const view = verifiedView(findings(98), [...findings(5, "judged:reader-friendly")]);
    await show(view);
    expect(writes()).toEqual(["POST", "PATCH"]);
    await show(view);
    const [check] = checks();
    expect(check?.annotations).toHaveLength(100);
    expect(check?.annotations.at(0)).toMatchObject({
      path: "docs/01_idea.md",
      start_line: 1,
      annotation_level: "failure",
      message: "placeholder 0",
    });
    expect(check?.annotations.at(-1)).toMatchObject({ annotation_level: "warning", title: "reader-friendly" });
  });

  test("that broke off between two of its requests gets the rest", async () => {
    bed.failNext(/PATCH .*check-runs/u, { status: 502 });
    await expect(show(verifiedView(findings(60)))).rejects.toBeInstanceOf(RetryLater);
    await show(verifiedView(findings(60)));
    expect(checks()).toMatchObject([{ conclusion: "failure" }]);
    expect(checks()[0]?.annotations).toHaveLength(60);
  });

  test("whose making lost its answer is made once", async () => {
    bed.failNext(/POST .*check-runs/u, "lost-answer");
    await expect(show(verifiedView())).rejects.toBeInstanceOf(RetryLater);
    await show(verifiedView());
    expect(checks()).toHaveLength(1);
  });

  test("of another attempt on the same commit is another one, without the faults of the first", async () => {
    await show(verifiedView(findings(2)));
    const mended = withPhase(verifiedView(), ({ verification }) => ({
      attempt: 2,
      verification: verification === null ? null : { ...verification, attempt: 2 },
    }));
    await show(mended);
    expect(checks()).toMatchObject([{ conclusion: "failure" }, { conclusion: "success", annotations: [] }]);
  });

  test("takes our empty commit for what lies beneath it, and a person's for what nobody has verified", async () => {
    const view = verifiedView();
    await bed.github.openGate(bed.repository, { branch, base: "main", view, phase: 1 });
    const released = await bed.github.releaseCi(bed.repository, {
      view: withPhase(view, ({ gate }) => ({ gate: gate === null ? null : { ...gate, approvedSha: head } })),
      phase: 1,
      branch,
    });
    await show(view);
    expect(checks()).toMatchObject([{ headSha: released, conclusion: "success" }]);
    const pushed = await publish("by_hand");
    const reviewed = viewOf([...inReview]);
    const verification = view.task.phases[0]?.verification ?? null;
    await show(withPhase(reviewed, () => ({ verification })));
    expect(checks().at(-1)).toMatchObject({
      headSha: pushed,
      conclusion: "neutral",
      title: `Not verified: what was verified is ${head.slice(0, 7)}`,
    });
  });

  test("of a branch that is gone is none", async () => {
    await bed.github.deleteBranch(bed.repository, branch);
    await show(verifiedView());
    expect(checks()).toEqual([]);
  });

  test.each([403, 404])("where the right was not given (%i) is none, and no fault", async (status) => {
    bed.failNext(/POST .*check-runs/u, { status });
    await show(verifiedView());
    expect(checks()).toEqual([]);
  });
});

describe("where the installation does not grant checks", () => {
  test("there is none, and nothing is held up", async () => {
    await bed.stop();
    const { checks: _, ...permissions } = ourApp.permissions;
    bed = await startGitHubTestbed({ permissions });
    await publish("01_idea");
    await show(verifiedView());
    expect(checks()).toEqual([]);
  });

  test("the operator is told once a repository", async () => {
    const warnings: string[] = [];
    const log = { ...silent, warn: (_fields: object, message: string) => warnings.push(message) };
    const api = {
      read: () => Promise.resolve({ data: { object: { sha: head }, tree: { sha: "tree" } } }),
      write: () => Promise.reject(new Error("no write was expected")),
      asInstallation: () => Promise.reject(new Error("not asked")),
      asHolder: () => Promise.reject(new Error("not asked")),
      asApp: () => Promise.reject(new Error("no call was expected")),
    };
    const refused = new RequestFailed("looking", 403, "Resource not accessible by integration");
    const showCheck = createShowCheck(
      { ...api, read: (call) => (call.permissions.checks === undefined ? api.read() : Promise.reject(refused)) } as Api,
      { appId: 1, webUrl: "https://github.com", language: "en", log },
    );
    const view = verifiedView();
    for (const repositoryId of [1, 1, 2]) {
      await showCheck({ ...bed.repository, repositoryId }, { view, phase: 1, branch });
    }
    expect(warnings).toHaveLength(2);
  });
});

const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  return undefined;
}
