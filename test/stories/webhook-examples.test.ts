/** Every example of a webhook that is known, and variants that the collection lacks, sent to the whole app. */
import { createHmac, generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../src/control/config.ts";
import type { Log } from "../../src/control/ports/surroundings.ts";
import { webhookPath } from "../../src/http/server.ts";
import { startApp } from "../../src/start-app.ts";
import { onEachDatabase, type Place } from "../store/databases.ts";

const secret = "f00dfacef00dfacef00dface";
const Payload = z.record(z.string(), z.unknown());
type Payload = z.infer<typeof Payload>;

interface Webhook {
  readonly event: string;
  readonly payload: Payload;
}

/** The types of the package promise names that its newest events lack; only the shape below is relied upon. */
const collection: readonly Webhook[] = z
  .array(z.object({ name: z.string(), examples: z.array(Payload) }))
  .parse(examples)
  .flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })));

/** As most webhooks of an app have them: from an installation, sent by a person. */
function example(event: string, action: string): Payload {
  const found = collection.find((each) => each.event === event && each.payload["action"] === action);
  if (found === undefined) throw new Error(`deriving from ${event}.${action}: the collection has no such example`);
  return {
    ...found.payload,
    installation: { id: 77, node_id: "MDIz" },
    sender: { login: "Codertocat", id: 21031067, type: "User" },
  };
}

function variant(event: string, action: string, payload: Payload, changes: Payload = {}): Webhook {
  return { event, payload: { ...payload, ...changes, action } };
}

/** What GitHub sends as well, though the collection has no example of it. */
function derived(): readonly Webhook[] {
  const issue = example("issues", "reopened");
  const parts = { sub_issue: issue["issue"], parent_issue: issue["issue"], parent_issue_repo: issue["repository"] };
  const blocks = { blocked_issue: issue["issue"], blocking_issue: issue["issue"] };
  const review = example("pull_request_review", "submitted");
  const run = example("workflow_run", "completed");
  return [
    variant("issues", "closed", issue),
    variant("workflow_run", "in_progress", run, {
      workflow_run: { ...Payload.parse(run["workflow_run"]), status: "in_progress", conclusion: null },
    }),
    variant("repository", "deleted", example("repository", "transferred")),
    ...["parent_issue_added", "parent_issue_removed", "sub_issue_added", "sub_issue_removed"].map((action) =>
      variant("sub_issues", action, issue, parts),
    ),
    ...["blocked_by_added", "blocked_by_removed", "blocking_added", "blocking_removed"].map((action) =>
      variant("issue_dependencies", action, issue, blocks),
    ),
    ...["approved", "changes_requested"].map((state) =>
      variant("pull_request_review", "submitted", review, {
        review: { ...Payload.parse(review["review"]), state },
      }),
    ),
  ];
}

/** A GitHub where nothing is, which writes down what it was asked. */
async function startEmptyGitHub(): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    asked.push(`${request.method} ${request.url}`);
    const isToken = request.method === "POST" && request.url?.endsWith("/access_tokens") === true;
    const isList = /^\/app\/(?:hook\/deliveries|installations)\?/u.test(request.url ?? "");
    const token = { token: "ghs_empty", expires_at: "2099-01-01T00:00:00Z" };
    const answer = isToken ? token : isList ? [] : { message: "Not Found" };
    response
      .writeHead(isToken ? 201 : isList ? 200 : 404, { "content-type": "application/json" })
      .end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("starting an empty GitHub: no port");
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

/** Sends the webhooks to an app of its own, whose store lies there, and answers what came of them. */
async function outcomeOf(place: Place, webhooks: readonly Webhook[]) {
  const github = await startEmptyGitHub();
  const { dataDir, databaseUrl } = place.options;
  const complaints: string[] = [];
  const complain = (fields: object, message: string) => complaints.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: () => undefined, info: () => undefined, warn: complain, error: complain };
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const config = parseConfig(
    {
      APP_ID: "4711",
      PRIVATE_KEY: privateKey,
      WEBHOOK_SECRET: secret,
      PUBLIC_URL: "http://127.0.0.1:3000",
      ACTION_REF: `acme/phasegate@${"a".repeat(40)}`,
      HOST: "127.0.0.1",
      PORT: "3000",
      GITHUB_API_URL: github.url,
      GITHUB_WEB_URL: github.url,
      OIDC_ISSUER: github.url,
      DATA_DIR: dataDir,
      ...(typeof databaseUrl === "string" ? { DATABASE_URL: databaseUrl } : {}),
    },
    () => "",
  );
  const app = await startApp({ ...config, port: 0 }, { clock: { now: () => new Date() }, newId: randomUUID, log });
  try {
    const refused: string[] = [];
    for (const { event, payload } of webhooks) {
      const body = JSON.stringify(payload);
      const response = await fetch(`http://127.0.0.1:${app.port}${webhookPath}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-github-event": event,
          "x-github-delivery": randomUUID(),
          "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
        },
        body,
      });
      await response.arrayBuffer();
      if (response.status !== 202) refused.push(`${event}.${String(payload["action"])}: ${response.status}`);
    }
    await app.engine.idle();
    return { refused, complaints, ...(await left(place)), asked: github.asked };
  } finally {
    await app.stop();
  }
}

/** What lies in the store, seen from beside the app. */
async function left({ rows }: Place) {
  const countOf = async (table: string, where = "1 = 1") =>
    Number(Object.values((await rows(`select count(*) as n from ${table} where ${where}`))[0] ?? {})[0]);
  return {
    processed: await countOf("inbox", "kind = 'webhook' and status = 'processed'"),
    notProcessed: await countOf("inbox", "status <> 'processed'"),
    tasks: await countOf("tasks"),
    events: await countOf("events"),
    effects: await countOf("effects"),
  };
}

/** A token to read with is no change. */
function writesOf(asked: readonly string[]): readonly string[] {
  return asked.filter((request) => !request.startsWith("GET ") && !request.endsWith("/access_tokens"));
}

onEachDatabase(({ freshPlace }) => {
  test("no example of a webhook changes anything: each is taken in, processed and of no concern", async () => {
    const webhooks = [...collection, ...derived()];
    expect(collection.length).toBeGreaterThan(300);
    const { asked, ...came } = await outcomeOf(await freshPlace(), webhooks);
    expect(came).toEqual({
      refused: [],
      complaints: [],
      processed: webhooks.length,
      notProcessed: 0,
      tasks: 0,
      events: 0,
      effects: 0,
    });
    expect(writesOf(asked)).toEqual([]);
  });

  test("a label that names a playbook does concern the app: it asks GitHub for the issue", async () => {
    const labelled = example("issues", "labeled");
    const { asked } = await outcomeOf(await freshPlace(), [
      variant("issues", "labeled", labelled, { label: { name: "create_app", color: "ededed" } }),
    ]);
    expect(asked.filter((request) => /^GET .*\/issues\/\d+$/u.test(request))).toHaveLength(1);
  });
});
