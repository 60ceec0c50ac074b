import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import type { FileChange } from "../../src/protocol/runner.ts";
import { filesOf, written } from "../support/fake-runner.ts";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";

const request = { title: "A link shortener", body: "Paste a long URL, get a short one.", labels: ["create_app"] };
const privateKey = `-----BEGIN RSA PRIVATE KEY-----\n${"MIIEpAIBAAKCAQEA".repeat(8)}\n-----END RSA PRIVATE KEY-----\n`;

/** Everything that is reachable from any branch. */
function everyPathOf({ sandbox }: Story): string {
  const git = ["--git-dir", sandbox.gitDirOf(repositoryName), "log", "--all", "--name-only", "--format="];
  return execFileSync("git", git, { encoding: "utf8" });
}

const hostile: readonly (readonly [string, FileChange, RegExp])[] = [
  ["a workflow", written(".github/workflows/steal.yml", "on: push\n"), /steal\.yml/u],
  ["hooks for the next agent", written(".claude/settings.json", "{}"), /\.claude/u],
  ["a file of another phase", written("src/backdoor.js", "export {};\n"), /backdoor/u],
  ["a way out of the tree", written("docs/planning/../../escape.md", "x"), /escape/u],
  [
    "a link out of the tree",
    {
      kind: "written",
      path: "docs/planning/passwd.md",
      mode: "120000",
      contentBase64: Buffer.from("/etc/passwd").toString("base64"),
    },
    /passwd/u,
  ],
  ["a private key", written("docs/planning/notes.md", privateKey), /notes\.md/u],
];

describe("a runner that hands over", () => {
  for (const [what, change, trace] of hostile) {
    story(
      `${what} gets nothing published; the next attempt is told why`,
      {
        runner: {
          changesOf: (job, step, product) => [
            ...filesOf(product, job.phase.name, step),
            ...(job.attempt === 1 && step === "02_market" ? [change] : []),
          ],
        },
      },
      async (told) => {
        await told.owner.openIssue(request);
        const refused = await told.next("ChangesetRefused");
        expect(refused.step).toBe("02_market");
        expect(refused.findings.length).toBeGreaterThan(0);
        expect(JSON.stringify(refused.findings)).not.toContain("MIIEpAIB");
        await told.next("ReviewCreated");
        const second = told.events.findLast((event) => event.type === "RunRequested");
        expect(second).toMatchObject({ attempt: 2, findings: refused.findings });
        expect(everyPathOf(told)).not.toMatch(trace);
      },
    );
  }

  story(
    "a file in the place of a folder takes nothing away that it does not delete by name",
    {
      alsoOnPostgres: true,
      runner: {
        changesOf: (job, step, product) => [
          ...filesOf(product, job.phase.name, step),
          ...(step === "01_idea" ? [written("docs/planning/notes/kept.md", "Kept.\n")] : []),
          ...(job.attempt === 1 && step === "02_market" ? [written("docs/planning/notes", "In its place.\n")] : []),
        ],
      },
    },
    async (told) => {
      await told.owner.openIssue(request);
      const refused = await told.next("ChangesetRefused");
      expect(refused.findings).toMatchObject([{ check: "paths-allowed", path: "docs/planning/notes/kept.md" }]);
      await told.next("ReviewCreated");
      const git = [
        "--git-dir",
        told.sandbox.gitDirOf(repositoryName),
        "show",
        "phasegate/1-1-planning:docs/planning/notes/kept.md",
      ];
      expect(execFileSync("git", git, { encoding: "utf8" })).toBe("Kept.\n");
    },
  );
});
