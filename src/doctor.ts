import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { ConfigError, parseConfig, type Config } from "./control/config.ts";
import type { Log } from "./control/ports/surroundings.ts";
import { examineAction } from "./doctor/action-findings.ts";
import { examineApp, examineInstallations, examineWebhook } from "./doctor/app-findings.ts";
import { fault, guarded, ok, reportOf, warning, type Finding } from "./doctor/finding.ts";
import { examinePublicUrl } from "./doctor/public-url-findings.ts";
import { examineRepository } from "./doctor/repository-findings.ts";
import { createApi } from "./github/api.ts";
import { webhookPath } from "./http/server.ts";
import { protocolVersionsServed } from "./protocol/runner.ts";
import { readAppRights } from "./setup/app-manifest.ts";
import { StoreLocked } from "./store/data-folder.ts";
import { openStore } from "./store/open-store.ts";

const githubTimeoutMs = 15_000;
const usage = "usage: npm run doctor -- [--json] [owner/repository]\n";
const clock = { now: () => new Date() };
const appYml = path.join(import.meta.dirname, "..", "app.yml");
const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const { json, repository } = readArguments(process.argv.slice(2));
const findings = await examine();
process.stdout.write(json ? `${JSON.stringify(findings, null, 2)}\n` : reportOf(findings));
process.exitCode = findings.some(({ level }) => level === "fault") ? 1 : 0;

/** Each part looks at what the one before has shown to be there. */
async function examine(): Promise<readonly Finding[]> {
  const settings = examineSettings();
  if (settings.config === null) return settings.findings;
  const { config } = settings;
  const { githubWebUrl: webUrl, githubApiUrl: apiUrl, publicUrl, actionRef, mcpHosts, network } = config;
  const rights = readAppRights(readFileSync(appYml, "utf8"));
  const { appId, privateKey } = config;
  const api = createApi({
    creations: null,
    appId,
    privateKey,
    apiUrl,
    writeIntervalMs: 0,
    timeoutMs: githubTimeoutMs,
    log: silent,
    clock,
  });
  const examination = { api, rights, webUrl, webhookUrl: `${publicUrl}${webhookPath}`, clock };
  const { app, findings: aboutApp } = await examineApp(examination);
  const found = [
    ...settings.findings,
    ...(await examineStore(config)),
    ...(await examinePublicUrl({ publicUrl, webhookPath, fetch })),
    ...(await examineAction({ actionRef, apiUrl, webUrl, served: protocolVersionsServed, fetch })),
    ...aboutApp,
  ];
  if (app === null) return found;
  found.push(...(await examineWebhook(examination, app)), ...(await examineInstallations(examination, app)));
  if (repository === null) return found;
  const [owner = "", name = ""] = repository.split("/");
  return [
    ...found,
    ...(await examineRepository(
      { api, webUrl, actionRef, publicUrl, slug: app.slug, rights, clock, mcpHosts, network },
      owner,
      name,
    )),
  ];
}

function examineSettings(): { readonly config: Config | null; readonly findings: readonly Finding[] } {
  try {
    const config = parseConfig(process.env, (file) => readFileSync(file, "utf8"));
    return { config, findings: [ok("settings", "all settings are there and well formed"), ...examineEnvFile()] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.faults.map((text) =>
      fault("settings", text, "Set it in .env or the environment; where no App is made yet: npm run setup"),
    );
    return { config: null, findings };
  }
}

/** The private key lies in it. */
function examineEnvFile(): readonly Finding[] {
  const stat = statSync(".env", { throwIfNoEntry: false });
  if (stat === undefined || (stat.mode & 0o077) === 0) return [];
  return [warning("settings", "other users of this machine can read or write .env", "chmod 600 .env")];
}

async function examineStore(config: Config): Promise<readonly Finding[]> {
  const { dataDir, databaseUrl } = config;
  return await guarded("store", async () => {
    try {
      const store = await openStore({ dataDir, databaseUrl, now: () => clock.now(), newId: randomUUID });
      await store.close();
      return [ok("store", databaseUrl === null ? `the store in ${dataDir} opens` : "the store of DATABASE_URL opens")];
    } catch (error) {
      if (error instanceof StoreLocked) return [ok("store", `the store in ${dataDir} is in use by the running app`)];
      throw error;
    }
  });
}

function readArguments(given: readonly string[]): { readonly json: boolean; readonly repository: string | null } {
  const names = given.filter((argument) => argument !== "--json");
  const [repository = null] = names;
  if (names.length > 1 || (repository !== null && !/^[\w.-]+\/[\w.-]+$/u.test(repository))) {
    process.stderr.write(usage);
    process.exit(2);
  }
  return { json: given.includes("--json"), repository };
}

function nothing(): void {
  return undefined;
}
