/** Servers of tools that a repository's settings give to the agent, with the real CLI; the model is scripted. */

import { describe, expect, test } from "vitest";
import type { Job, JobDependency } from "../../src/protocol/runner.ts";
import { runPhase } from "../../src/runner/run-phase.ts";
import { purposeOf, withReport } from "../model/answer-report.ts";
import type { AnswerBlock, ModelAnswer } from "../model/model-answer.ts";
import type { ModelRequest } from "../model/model-request.ts";
import { startModelServer } from "../model/model-server.ts";
import { startFakeApp } from "./fake-app.ts";
import { aJob, aStep, makeFolder, makeRepository, runOptions } from "./run-world.ts";
import { startTinyMcp } from "./tiny-mcp.ts";

const token = "shelf-token-0123456789abcdef";
const granted: JobDependency = {
  name: "SHELF_TOKEN",
  askedAs: "SHELF_TOKEN",
  type: "api_key",
  state: "granted",
  // In another phase: a server's token is not asked for twice.
  steps: [],
  slot: 1,
};

const look: AnswerBlock = { type: "tool_use", name: "mcp__shelf__shelf", input: {} };

async function runWith(
  given: Pick<Job, "mcpServers" | "dependencies">,
  decide = withReport(author),
  fetch = globalThis.fetch,
) {
  await using folder = await makeFolder();
  const repository = await makeRepository(folder.path, { "README.md": "A product\n" });
  const steps = [aStep({ slug: "01_idea" })];
  const criteria = [
    {
      id: "consistent",
      text: "The document agrees with itself.",
      kind: "judged" as const,
      severity: "should" as const,
    },
  ];
  const job = aJob({ headSha: repository.sha, steps, phase: { criteria }, ...given });
  const app = await startFakeApp(job);
  const model = await startModelServer({ decide });
  const log: string[] = [];
  const options = runOptions(folder.path, { appUrl: app.url, modelUrl: model.url }, log);
  const end = await runPhase({ ...options, fetch, values: new Map([[1, token]]) });
  await model.stop();
  await app.close();
  return { end, app, log, asked: model.requests.flatMap(({ request }) => request ?? []) };
}

/** Looks at the shelf where it can, then writes its document. */
function author({ tools, toolResults, lastUserText }: ModelRequest): ModelAnswer {
  const workTree = /^Work tree: (\S+)$/mu.exec(lastUserText)?.[1] ?? "";
  const isThere = tools.includes("mcp__shelf__shelf");
  if (isThere && toolResults.length === 0) {
    return { blocks: [look] };
  }
  if (toolResults.length === (isThere ? 1 : 0)) {
    const seen = isThere ? (toolResults[0]?.text ?? "") : "nothing";
    const document = `# Idea\n\n## Problem\n\nOn the shelf lies ${seen}, and nobody can read it out on the phone.\n`;
    const command = `mkdir -p ${workTree}/docs && cat > ${workTree}/docs/01_idea.md <<'END'\n${document}END`;
    return { blocks: [{ type: "tool_use", name: "Bash", input: { command, description: "write" } }] };
  }
  return { blocks: [{ type: "text", text: "Done." }] };
}

function written({ app }: Awaited<ReturnType<typeof runWith>>): string {
  const change = app.steps[0]?.changes[0];
  return change?.kind === "written" ? Buffer.from(change.contentBase64, "base64").toString("utf8") : "";
}

