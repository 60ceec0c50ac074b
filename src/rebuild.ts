/** `npm run rebuild -- owner/repository`: brings the tasks of a repository back into the database from what it holds of them. */
import { randomUUID } from "node:crypto";
import { sentenceOf, settingsOrExit } from "./command-line.ts";
import type { Config } from "./control/config.ts";
import type { Log } from "./control/ports/surroundings.ts";
import { rebuild } from "./control/rebuild.ts";
import { createSeal } from "./control/seal.ts";
import type { Repository } from "./core/events.ts";
import type { GitHubClient } from "./github/client.ts";
import { findInstalled } from "./github/installed.ts";
import { RequestFailed } from "./github/request-failed.ts";
import { openStore } from "./store/open-store.ts";
import { githubOf, policyOf, realTimer } from "./wiring.ts";

const usage = "usage: npm run rebuild -- owner/repository\n";
const clock = { now: () => new Date() };
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const [named, ...more] = process.argv.slice(2);
const [, owner, name] = /^([\w.-]+)\/([\w.-]+)$/u.exec(named ?? "") ?? [];
if (owner === undefined || name === undefined || more.length > 0) leave(2, usage);
else {
  try {
    process.exitCode = await run(settingsOrExit(process.env), owner, name);
  } catch (error) {
    leave(1, `phasegate: ${sentenceOf(error)}\n`);
  }
}

async function run(config: Config, owner: string, name: string): Promise<number> {
  const { dataDir, databaseUrl, checkpointKeys } = config;
  const github = githubOf(config, { clock, log, store: null });
  const repository = await repositoryOf(github, owner, name);
  const store = await openStore({ dataDir, databaseUrl, now: () => clock.now(), newId: randomUUID });
  try {
    const appSeal = createSeal(checkpointKeys);
    const rebuilding = {
      store,
      github,
      appSeal,
      clock,
      newId: randomUUID,
      policy: policyOf(config),
      timer: realTimer,
      log,
    };
    const { broughtBack, alreadyThere, refused } = await rebuild(rebuilding, repository, say);
    if (broughtBack + alreadyThere + refused === 0) say(`${owner}/${name} holds no records of tasks`);
    else say(`${broughtBack} brought back, ${alreadyThere} already there, ${refused} refused`);
    if (broughtBack > 0) {
      say("start the app: it looks at GitHub and goes on from there; runs that were under way begin anew");
    }
    return refused === 0 ? 0 : 1;
  } finally {
    await store.close();
  }
}

async function repositoryOf({ api }: GitHubClient, owner: string, name: string): Promise<Repository> {
  try {
    return await (await findInstalled(api, owner, name)).repository();
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.status !== 404) throw error;
    const message = `the App is not installed in ${owner}/${name}, or there is no such repository; npm run doctor says more`;
    throw new Error(message, { cause: error });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function leave(code: number, words: string): never {
  process.stderr.write(words);
  process.exit(code);
}

function nothing(): void {
  return undefined;
}
