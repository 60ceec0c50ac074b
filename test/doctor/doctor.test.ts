import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../src/control/config.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { startApp } from "../../src/start-app.ts";
import { repositoryName, startWorld, type World, type WorldOptions } from "../support/github-world.ts";
import { temporaryFolder } from "../store/temporary-store.ts";

const doctorFile = path.join(import.meta.dirname, "..", "..", "src", "doctor.ts");
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  return undefined;
}

async function world(options: Partial<WorldOptions> = {}): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), "phasegate-doctor-"));
  const made = await startWorld({ folder, ...options });
  onTestFinished(async () => {
    await made.sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return made;
}

async function withApp(options: Partial<WorldOptions> = {}): Promise<World> {
  const made = await world(options);
  const app = await startApp(
    parseConfig(made.appEnvironment, () => ""),
    {
      clock: { now: () => new Date() },
      newId: randomUUID,
      log: silent,
    },
  );
  onTestFinished(() => app.stop());
  await made.sandbox.webhooks.idle();
  // The webhooks of the installation found no app yet.
  made.sandbox.context.state.deliveries.splice(0);
  return made;
}

async function doctor(
  env: Readonly<Record<string, string>>,
  ...options: readonly string[]
): Promise<{ readonly code: number; readonly said: string; readonly findings: readonly Finding[] }> {
  const cwd = await temporaryFolder();
  return await new Promise((resolve) => {
    execFile(process.execPath, [doctorFile, ...options], { env, cwd }, (error, stdout, stderr) => {
      const isList = stdout.startsWith("[");
      const code = typeof error?.code === "number" ? error.code : 0;
      resolve({ code, said: stdout + stderr, findings: isList ? (JSON.parse(stdout) as Finding[]) : [] });
    });
  });
}

function of(findings: readonly Finding[], check: string): readonly string[] {
  return findings.filter((finding) => finding.check === check).map(({ level, message }) => `${level}: ${message}`);
}

describe("npm run doctor", () => {
  test("finds the running app and a ready repository in order", async () => {
    const { appEnvironment } = await withApp();
    const { findings, said } = await doctor(appEnvironment, "--json", repositoryName);
    expect(findings.filter(({ level }) => level === "fault")).toEqual([]);
    for (const check of [
      "settings",
      "app",
      "app-rights",
      "webhook-address",
      "installation",
      "repository",
      "workflow-file",
      "actions",
      "added-names",
      "repository-settings",
      "checks",
    ])
      expect(of(findings, check).join()).toMatch(/^ok: /u);
    expect(of(findings, "store")).toEqual([
      `ok: the store in ${appEnvironment["DATA_DIR"]} is in use by the running app`,
    ]);
    expect(of(findings, "public-url")).toEqual([`ok: the app answers at ${appEnvironment["PUBLIC_URL"]}`]);
    expect(of(findings, "model-credential").join()).toContain("ANTHROPIC_API_KEY");
    for (const name of ["WEBHOOK_SECRET", "PRIVATE_KEY"]) expect(said).not.toContain(appEnvironment[name] ?? "");
  });

  test("names every setting that is wrong, and how to come by it", async () => {
    const { code, findings } = await doctor({ APP_ID: "Iv1.abc" }, "--json");
    expect(code).toBe(1);
    const names = findings.map(({ message }) => message.split(":")[0]);
    expect(names).toEqual(["APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET", "PUBLIC_URL", "ACTION_REF"]);
    for (const { mend } of findings) expect(mend).toContain("npm run setup");
  });

  test("without a running app, workflow file and credential: three faults, each with its link", async () => {
    const { appEnvironment, sandbox } = await world({ withWorkflowFile: false, secret: null });
    const { code, findings } = await doctor(appEnvironment, "--json", repositoryName);
    expect(code).toBe(1);
    expect(of(findings, "public-url").join()).toContain("does not answer from here");
    const mends = Object.fromEntries(findings.map(({ check, mend }) => [check, mend]));
    expect(mends["workflow-file"]).toContain(
      `${sandbox.url}/${repositoryName}/new/main?filename=.github%2Fworkflows%2Fphasegate.yml`,
    );
    expect(mends["model-credential"]).toBe(`${sandbox.url}/${repositoryName}/settings/secrets/actions/new`);
  });

  test.each([
    ["secrets", "a secret or variable that somebody adds"],
    ["actions_variables", "a variable that somebody adds"],
  ] as const)("without the permission %s it says that people must say what they provide", async (permission, words) => {
    const { appEnvironment, sandbox } = await withApp();
    for (const installation of sandbox.context.state.installations.values()) {
      const { [permission]: _taken, ...left } = installation.permissions;
      installation.permissions = left;
    }
    const { findings } = await doctor(appEnvironment, "--json", repositoryName);
    expect(of(findings, "added-names")).toEqual([
      expect.stringMatching(new RegExp(`^warning: ${words}.*: people must comment /provided NAME$`, "u")),
    ]);
  });

  test("without the rights for checks it says what counts for nothing then", async () => {
    const { appEnvironment, sandbox } = await withApp();
    for (const installation of sandbox.context.state.installations.values()) {
      const { checks: _checks, statuses: _statuses, ...left } = installation.permissions;
      installation.permissions = left;
    }
    const { findings } = await doctor(appEnvironment, "--json", repositoryName);
    expect(of(findings, "checks")).toEqual([
      "warning: no check run will show how a phase was verified, and check runs of other services count for nothing",
      "warning: commit statuses of other services count for nothing",
    ]);
  });

  test("settings of the repository that can't be read are a fault, with file, line and setting", async () => {
    const { appEnvironment, owner } = await withApp();
    await owner.push({ branch: "main", files: { ".github/phasegate.yml": "merge: always\n" } });
    const { findings } = await doctor(appEnvironment, "--json", repositoryName);
    expect(of(findings, "repository-settings")).toEqual([
      'fault: .github/phasegate.yml: line 1: merge: expected manual or auto, got "always"',
    ]);
  });

  test("a workflow file of another version, and webhooks that go elsewhere, are faults", async () => {
    const { appEnvironment, sandbox } = await withApp();
    sandbox.setWebhookUrl("http://127.0.0.1:9/elsewhere");
    const ACTION_REF = `phasegate/phasegate@${"b".repeat(40)}`;
    const { code, findings } = await doctor({ ...appEnvironment, ACTION_REF }, "--json", repositoryName);
    expect(code).toBe(1);
    expect(of(findings, "webhook-address").join()).toContain("not to http://127.0.0.1:");
    expect(of(findings, "workflow-file").join()).toContain(`but ACTION_REF is ${ACTION_REF}`);
  });

  test("an id that does not fit the key is told, and nothing else is asked", async () => {
    const { appEnvironment } = await world();
    const { code, said } = await doctor({ ...appEnvironment, APP_ID: "1" });
    expect(code).toBe(1);
    expect(said).toContain("APP_ID and PRIVATE_KEY do not belong together");
    expect(said).not.toContain("could not be checked");
  });

  test("a repository without the App gets the link that installs it; a malformed one gets the usage", async () => {
    const { appEnvironment, sandbox } = await world();
    const { findings } = await doctor(appEnvironment, "--json", "acme/other");
    expect(findings.at(-1)).toMatchObject({ level: "fault", mend: `${sandbox.url}/apps/phasegate/installations/new` });
    const wrong = await doctor(appEnvironment, "--json", "acme");
    expect(wrong).toMatchObject({ code: 2, said: "usage: npm run doctor -- [--json] [owner/repository]\n" });
  });
});
