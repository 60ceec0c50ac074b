import { describe, expect, test } from "vitest";
import type { RepositoryFile } from "../../src/core/repository-files.ts";
import { guideFileFrom, type GuideFiles } from "../../src/guide/guide-files.ts";
import { repositoryPlaybooks, type PlaybookLimits } from "../../src/guide/repository-playbooks.ts";
import { guideText, planningCriteria, smallFolder, smallPlaybook } from "./guide-folder.ts";

const role = (name: string, tools: string) => guideText(`name: ${name}\ndescription: Works.\ntools: [${tools}]\n`);

const builtInFiles: Readonly<Record<string, string>> = {
  ...smallFolder,
  "playbooks/change.yml": `${smallPlaybook.replace("name: small", "name: change")}aliases: [change_project]\n`,
  "agents/reviewer.md": role("reviewer", "Read"),
  "common/QUICK_START.md": guideText("title: Quick start\n"),
};
const builtIn: GuideFiles = new Map(
  Object.entries(builtInFiles).map(([path, text]) => [path, guideFileFrom(path, Buffer.from(text))]),
);
const folder = ".github/phasegate";
const noLimits: PlaybookLimits = { phaseBudgetUsd: null, taskBudgetUsd: null };

/** By paths in the folder. */
function own(files: Readonly<Record<string, string>>): readonly RepositoryFile[] {
  return Object.entries(files).map(([path, text]) => ({
    path: `${folder}/${path}`,
    content: { kind: "bytes", bytes: Buffer.from(text) },
  }));
}

function overlay(files: Readonly<Record<string, string>>, limits = noLimits) {
  return repositoryPlaybooks(builtIn, own(files), limits);
}

/** `file:line rule`, without the folder. */
function places(faults: ReturnType<typeof overlay>["faults"]): readonly string[] {
  return faults.map(({ file, line, rule }) => `${file.replace(`${folder}/`, "")}:${line ?? "-"} ${rule}`);
}

function faultsOf(files: Readonly<Record<string, string>>, label: string, limits = noLimits): readonly string[] {
  const found = overlay(files, limits).byLabel(label);
  return found?.kind === "faulty" ? places(found.faults) : [];
}

const release = smallPlaybook.replace("name: small", "name: release");

describe("a repository's own files", () => {
  test("without any, the labels are those of the app, aliases included", () => {
    const { byLabel, faults, labels } = overlay({});
    expect(byLabel("small")).toMatchObject({ kind: "playbook", playbook: { name: "small" } });
    expect(byLabel("change_project")).toMatchObject({ kind: "playbook", playbook: { name: "change" } });
    expect(byLabel("bug")).toBeNull();
    expect({ faults, labels }).toEqual({ faults: [], labels: [] });
  });

  test("a playbook is added with the guides that it brings, and may use those of the app", () => {
    const added = overlay({
      "playbooks/release.yml": `${release.replace("guide: planning", "guide: release")}aliases: [ship]\n`,
      "guides/release/01_idea.md": smallFolder["planning/01_idea.md"].replace("Write it well.", "Our way."),
      "guides/release/02_plan.md": smallFolder["planning/02_plan.md"],
    });
    const found = added.byLabel("ship");
    expect(found).toMatchObject({ kind: "playbook", playbook: { name: "release" } });
    expect(found?.kind === "playbook" && found.playbook.phases[0]?.steps[0]?.guide).toContain("Our way.");
    expect(added.labels).toEqual(["release", "ship"]);
    expect(added.faults).toEqual([]);
  });

  test("a guide of the app is replaced for the playbooks that use it, and freezes under another hash", () => {
    const before = overlay({}).byLabel("small");
    const after = overlay({ "guides/planning/02_plan.md": guideText("title: Our plan\noutputs: [docs/plan.md]\nsections: [Order]\ntools: [Read]\n") }).byLabel("small");
    if (before?.kind !== "playbook" || after?.kind !== "playbook") throw new Error("both can be read");
    expect(after.playbook.phases[0]?.steps[1]?.title).toBe("Our plan");
    expect(after.hash).not.toBe(before.hash);
  });

  test.each([
    ["playbook/release.yml", `${folder}/playbooks/release.yml`],
    ["playbooks/release.yaml", `${folder}/playbooks/release.yml`],
    ["release.yml", `${folder}/playbooks/release.yml`],
    ["Agents/reviewer.md", `${folder}/agents/reviewer.md`],
    ["agent/reviewer.md", `${folder}/agents/reviewer.md`],
    ["guides/agents/reviewer.md", `${folder}/agents/reviewer.md`],
    ["planning/01_idea.md", `${folder}/guides/planning/01_idea.md`],
    ["guides/planning/01_idea.txt", `${folder}/guides/planning/01_idea.md`],
    ["guides/01_idea.md", `${folder}/guides/<folder>/01_idea.md`],
  ])("%s belongs nowhere, and the fault says which place was probably meant", (path, meant) => {
    const [fault, ...others] = overlay({ [path]: "text" }).faults;
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ file: `${folder}/${path}`, line: null, rule: "stray-file" });
    expect(fault?.message).toContain(`did you mean "${meant}"?`);
  });

  test("what belongs to other features is left alone", () => {
    expect(overlay({ "workflows/notify.yml": "{", "settings.yml": "{", "README.md": "", "guides/planning/README.md": "" }).faults).toEqual([]);
  });

  test("a guide whose name is almost that of a step counts for nothing, and that is said", () => {
    const { faults, byLabel } = overlay({ "guides/planning/01_ideas.md": smallFolder["planning/01_idea.md"] });
    expect(places(faults)).toEqual(["guides/planning/01_ideas.md:- unused-file"]);
    expect(faults[0]?.message).toContain(`did you mean "${folder}/guides/planning/01_idea.md"?`);
    expect(byLabel("small")?.kind).toBe("playbook");
  });
});

