import { afterEach, describe, expect, test } from "vitest";
import { RetryLater } from "../../src/control/ports/retry-later.ts";
import { defaultSettings } from "../../src/core/settings.ts";
import { setSecret } from "../sandbox/actions-settings.ts";
import type { RepositoryToAdd } from "../sandbox/sandbox.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

let bed: GitHubTestbed;

afterEach(() => bed.stop());

async function start(over: Partial<RepositoryToAdd> = {}): Promise<GitHubTestbed> {
  bed = await startGitHubTestbed(over);
  return bed;
}

function give(secret: string): void {
  setSecret(bed.sandbox.context, bed.sandbox.repositoryOf("octo/shop"), secret, "value");
}

const workflow = "on: { workflow_dispatch: {} }\njobs: {}\n";
const withCi = (ci: string) => ({
  "README.md": "# Shop\n",
  ".github/workflows/phasegate.yml": workflow,
  ".github/workflows/ci.yml": ci,
});

describe("before a run", () => {
  test.each([["ANTHROPIC_API_KEY"], ["CLAUDE_CODE_OAUTH_TOKEN"]])("all is well with the secret %s", async (secret) => {
    await start();
    give(secret);
    expect(await bed.github.preflight(bed.repository)).toEqual({
      fault: null,
      defaultBranch: "main",
      headSha: await bed.github.headOf(bed.repository, "main"),
      ciIsSensitive: false,
      settings: defaultSettings,
    });
  });

  test("an empty repository is named first", async () => {
    await start({ files: {} });
    expect(await bed.github.preflight(bed.repository)).toEqual({
      fault: { kind: "empty-repository" },
      defaultBranch: "main",
      headSha: "",
      ciIsSensitive: false,
      settings: defaultSettings,
    });
  });

  test("a missing workflow file is named before a missing secret", async () => {
    await start({ files: { "README.md": "# Shop\n" } });
    expect((await bed.github.preflight(bed.repository)).fault).toEqual({ kind: "no-workflow-file" });
  });

  test("a workflow that somebody disabled counts as Actions that are off", async () => {
    await start();
    give("ANTHROPIC_API_KEY");
    expect((await bed.github.preflight(bed.repository)).fault).toBeNull();
    for (const workflow of bed.sandbox.repositoryOf("octo/shop").workflows.values())
      workflow.state = "disabled_manually";
    expect((await bed.github.preflight(bed.repository)).fault).toEqual({ kind: "actions-disabled" });
  });

  test("the Actions setting counts where it may be read", async () => {
    await start({
      permissions: { metadata: "read", contents: "write", actions: "write", secrets: "read", administration: "read" },
    });
    give("ANTHROPIC_API_KEY");
    expect((await bed.github.preflight(bed.repository)).fault).toBeNull();
    bed.sandbox.repositoryOf("octo/shop").actionsEnabled = false;
    expect((await bed.github.preflight(bed.repository)).fault).toEqual({ kind: "actions-disabled" });
  });

  test("a missing model secret is named, other secrets do not help", async () => {
    await start();
    give("OPENAI_API_KEY");
    expect((await bed.github.preflight(bed.repository)).fault).toEqual({ kind: "no-model-secret" });
  });

  test("without the permission to read names the secret is taken on trust", async () => {
    await start({ permissions: { metadata: "read", contents: "write", actions: "write" } });
    expect((await bed.github.preflight(bed.repository)).fault).toBeNull();
  });

  test("GitHub's silence is no answer", async () => {
    await start();
    bed.failNext(/actions\/secrets/u, { status: 502 });
    await expect(bed.github.preflight(bed.repository)).rejects.toBeInstanceOf(RetryLater);
  });

  test.each([
    ["on: push\npermissions: { contents: read }\njobs: {}\n", false],
    ["on: push\npermissions: { contents: read }\nenv: { K: '${{ secrets.K }}' }\njobs: {}\n", true],
  ])("the repository's own CI %j is judged", async (ci, sensitive) => {
    await start({ files: withCi(ci) });
    expect((await bed.github.preflight(bed.repository)).ciIsSensitive).toBe(sensitive);
  });
});
