import { describe, expect, test } from "vitest";
import { GuideError } from "../../src/guide/guide-error.ts";
import type { GuideFault } from "../../src/guide/guide-error.ts";
import { loadPlaybook, loadPlaybooks, loadVerification } from "../../src/guide/load-playbook.ts";
import { guideText, planGuide, planningCriteria, smallFolder, smallPlaybook, withGuideFolder } from "./guide-folder.ts";

async function faultsOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  name = "small",
): Promise<readonly GuideFault[]> {
  let faults: readonly GuideFault[] = [];
  await withGuideFolder(files, async (folder) => {
    const error: unknown = await loadPlaybook(folder, name).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof GuideError)) throw new Error("expected a GuideError", { cause: error });
    faults = error.faults;
  });
  return faults;
}

function places(faults: readonly GuideFault[]): readonly string[] {
  return faults.map(({ file, line, rule }) => `${file}:${line ?? "-"} ${rule}`);
}

describe("loadPlaybook", () => {
  test("resolves steps with their guides and defaults", async () => {
    await withGuideFolder(smallFolder, async (folder) => {
      const { playbook, hash } = await loadPlaybook(folder, "small");
      expect(hash).toMatch(/^[0-9a-f]{64}$/u);
      expect(playbook.phases[0]?.steps).toEqual([
        {
          slug: "01_idea",
          title: "Idea",
          guide: "# Guide\n\nWrite it well.",
          outputs: ["docs/idea.md"],
          sections: ["Problem"],
          minCharacters: 300,
          allowedPaths: ["docs/idea.md"],
          tools: ["Read", "Write"],
          source: "planning/01_idea.md",
          role: null,
          questionRoundsMax: null,
        },
        {
          slug: "02_plan",
          title: "Plan",
          guide: "# Guide\n\nWrite it well.",
          outputs: ["docs/plan.md"],
          sections: ["Order"],
          minCharacters: 500,
          allowedPaths: ["docs/**"],
          tools: ["Read", "Write"],
          source: "planning/02_plan.md",
          role: null,
          questionRoundsMax: null,
        },
      ]);
    });
  });

  test("gives each phase its criteria, with the text for whoever judges them", async () => {
    await withGuideFolder(smallFolder, async (folder) => {
      const { playbook } = await loadPlaybook(folder, "small");
      expect(playbook.phases[0]).toMatchObject({
        criteria: [
          { id: "documents-exist", text: "All documents exist.", kind: "deterministic", check: "outputs-exist", severity: "must" },
          { id: "documents-agree", text: "The documents agree.", kind: "judged", severity: "should" },
        ],
        verifierGuide: "# Judging\n\nRead both.",
        testCommand: null,
        mayBeSkipped: false,
      });
    });
  });

  test("takes a test command and leave to skip from the playbook", async () => {
    const text = smallPlaybook.replace("    steps", "    testCommand: npm test\n    mayBeSkipped: true\n    steps");
    await withGuideFolder({ ...smallFolder, "playbooks/small.yml": text }, async (folder) => {
      const { playbook } = await loadPlaybook(folder, "small");
      expect(playbook.phases[0]).toMatchObject({ testCommand: "npm test", mayBeSkipped: true });
    });
  });

  test("gives no text to a judge where nothing is judged", async () => {
    const text = planningCriteria.slice(0, planningCriteria.indexOf("  - id: documents-agree")) + "---\n\nNothing to judge.\n";
    await withGuideFolder({ ...smallFolder, "verification/planning.md": text }, async (folder) => {
      expect((await loadVerification(folder, "planning")).verifierGuide).toBe("");
    });
  });

  test.each([
    ["a field that nobody knows", planningCriteria.replace("severity: must", "severity: must\n    weight: 3"), "8 unknown-field"],
    ["an id that is no word", planningCriteria.replace("documents-agree", "Documents agree"), "8 wrong-value"],
    ["an id twice", planningCriteria.replace("documents-agree", "documents-exist"), "8 duplicate-criterion"],
    ["another kind", planningCriteria.replace("kind: judged", "kind: guessed"), "10 wrong-value"],
    ["no kind", planningCriteria.replace("    kind: judged\n", ""), "8 wrong-value"],
    ["a check that does not exist", planningCriteria.replace("outputs-exist", "is-good"), "6 wrong-value"],
    ["a check of changesets", planningCriteria.replace("outputs-exist", "paths-allowed"), "6 wrong-value"],
    ["no check where one is asked for", planningCriteria.replace("    check: outputs-exist\n", ""), "3 missing-field"],
    ["a check where one is judged", planningCriteria.replace("kind: judged", "kind: judged\n    check: no-secrets"), "11 unknown-field"],
    ["a check twice", planningCriteria.replace("kind: judged", "kind: deterministic\n    check: outputs-exist"), "11 duplicate-check"],
    ["another severity", planningCriteria.replace("severity: should", "severity: maybe"), "11 wrong-value"],
    ["an empty sentence", planningCriteria.replace("The documents agree.", '" "'), "9 too-small"],
    ["no criterion", "---\ncriteria: []\n---\n\nJudge.\n", "2 too-small"],
    ["no text", planningCriteria.slice(0, planningCriteria.indexOf("# Judging")), "12 empty-guide"],
    ["no front matter", "# Judging\n", "1 no-front-matter"],
  ])("refuses criteria with %s", async (_, text, expected) => {
    const faults = await faultsOf({ ...smallFolder, "verification/planning.md": text });
    expect(places(faults)).toContain(`verification/planning.md:${expected}`);
  });

  test("says what it expected of a criterion", async () => {
    const text = planningCriteria.replace("kind: judged", "kind: guessed");
    const [fault] = await faultsOf({ ...smallFolder, "verification/planning.md": text });
    expect(fault?.message).toBe('"criteria.1.kind": expected "deterministic", with its check, or "judged", got "guessed"');
  });

  test("names a file of criteria that is missing", async () => {
    await withGuideFolder(smallFolder, async (folder) => {
      await expect(loadVerification(folder, "design")).rejects.toThrow(
        /reading the criteria "design": 1 fault\n {2}verification\/design\.md \[missing-file\]/u,
      );
    });
  });

  test("gives one hash whatever the line ends and byte order marks of the checkout", async () => {
    const crlf = Object.fromEntries(
      Object.entries(smallFolder).map(([file, text]) => [file, `\uFEFF${text.replaceAll("\n", "\r\n")}`]),
    );
    await withGuideFolder(smallFolder, async (plain) => {
      await withGuideFolder(crlf, async (windows) => {
        const loaded = await loadPlaybook(windows, "small");
        expect(loaded).toEqual(await loadPlaybook(plain, "small"));
      });
    });
  });

  test("changes the hash with any word of a guide", async () => {
    const changed = { ...smallFolder, "planning/02_plan.md": planGuide.replace("well", "better") };
    await withGuideFolder(smallFolder, async (before) => {
      await withGuideFolder(changed, async (after) => {
        expect((await loadPlaybook(after, "small")).hash).not.toBe((await loadPlaybook(before, "small")).hash);
      });
    });
  });

  test("names the playbooks that exist when the asked one does not", async () => {
    const [fault] = await faultsOf(smallFolder, "../secret");
    expect(fault).toMatchObject({ file: "playbooks", line: null, rule: "unknown-playbook" });
    expect(fault?.message).toContain("(small)");
  });

  test("reports the faults of all files at once, each with file, line and rule", async () => {
    const faults = await faultsOf({
      "playbooks/small.yml": smallPlaybook,
      "planning/01_idea.md": guideText(
        "title: Idea\noutputs: [docs/idea.md]\nsections: [Problem]\ncolour: red\nminCharacters: many\ntools: [Read, Fly]\n",
      ),
    });
    expect(places(faults).toSorted()).toEqual([
      "planning/01_idea.md:5 unknown-field",
      "planning/01_idea.md:6 wrong-type",
      "planning/01_idea.md:7 wrong-value",
      "playbooks/small.yml:10 missing-file",
      "playbooks/small.yml:11 missing-file",
    ]);
  });

  test("prints expectation and finding of each fault in the error's message", async () => {
    await withGuideFolder(
      { ...smallFolder, "planning/02_plan.md": planGuide.replace("title: Plan\n", "title: 7\n") },
      async (folder) => {
        await expect(loadPlaybook(folder, "small")).rejects.toThrow(
          'reading playbook "small": 1 fault\n  planning/02_plan.md:2 [wrong-type] "title": expected string, got 7',
        );
      },
    );
  });

  test.each([
    ["an unknown field", smallPlaybook.replace("title: Small", "title: Small\nowner: ada"), "3 unknown-field"],
    ["a missing field", smallPlaybook.replace("    budgetUsd: 2.5\n", ""), "4 missing-field"],
    ["a budget of nothing", smallPlaybook.replace("2.5", "0"), "8 too-small"],
    ["a hole in the numbers", smallPlaybook.replace("number: 1", "number: 2"), "4 phase-number"],
    ["a step twice", smallPlaybook.replace("[01_idea, 02_plan]", "[01_idea, 02_plan, 01_idea]"), "11 duplicate-step"],
    ["another name than the file's", smallPlaybook.replace("name: small", "name: large"), "1 name-differs"],
    ["checks in the place of criteria", smallPlaybook.replace("verification: planning", "checks: []"), "10 unknown-field"],
    ["criteria elsewhere", smallPlaybook.replace("verification: planning", "verification: ../etc"), "10 wrong-value"],
    ["a command of two lines", smallPlaybook.replace("    steps", '    testCommand: "a\\nb"\n    steps'), "11 wrong-value"],
    ["an empty command", smallPlaybook.replace("    steps", '    testCommand: " "\n    steps'), "11 too-small"],
    ["a half skip", smallPlaybook.replace("    steps", "    mayBeSkipped: perhaps\n    steps"), "11 wrong-type"],
    ["a path out of the repository", smallPlaybook.replace("docs/**", "docs/../**"), "9 wrong-value"],
    ["a guide folder elsewhere", smallPlaybook.replace("guide: planning", "guide: ../etc"), "7 wrong-value"],
    ["a field twice", smallPlaybook.replace("title: Small", "title: Small\ntitle: Twice"), "3 yaml"],
    ["broken YAML", smallPlaybook.replace("title: Small", "title: [Small"), "3 yaml"],
    ["an alias", smallPlaybook.replace("title: Small", "title: &a Small").replace("title: Planning", "title: *a"), "1 yaml"],
    ["a list instead of fields", "- name: small\n", "1 wrong-type"],
    ["nothing", "", "1 wrong-type"],
  ])("refuses a playbook with %s", async (_, text, expected) => {
    const faults = await faultsOf({ ...smallFolder, "playbooks/small.yml": text });
    expect(places(faults)).toContain(`playbooks/small.yml:${expected}`);
  });

  test("refuses two phases of one name", async () => {
    const second = smallPlaybook.slice(smallPlaybook.indexOf("  - number")).replace("number: 1", "number: 2");
    const faults = await faultsOf({ ...smallFolder, "playbooks/small.yml": smallPlaybook.replace(/(?=description: Something)/u, second.replace(/description: Something.*\n/u, "")) });
    expect(places(faults)).toEqual(["playbooks/small.yml:13 duplicate-phase"]);
  });

  test.each([
    ["without front matter", "# Guide\n", "1 no-front-matter"],
    ["with open front matter", "---\ntitle: Plan\n", "1 open-front-matter"],
    ["without a text", planGuide.slice(0, planGuide.indexOf("# Guide")), "6 empty-guide"],
    ["with a heading twice", planGuide.replace("[Order]", "[Order, order]"), "4 wrong-value"],
    ["with a heading that has its mark", planGuide.replace("[Order]", '["# Order"]'), "4 wrong-value"],
    ["without outputs", planGuide.replace("[docs/plan.md]", "[]"), "3 no-deliverable"],
    ["with a tool twice", planGuide.replace("[Read, Write]", "[Read, Read]"), "5 wrong-value"],
    ["with a minimum of nothing", planGuide.replace("tools:", "minCharacters: 0\ntools:"), "5 too-small"],
    ["with a half minimum", planGuide.replace("tools:", "minCharacters: 1.5\ntools:"), "5 wrong-type"],
    ["wider than its phase", planGuide.replace("tools:", 'allowedPaths: [docs/**, "**"]\ntools:'), "5 wider-than-phase"],
    ["with an output it may not write", planGuide.replace("docs/plan.md", "src/plan.md"), "3 output-not-allowed"],
    ["with a negated path", planGuide.replace("tools:", 'allowedPaths: ["!docs/x"]\ntools:'), "5 wrong-value"],
  ])("refuses a guide %s", async (_, text, expected) => {
    const faults = await faultsOf({ ...smallFolder, "planning/02_plan.md": text });
    expect(places(faults)).toContain(`planning/02_plan.md:${expected}`);
  });

  test("refuses a guide that is not UTF-8 or too large", async () => {
    const faults = await faultsOf({
      ...smallFolder,
      "planning/01_idea.md": Uint8Array.of(0x2d, 0x2d, 0x2d, 0x0a, 0xff, 0xfe),
      "planning/02_plan.md": planGuide + "x".repeat(300_000),
    });
    expect(places(faults)).toEqual(["planning/01_idea.md:- not-utf8", "planning/02_plan.md:- too-large"]);
  });
});

describe("loadPlaybooks", () => {
  test("gives every playbook by its name", async () => {
    await withGuideFolder(
      { ...smallFolder, "playbooks/other.yml": smallPlaybook.replace("name: small", "name: other") },
      async (folder) => {
        expect([...(await loadPlaybooks(folder)).keys()]).toEqual(["other", "small"]);
      },
    );
  });

  test("reports the faults of all playbooks together", async () => {
    await withGuideFolder(
      { ...smallFolder, "playbooks/bad.yml": "name: bad\n", "playbooks/worse.yml": "{" },
      async (folder) => {
        await expect(loadPlaybooks(folder)).rejects.toThrow(/playbooks\/bad\.yml[\s\S]*playbooks\/worse\.yml/u);
      },
    );
  });

  test("refuses a folder without playbooks", async () => {
    await withGuideFolder({}, async (folder) => {
      await expect(loadPlaybooks(folder)).rejects.toThrow("no-playbook");
    });
  });
});