describe("faults", () => {
  test("name the repository's file, the line and the field, and hold up just the playbooks that use it", () => {
    const { byLabel, faults } = overlay({
      "playbooks/release.yml": release.replace("budgetUsd: 2.5", "budgetUsd: much"),
    });
    expect(byLabel("release")).toEqual({ kind: "faulty", faults });
    expect(faults).toEqual([
      {
        file: `${folder}/playbooks/release.yml`,
        line: 8,
        rule: "wrong-type",
        message: '"phases.0.budgetUsd": expected number, got "much"',
      },
    ]);
    expect(byLabel("small")?.kind).toBe("playbook");
  });

  test("of a guide concern every playbook that uses it", () => {
    const broken = { "guides/planning/01_idea.md": "# No front matter\n" };
    expect(faultsOf(broken, "small")).toEqual(["guides/planning/01_idea.md:1 no-front-matter"]);
    expect(faultsOf(broken, "change")).toEqual(["guides/planning/01_idea.md:1 no-front-matter"]);
    expect(places(overlay(broken).faults)).toEqual(["guides/planning/01_idea.md:1 no-front-matter"]);
  });

  test("of what stands in every prompt concern every playbook", () => {
    expect(faultsOf({ "guides/common/OURS.md": "" }, "change_project")).toEqual(["guides/common/OURS.md:1 no-front-matter"]);
  });

  test("a guide that is missing is a fault of the line that names it", () => {
    const { faults } = overlay({ "playbooks/release.yml": release.replace("02_plan", "02_plam") });
    expect(faults).toMatchObject([{ file: `${folder}/playbooks/release.yml`, line: 11, rule: "missing-file" }]);
    expect(faults[0]?.message).toBe(
      '"phases.0.steps.1": expected the file "planning/02_plam.md", got nothing; did you mean "planning/02_plan.md"?',
    );
  });

  test.each([
    ["a playbook that is no YAML", { "playbooks/release.yml": "name: 'release\naliases: [ship]\n" }, "release"],
    ["an alias of a playbook that can't be read", { "playbooks/release.yml": "aliases: [ship]\n" }, "ship"],
    ["an alias that the app's own had", { "playbooks/change.yml": "name: change\n" }, "change_project"],
    ["a playbook in the wrong place", { "playbook/release.yml": release }, "release"],
    ["a playbook with another ending", { "playbooks/release.yaml": release }, "release"],
  ])("are told under the label of %s", (_, files, label) => {
    const { byLabel } = overlay(files);
    expect(byLabel(label)?.kind).toBe("faulty");
    expect(byLabel("small")?.kind).toBe("playbook");
    expect(byLabel("bug")).toBeNull();
  });

  test("of a label that the app's own playbooks have are those of who takes it", () => {
    const taken = { "playbooks/another.yml": `${smallPlaybook.replace("name: small", "name: another")}aliases: [change_project]\n` };
    expect(faultsOf(taken, "another")).toEqual(["playbooks/another.yml:13 duplicate-label"]);
    expect(faultsOf(taken, "change_project")).toEqual(["playbooks/another.yml:13 duplicate-label"]);
    expect(overlay(taken).byLabel("change")?.kind).toBe("playbook");
  });

  test("of a file that nobody looked into say why", () => {
    const content = { kind: "unread", rule: "too-large", message: "expected at most 1 byte, got 2" } as const;
    const { faults } = repositoryPlaybooks(builtIn, [{ path: `${folder}/agents/gardener.md`, content }], noLimits);
    expect(faults).toEqual([{ file: `${folder}/agents/gardener.md`, line: null, rule: content.rule, message: content.message }]);
  });
});