describe("a server that wants a token", () => {
  test("answers the agent's calls with what was granted, and is out of reach of whoever judges", async () => {
    await using server = await startTinyMcp(token);
    const mcpServers = [{ name: "shelf", url: server.url, tokenSecret: "SHELF_TOKEN" }];
    const usual = withReport(author);
    const done = await runWith({ mcpServers, dependencies: [granted] }, (request) => {
      const isTrying = purposeOf(request)?.kind === "decisions" && request.toolResults.length === 0;
      return isTrying ? { blocks: [look] } : usual(request);
    });
    expect(done.log.filter((line) => /^(?:error|warn)/u.test(line))).toEqual([]);
    expect(done.end.isGreen).toBe(true);
    expect(server.calls).toHaveLength(1);
    expect(written(done)).toContain("three blue books");
    const verifying = done.asked.filter((request) => purposeOf(request)?.kind === "verify");
    expect(verifying.map(({ tools }) => tools.filter((name) => name.startsWith("mcp__")))).toEqual([[]]);
    // The CLI goes on to show the model the tools that a conversation began with; a call finds no server.
    const deciding = done.asked.filter((request) => purposeOf(request)?.kind === "decisions");
    expect(deciding.at(-1)?.toolResults).toMatchObject([
      { isError: true, text: expect.stringContaining("No MCP server") },
    ]);
    const prompts = JSON.stringify(done.asked);
    expect(prompts).toContain("The server shelf gives you tools");
    expect(JSON.stringify([prompts, done.app.batches, done.app.steps, done.log])).not.toContain(token);
  });

  test("is sent to no other one, also where its name is that of a service whose keys are tried", async () => {
    await using server = await startTinyMcp(token);
    const mcpServers = [{ name: "shelf", url: server.url, tokenSecret: "NOTION_TOKEN" }];
    const dependencies = [{ ...granted, name: "NOTION_TOKEN", askedAs: "NOTION_TOKEN" }];
    const strangers: string[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const { hostname } = new URL(input instanceof Request ? input.url : input);
      if (hostname === "127.0.0.1") return await globalThis.fetch(input, init);
      strangers.push(hostname);
      return new Response("{}", { status: 401 });
    };
    const done = await runWith({ mcpServers, dependencies }, withReport(author), fetch);
    expect(strangers).toEqual([]);
    expect(done.end.isGreen).toBe(true);
    expect(server.calls).toHaveLength(1);
  });

  test("is asked for before the agent begins, in words that name the server", async () => {
    const mcpServers = [{ name: "shelf", url: "http://127.0.0.1:1/mcp", tokenSecret: "SHELF_TOKEN" }];
    const { end, app, asked } = await runWith({ mcpServers, dependencies: [] });
    expect(end.outcome).toEqual({ kind: "waiting-dependency" });
    expect(asked).toEqual([]);
    expect(app.requests).toMatchObject([
      {
        kind: "dependency",
        step: "01_idea",
        dependency: {
          type: "api_key",
          name: "SHELF_TOKEN",
          required: true,
          description: expect.stringContaining("The token of the server shelf (http://127.0.0.1:1/mcp)"),
        },
      },
    ]);
  });

  test("and whose granted secret holds nothing is asked for anew, with what is wrong", async () => {
    const mcpServers = [{ name: "shelf", url: "http://127.0.0.1:1/mcp", tokenSecret: "SHELF_TOKEN" }];
    const { end, app } = await runWith({ mcpServers, dependencies: [{ ...granted, slot: 2 }] });
    expect(end.outcome).toEqual({ kind: "waiting-dependency" });
    expect(app.requests).toMatchObject([
      { kind: "dependency", dependency: { name: "SHELF_TOKEN" } },
      { kind: "value-refused", name: "SHELF_TOKEN", message: expect.stringContaining("hands over no value") },
    ]);
  });

  test("that people skipped is left out, and the agent is told", async () => {
    const mcpServers = [{ name: "shelf", url: "http://127.0.0.1:1/mcp", tokenSecret: "SHELF_TOKEN" }];
    const done = await runWith({ mcpServers, dependencies: [{ ...granted, state: "skipped", slot: null }] });
    expect(done.end.isGreen).toBe(true);
    expect(JSON.stringify(done.asked)).toContain("The server shelf is not there");
    expect(done.log.join("\n")).toContain("without the server shelf");
  });
});

test("servers that refuse the token or do not exist keep nobody from working", async () => {
  await using refusing = await startTinyMcp("another token");
  const done = await runWith({
    mcpServers: [
      { name: "shelf", url: refusing.url, tokenSecret: "SHELF_TOKEN" },
      { name: "gone", url: "http://127.0.0.1:1/mcp", tokenSecret: null },
    ],
    dependencies: [granted],
  });
  expect(done.end.isGreen).toBe(true);
  expect(written(done)).toContain("nothing");
  for (const name of ["shelf", "gone"]) {
    expect(done.log.join("\n")).toContain(`the agent works without the tools of the server ${name}`);
  }
});
