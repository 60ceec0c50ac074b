/** `npm run probe -- owner/repository`: asks real GitHub whether it does what the sandbox assumes. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { ConfigError, parseConfig, type Config } from "../../src/control/config.ts";
import { readRows, rowOf, unchecked, type Assumption, type Verdict } from "./assumption.ts";
import { assumptions } from "./assumptions.ts";
import { createClient, NoAnswer, RateLimited } from "./client.ts";
import { cleanUp, findPlace, NoScratch, prepare, whatIsWritten, type Place, type Scratch } from "./scratch.ts";

const usage = "usage: npm run probe -- [--yes] [--json] owner/repository\n";
const exitCodes = { differs: 1, cannot: 2, interrupted: 130 } as const;

type Result = { readonly row: string } & Verdict;

const { repository, yes, json } = readArguments(process.argv.slice(2));
const interrupted = new AbortController();
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
process.exitCode = await main();

/** The check that is under way ends, then everything is taken away. */
function interrupt(): void {
  if (!interrupted.signal.aborted) process.stderr.write("stopping, and cleaning up\n");
  interrupted.abort();
}

async function main(): Promise<number> {
  try {
    const config = parseConfig(process.env, (file) => readFileSync(file, "utf8"));
    const place = await findPlace(clientOf(config), repository, Date.now().toString(36));
    if (!yes && !(await agreed(place))) return exitCodes.cannot;
    const results = await probe(place);
    if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    else process.stdout.write(summaryOf(results));
    if (interrupted.signal.aborted) return exitCodes.interrupted;
    return results.some(({ kind }) => kind === "differs") ? exitCodes.differs : 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof NoScratch || error instanceof NoAnswer)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCodes.cannot;
  }
}

async function probe(place: Place): Promise<readonly Result[]> {
  const rows = readRows();
  const results: Result[] = [];
  try {
    const scratch = await prepare(place);
    let limit: RateLimited | null = null;
    for (const assumption of assumptions) {
      if (interrupted.signal.aborted) break;
      const verdict: Verdict | RateLimited = limit ?? (await verdictOf(assumption, scratch));
      if (verdict instanceof RateLimited) limit = verdict;
      const result: Result = {
        row: rowOf(assumption, rows),
        ...(verdict instanceof RateLimited ? unchecked(verdict.message) : verdict),
      };
      results.push(result);
      if (!json) process.stdout.write(lineOf(result));
    }
  } finally {
    for (const left of await cleanUp(place)) process.stderr.write(`left behind in ${repository}: ${left}\n`);
  }
  return results;
}

async function verdictOf(assumption: Assumption, scratch: Scratch): Promise<Verdict | RateLimited> {
  try {
    return await assumption.check(scratch);
  } catch (error) {
    if (error instanceof RateLimited) return error;
    if (error instanceof NoAnswer) return unchecked(error.message);
    throw error;
  }
}

function lineOf(result: Result): string {
  switch (result.kind) {
    case "holds":
      return `holds: ${result.row}\n`;
    case "differs":
      return `differs: ${result.row}: ${result.how}\n`;
    case "unchecked":
      return `could not be checked: ${result.row}: ${result.why}\n`;
  }
}

function summaryOf(results: readonly Result[]): string {
  const count = (kind: Verdict["kind"]) => results.filter((result) => result.kind === kind).length;
  return `\n${count("holds")} hold, ${count("differs")} differ, ${count("unchecked")} could not be checked\n`;
}

async function agreed({ name }: Place): Promise<boolean> {
  if (!process.stdin.isTTY) {
    process.stderr.write(`the probe writes to ${repository}; nobody is here to agree, so add --yes\n`);
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on("SIGINT", interrupt);
  const asked = `The probe writes to ${repository}: ${whatIsWritten}. All of it begins with ${name}.\nGo on? [y/N] `;
  const answer = await terminal.question(asked, { signal: interrupted.signal }).catch(() => "");
  terminal.close();
  return /^y(?:es)?$/iu.test(answer.trim());
}

function clientOf(config: Config): ReturnType<typeof createClient> {
  return createClient({
    appId: config.appId,
    privateKey: config.privateKey,
    apiUrl: config.githubApiUrl,
    writeIntervalMs: config.githubWriteIntervalMs,
  });
}

function readArguments(given: readonly string[]): {
  readonly repository: string;
  readonly yes: boolean;
  readonly json: boolean;
} {
  const options = new Set(["--yes", "--json"]);
  const [name = "", ...more] = given.filter((argument) => !options.has(argument));
  if (!/^[\w.-]+\/[\w.-]+$/u.test(name) || more.length > 0) {
    process.stderr.write(usage);
    process.exit(exitCodes.cannot);
  }
  return { repository: name, yes: given.includes("--yes"), json: given.includes("--json") };
}
