/** Entry of the GitHub Action: reads the environment, builds what the runner needs of the machine, runs one phase. */

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { getIDToken } from "@actions/core";
import { audienceOf } from "../src/protocol/runner.ts";
import { MachineTakenAway, runPhase } from "../src/runner/run-phase.ts";
import { secretLengthMin } from "../src/core/redact.ts";
import { artifactUpload, type UploadArtifact } from "../src/runner/upload-artifact.ts";
import { messageOf } from "../src/runner/run-texts.ts";
import { changesetFindings } from "../src/verify/changeset-findings.ts";
import { checkStep } from "../src/verify/check-step.ts";
import { verifyPhase } from "../src/verify/verify-phase.ts";
import { environmentFromStdin, receiveEnvironment, runAsRoot } from "./become-root.ts";
import { asEnvironment, parseInputs, takeValues, type Inputs } from "./inputs.ts";
import { createJobLog } from "./job-log.ts";

const jobLog = createJobLog((line) => process.stdout.write(line));

async function main(): Promise<number> {
  const stop = new AbortController();
  // A person's cancelling begins with SIGINT; SIGTERM alone is the machine's end. The first one counts.
  process.on("SIGINT", () => stop.abort(new Error("the job was cancelled (SIGINT)")));
  process.on("SIGTERM", () => stop.abort(new MachineTakenAway("the job's machine is taken away (SIGTERM)")));
  let values = takeValues(process.env);
  if (process.argv.includes(environmentFromStdin)) {
    const received = await receiveEnvironment((why) => stop.abort(why));
    values = takeValues(received);
    Object.assign(process.env, received);
  }
  for (const value of values.values()) if (value.trim().length >= secretLengthMin) jobLog.hide(value);
  const parsed = parseInputs(process.env);
  if (parsed.kind === "faults") {
    for (const fault of parsed.faults) jobLog.log("error", fault);
    return 1;
  }
  const { inputs } = parsed;
  for (const secret of [inputs.credential.value, inputs.repositoryToken]) jobLog.hide(secret);
  const uid = process.getuid?.() ?? -1;
  if (uid !== 0 && !inputs.unsafeSameUser && !process.argv.includes(environmentFromStdin)) {
    const code = await runAsRoot({
      command: [process.execPath, fileURLToPath(import.meta.url)],
      env: { ...process.env, ...asEnvironment(values) },
      stop: stop.signal,
    });
    // Without sudo the run goes on as it is: it opens its session, and the agent's user is refused with the reason.
    if (code !== null) return code;
  }
  return await run(inputs, values, uid, stop.signal);
}

async function run(
  inputs: Inputs,
  values: ReadonlyMap<number, string>,
  uid: number,
  signal: AbortSignal,
): Promise<number> {
  jobLog.log(
    "info",
    `run ${inputs.runId} of task ${inputs.task || "?"}, phase ${inputs.phase || "?"}, for ${inputs.appUrl}`,
  );
  const { env } = process;
  const end = await runPhase({
    ...inputs,
    values,
    getOidcToken: async () => {
      try {
        return await getIDToken(audienceOf(inputs.appUrl));
      } catch (cause) {
        throw new Error('asking for the OIDC token: check that the workflow file has "permissions: id-token: write"', {
          cause,
        });
      }
    },
    platform: platformOf(process.platform, process.arch),
    npmEnvironment: npmEnvironmentOf(env, inputs),
    unwritable: jobPaths(env),
    secrets: [env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], env["ACTIONS_RUNTIME_TOKEN"]].filter((text) => text !== undefined),
    runner: { uid, pid: process.pid, platform: process.platform },
    uploadArtifact: artifactUploadOf(env),
    checks: { checkStep, verifyPhase, changesetFindings },
    fetch: globalThis.fetch,
    wait,
    now: () => new Date(),
    newId: randomUUID,
    log: (level, text) => jobLog.log(level, text),
    hide: (secret) => jobLog.hide(secret),
    signal,
  });
  return end.isGreen ? 0 : 1;
}

/** The runner gives both to actions; elsewhere, e.g. in some other CI, there may be none. */
function artifactUploadOf(env: NodeJS.ProcessEnv): UploadArtifact | null {
  const resultsUrl = env["ACTIONS_RESULTS_URL"] ?? "";
  const runtimeToken = env["ACTIONS_RUNTIME_TOKEN"] ?? "";
  if (!URL.canParse(resultsUrl) || runtimeToken === "") return null;
  return artifactUpload({ resultsUrl, runtimeToken, fetch: globalThis.fetch, wait });
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

/** As the packages of the CLI are named; musl shows in the loader of its C library. */
function platformOf(platform: string, arch: string): string {
  const isMusl = platform === "linux" && existsSync(`/lib/ld-musl-${arch === "x64" ? "x86_64" : "aarch64"}.so.1`);
  return `${platform}-${arch}${isMusl ? "-musl" : ""}`;
}

/** npm knows its registry, its proxies and its certificates from these; the job's tokens are none of its business. */
function npmEnvironmentOf(env: NodeJS.ProcessEnv, { path }: Inputs): Record<string, string> {
  const isWanted = (name: string): boolean =>
    /^(?:npm_config_.*|https?_proxy|no_proxy|node_extra_ca_certs|home)$/i.test(name);
  const wanted = Object.entries(env).filter(
    (entry): entry is [string, string] => isWanted(entry[0]) && entry[1] !== undefined,
  );
  return { ...Object.fromEntries(wanted), PATH: path };
}

/** Through these the agent could speak for the job, or change what the job runs next. */
function jobPaths(env: NodeJS.ProcessEnv): readonly string[] {
  const names = [
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_OUTPUT",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_EVENT_PATH",
  ];
  const folders = ["GITHUB_WORKSPACE", "RUNNER_TEMP", "HOME"];
  const found = [...names, ...folders].flatMap((name) => env[name] ?? []).filter((path) => existsSync(path));
  const own = fileURLToPath(import.meta.url);
  return [...found, own, dirname(own), process.execPath, dirname(process.execPath)];
}

process.exitCode = await main().catch((error: unknown) => {
  jobLog.log("error", messageOf(error));
  return 1;
});
// Sockets that are kept alive and a stdin that is left open must not hold the job.
process.exit();
