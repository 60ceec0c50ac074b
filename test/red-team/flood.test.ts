/** An agent that floods, overspends and flees, run by the real CLI in the real action. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SecurityKind } from "../../src/core/security.ts";
import { canHaveSecondUser } from "../demo/options.ts";
import { guideFolder, notesAgent, request, runs, writes } from "../stories/notes/agent.ts";
import { asked } from "../stories/notes/looks.ts";
import { repositoryName } from "../support/github-world.ts";
import { openStory } from "../support/story.ts";
import { fleeing, flightNames, flooding, overspending } from "./attacks.ts";

const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === "IPv4" && !each.internal)?.address;
const hasNft = (await execa("nft", ["list", "ruleset"], { reject: false })).exitCode === 0;
/** The run's network is left open where it could not be closed. */
const canFlee = outside === undefined || !hasNft;

// Reason to skip: only root (or sudo, through which the action becomes root) can make a second user.
describe.skipIf(!canHaveSecondUser())("an agent that floods, overspends and flees", () => {
  const elsewhere = createServer((_request, response) => response.end("here"));
  let opened: Awaited<ReturnType<typeof openStory>>;
  let heard = "";
  let files: readonly string[] = [];
  let logBytes = 0;
  let workTree = "";
  const floodPath = /docs\/notes\/many/u;

  beforeAll(async () => {
    let attempts = 0;
    opened = await openStory({
      guideFolder,
      environment: { TASK_BUDGET_USD: "2", ...(canFlee ? {} : { NETWORK: "registries" }) },
      decide: notesAgent({
        "notes/01_first": [
          (scene) => {
            attempts += 1;
            workTree = scene.workTree;
            return runs(attempts === 1 ? flooding(workTree) : overspending())(scene);
          },
          runs(fleeing(await listening(elsewhere))),
          writes("A note."),
        ],
      }),
    });
    const { story: told } = opened;
    await told.owner.openIssue({ ...request, labels: ["write_note"] });
    await told.next("ReviewCreated");
    await told.settled();
    const { sandbox } = told;
    heard = asked(told)
      .flatMap(({ messages }) => messages.flatMap(({ toolResults }) => toolResults.map(({ text }) => text)))
      .join("\n");
    const git = ["--git-dir", sandbox.gitDirOf(repositoryName), "log", "--all", "--name-only", "--format="];
    files = execFileSync("git", git, { encoding: "utf8" }).split("\n");
    logBytes = [...sandbox.repositoryOf(repositoryName).runs.values()]
      .flatMap(({ jobs }) => jobs.map(({ log }) => log.length))
      .reduce((sum, length) => sum + length, 0);
  }, 110_000);

  afterAll(async () => {
    elsewhere.close();
    await opened?.close();
  });

  const outcomes = () => opened.story.events.flatMap((event) => (event.type === "RunEnded" ? [event.outcome] : []));

  test("does all of it, so that the rest means something", () => {
    expect(heard).toContain("GOT you, and all that hear you");
    expect(heard).toMatch(/^REFUSED more money 403/mu);
  });

  test("gets 100 MB of output into no log", () => {
    expect(logBytes).toBeLessThan(100_000);
  });

  test("has none of 100,000 files handed over: the attempt fails, and says why", () => {
    const [first] = outcomes();
    expect(first?.kind === "failed" ? first.findings.map(({ message }) => message) : []).toContainEqual(
      expect.stringMatching(/^10000\d files changed/u),
    );
    expect(files.filter((name) => floodPath.test(name))).toEqual([]);
  });

  test("gets no more money than its purse, and what it was refused costs nothing", () => {
    const spentUsd = opened.story.events.reduce((sum, event) => sum + ("spent" in event ? event.spent.costUsd : 0), 0);
    expect(spentUsd).toBeLessThan(0.5);
    expect(outcomes().at(-1)).toEqual({ kind: "completed" });
  });

  // Reason to skip: it takes nft and a network beside loopback.
  describe.skipIf(canFlee)("on a network that reaches registries alone", () => {
    test.each(flightNames)("does not get to %s", (what) => {
      expect(heard).toContain(`REFUSED ${what}`);
      expect(heard).not.toContain(`GOT ${what}`);
    });

    test("leaves what it tried in the task's record", () => {
      const notes = opened.story.events.flatMap((event) => (event.type === "SecurityNoted" ? event.notes : []));
      expect(notes.filter(({ kind }) => kind === "network-refused").map(({ example }) => example)).toContain(
        "a tunnel to evil.example:80",
      );
    });

    test("leaves no rule of the firewall behind", async () => {
      expect((await execa("nft", ["list", "tables"])).stdout).not.toContain("phasegate_");
    });
  });

  test.each<SecurityKind>(["too-much", "model-refused"])("leaves %s in the task's record", (kind) => {
    const notes = opened.story.events.flatMap((event) => (event.type === "SecurityNoted" ? event.notes : []));
    expect(notes.map((note) => note.kind)).toContain(kind);
  });
});

async function listening(server: Server): Promise<string> {
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  const address = server.address();
  return `${outside ?? "127.0.0.1"}:${typeof address === "object" ? address?.port : 0}`;
}
