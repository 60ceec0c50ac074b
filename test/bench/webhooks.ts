/** Webhooks taken in per second by the app and by a bare Probot handler, and what each costs in processor time and memory. */
import { fork } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import { z } from "zod";
import { webhookPath } from "../../src/http/server.ts";
import { atLeast, withoutGoal, type Figure } from "./figure.ts";
import { startFlags } from "../support/start-flags.ts";
import { interleaved, median, medianRatio } from "./rounds.ts";
import { inScratchFolder } from "./scratch-folder.ts";

const secret = "f00dfacef00dfacef00dface";
const connections = 16;

const Cost = z.object({ cpuMs: z.number(), rssBytes: z.number() });

interface Round {
  readonly perSecond: number;
  readonly cpuMsEach: number;
}

export async function measureWebhooks({ isQuick }: { readonly isQuick: boolean }): Promise<readonly Figure[]> {
  const body = labelledIssue();
  return inScratchFolder(async (folder) => {
    const app = await startServer("app", folder);
    const probot = await startServer("probot", folder);
    try {
      const idle = await app.cost();
      const count = isQuick ? 500 : 1_500;
      const rounds = await interleaved(
        isQuick ? 2 : 4,
        () => roundOf(app, body, count),
        () => roundOf(probot, body, count),
      );
      const after = await app.cost();
      const bare = await probot.cost();
      const rates = {
        app: rounds.one.map((each) => each.perSecond),
        probot: rounds.other.map((each) => each.perSecond),
      };
      const cpu = { app: rounds.one.map((each) => each.cpuMsEach), probot: rounds.other.map((each) => each.cpuMsEach) };
      return [
        atLeast(0.5, {
          name: "webhooks taken in, against bare Probot",
          value: medianRatio(rates.app, rates.probot),
          unit: "×",
        }),
        withoutGoal({ name: "webhooks taken in: app", value: median(rates.app), unit: "1/s" }),
        withoutGoal({ name: "webhooks taken in: bare Probot", value: median(rates.probot), unit: "1/s" }),
        withoutGoal({ name: "processor time per webhook: app, worked off", value: median(cpu.app), unit: "ms" }),
        withoutGoal({ name: "processor time per webhook: bare Probot", value: median(cpu.probot), unit: "ms" }),
        withoutGoal({ name: "memory: app, just started", value: idle.rssBytes / 2 ** 20, unit: "MiB" }),
        withoutGoal({ name: "memory: app, after all webhooks", value: after.rssBytes / 2 ** 20, unit: "MiB" }),
        withoutGoal({ name: "memory: bare Probot, after as many", value: bare.rssBytes / 2 ** 20, unit: "MiB" }),
      ];
    } finally {
      app.stop();
      probot.stop();
    }
  });
}

/** Of no concern to the app, as nearly all webhooks are: a label that names no playbook. */
function labelledIssue(): string {
  const events = z.array(
    z.object({ name: z.string(), examples: z.array(z.looseObject({ action: z.string().optional() })) }),
  );
  const issues = events.parse(examples).find(({ name }) => name === "issues");
  const labelled = issues?.examples.find(({ action }) => action === "labeled");
  if (labelled === undefined) throw new Error("choosing a webhook to send: the examples have no issues.labeled");
  return JSON.stringify({ ...labelled, installation: { id: 77 } });
}

async function startServer(kind: "app" | "probot", folder: string) {
  const child = fork(
    fileURLToPath(new URL("./webhook-server.ts", import.meta.url)),
    [kind, secret, path.join(folder, kind)],
    {
      env: { PATH: process.env["PATH"], NODE_ENV: "production" },
      execArgv: kind === "app" ? [...startFlags()] : [],
    },
  );
  const [first] = await once(child, "message");
  const { port } = z.object({ port: z.number() }).parse(first);
  return {
    port,
    async cost() {
      child.send("cost");
      const [answer] = await once(child, "message");
      return Cost.parse(answer);
    },
    stop: () => child.disconnect(),
  };
}

async function roundOf(server: Awaited<ReturnType<typeof startServer>>, body: string, count: number): Promise<Round> {
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const before = await server.cost();
  const startedAt = performance.now();
  let sent = 0;
  const sendOn = async () => {
    while (sent < count) {
      sent += 1;
      await post(agent, server.port, body, signature);
    }
  };
  await Promise.all(Array.from({ length: connections }, sendOn));
  const seconds = (performance.now() - startedAt) / 1_000;
  agent.destroy();
  const after = await settledCost(server);
  return { perSecond: count / seconds, cpuMsEach: (after.cpuMs - before.cpuMs) / count };
}

/** The app works off what it took in: counted are the costs once it rests, and the next round starts then. */
async function settledCost(server: Awaited<ReturnType<typeof startServer>>) {
  for (;;) {
    const before = await server.cost();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const after = await server.cost();
    if (after.cpuMs - before.cpuMs < 20) return before;
  }
}

function post(agent: Agent, port: number, body: string, signature: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "x-github-event": "issues",
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": signature,
    };
    const sent = request({ agent, port, host: "127.0.0.1", path: webhookPath, method: "POST", headers }, (response) => {
      response.resume();
      response.once("end", () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve();
        else reject(new Error(`sending a webhook: answered ${status}`));
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