describe("a repository may not widen", () => {
  test("budgets beyond those of the installation", () => {
    const dear = { "playbooks/release.yml": `${release}taskBudgetUsd: 30\n` };
    const limits = { phaseBudgetUsd: 2, taskBudgetUsd: 25 };
    expect(faultsOf(dear, "release", limits)).toEqual([
      "playbooks/release.yml:8 over-budget",
      "playbooks/release.yml:13 over-budget",
    ]);
    expect(overlay(dear, { phaseBudgetUsd: 2.5, taskBudgetUsd: 30 }).faults).toEqual([]);
    expect(overlay(dear).faults).toEqual([]);
  });

  test("a built-in playbook's budget is the installation's own affair", () => {
    expect(overlay({}, { phaseBudgetUsd: 0.01, taskBudgetUsd: 0.01 }).faults).toEqual([]);
  });

  test.each([".github/**", ".github/workflows/ci.yml", "**/.claude/settings.json", ".phasegate/**", "docs/CODEOWNERS"])(
    "paths such as %s, which no phase may change",
    (glob) => {
      const [fault] = overlay({ "playbooks/release.yml": release.replace('["docs/**"]', `["docs/**", "${glob}"]`) }).faults;
      expect(fault).toMatchObject({ file: `${folder}/playbooks/release.yml`, line: 9, rule: "denied-path" });
      expect(fault?.message).toContain(`got "${glob}", which no phase may`);
    },
  );

  test("nor in a single step", () => {
    const wide = release.replace('["docs/**"]', '["**"]');
    const step = smallFolder["planning/01_idea.md"].replaceAll("docs/idea.md", ".github/dependabot.yml");
    expect(faultsOf({ "playbooks/release.yml": wide, "guides/planning/01_idea.md": step }, "release")).toEqual([
      "guides/planning/01_idea.md:3 denied-path",
      "guides/planning/01_idea.md:6 denied-path",
    ]);
  });

  test.each(["**", ".github/phasegate/workflows/**", ".phasegate/specs/active/*.yaml"])("%s may stay", (glob) => {
    expect(overlay({ "playbooks/release.yml": release.replace('["docs/**"]', `["docs/**", "${glob}"]`) }).faults).toEqual([]);
  });

  test("the tools of those who only read", () => {
    const judge = { "playbooks/release.yml": release.replace("verification:", "reviewers: [reviewer]\n    verification:") };
    expect(faultsOf({ ...judge, "agents/reviewer.md": role("reviewer", "Read, Bash") }, "release")).toEqual([
      "agents/reviewer.md:4 wider-than-role",
    ]);
    expect(overlay({ ...judge, "agents/reviewer.md": role("reviewer", "Read, Grep") }).faults).toEqual([]);
    expect(overlay({ "agents/gardener.md": role("gardener", "Read, Bash") }).faults).toEqual([]);
  });

  test("the tools that there are", () => {
    const wild = {
      "playbooks/release.yml": release.replace("verification:", "role: gardener\n    verification:"),
      "agents/gardener.md": role("gardener", "Read, Task"),
    };
    expect(faultsOf(wild, "release")).toEqual(["agents/gardener.md:4 wrong-value"]);
  });

  test.each([
    ["without a criterion that must hold", planningCriteria.replaceAll("documents-exist", "others-exist"), 2],
    ["with one that need not hold any more", planningCriteria.replace("severity: must", "severity: should"), 7],
    ["with another check under its name", planningCriteria.replace("check: outputs-exist", "check: links-resolve"), 5],
  ])("the built-in criteria of a phase, %s", (_, text, line) => {
    const [fault, ...others] = overlay({ "guides/verification/planning.md": text }).faults;
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ file: `${folder}/guides/verification/planning.md`, line });
    expect(fault?.message).toContain("documents-exist");
  });

  test("but more criteria, and other words, are welcome", () => {
    const more = planningCriteria
      .replace("All documents exist.", "Each document is there.")
      .replace("severity: should\n", "severity: must\n  - id: short\n    text: It is short.\n    kind: judged\n    severity: should\n");
    const { byLabel, faults } = overlay({ "guides/verification/planning.md": more });
    expect(faults).toEqual([]);
    const found = byLabel("small");
    expect(found?.kind === "playbook" && found.playbook.phases[0]?.criteria.map(({ id }) => id)).toEqual([
      "documents-exist",
      "documents-agree",
      "short",
    ]);
  });
});
