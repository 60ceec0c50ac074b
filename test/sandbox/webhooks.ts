import { createHmac } from "node:crypto";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { userJson, repositoryJson } from "./payloads.ts";
import { ourApp } from "./registration.ts";
import { findInstallation } from "./state.ts";
import type { Delivery, Installation, SandboxContext, WebhookPayload, WebhookToSend } from "./state.ts";

type WebhookRule = (event: string, action: string | null, payload: WebhookPayload) => boolean;

/** The App's one hook: deliveries leave one at a time, in the order of the events, and are never retried. */
export type Webhooks = {
  setUrl(url: string): void;
  url(): string | null;
  emit(webhook: WebhookToSend): void;
  /** Sends a past delivery again under its GUID. */
  redeliver(past: Delivery): void;
  /** Resolves when all that left was answered; what is held back does not count. */
  idle(): Promise<void>;
  /** Lost on the way: the log of deliveries has it as failed, and it can be redelivered. */
  drop: WebhookRule;
  /** Sent twice under one GUID. */
  duplicate: WebhookRule;
  /** Held back until `release`. */
  late: WebhookRule;
  /** How many are held back. */
  held(): number;
  /** Lets go of what is held back, in the order of the events or against it. */
  release(order?: "as-sent" | "reversed"): void;
  stop(): void;
};

const TIMEOUT_MS = 10_000;

/** Every App hears of these; of others, where it subscribed to them. */
const EVENTS_OF_ALL: readonly string[] = ["installation", "installation_repositories", "github_app_authorization"];

/** Any one of these lets an installation hear of the event. What is not named here is always sent. */
const PERMISSIONS_OF_EVENT: Readonly<Record<string, readonly string[]>> = {
  issues: ["issues"],
  issue_comment: ["issues", "pull_requests"],
  label: ["issues", "pull_requests"],
  pull_request: ["pull_requests"],
  pull_request_review: ["pull_requests"],
  pull_request_review_comment: ["pull_requests"],
  pull_request_review_thread: ["pull_requests"],
  push: ["contents"],
  create: ["contents"],
  delete: ["contents"],
  check_run: ["checks"],
  check_suite: ["checks"],
  status: ["statuses"],
  workflow_run: ["actions"],
  workflow_job: ["actions"],
};

export function createWebhooks(context: () => SandboxContext): Webhooks {
  let target = context().options.webhookUrl ?? null;
  let tail: Promise<void> = Promise.resolve();
  const stopping = new AbortController();
  const heldBack: Delivery[] = [];

  function enqueue(delivery: Delivery): void {
    context().state.deliveries.push(delivery);
    tail = tail.then(() => (stopping.signal.aborted ? undefined : deliver(delivery)));
  }

  async function deliver(delivery: Delivery): Promise<void> {
    const startedAt = performance.now();
    if (target === null) {
      finish(delivery, "dropped", 0, "no webhook url");
    } else {
      try {
        const statusCode = await post(target, delivery);
        const answered = statusCode >= 200 && statusCode < 300;
        finish(
          delivery,
          answered ? "answered" : "failed",
          statusCode,
          answered ? "OK" : `Invalid HTTP Response: ${statusCode}`,
        );
      } catch (error) {
        finish(
          delivery,
          "failed",
          0,
          error instanceof Error && error.name === "TimeoutError" ? "timed out" : "failed to connect to host",
        );
      }
    }
    delivery.durationSeconds = Math.round((performance.now() - startedAt) / 10) / 100;
    context().announce({ kind: "webhook", delivery });
  }

  function post(url: string, delivery: Delivery): Promise<number> {
    const { options } = context();
    const sign = (algorithm: string) =>
      createHmac(algorithm, options.webhookSecret).update(delivery.body).digest("hex");
    const headers = {
      Accept: "*/*",
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(delivery.body),
      "User-Agent": "GitHub-Hookshot/5a9db0x",
      "X-GitHub-Delivery": delivery.guid,
      "X-GitHub-Event": delivery.event,
      "X-GitHub-Hook-ID": String(hookId(options.appId)),
      "X-GitHub-Hook-Installation-Target-ID": String(options.appId),
      "X-GitHub-Hook-Installation-Target-Type": "integration",
      "X-Hub-Signature": `sha1=${sign("sha1")}`,
      "X-Hub-Signature-256": `sha256=${sign("sha256")}`,
    };
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), stopping.signal]);
    return new Promise((resolve, reject) => {
      // No agent: a kept-alive connection would hold the receiver open when it wants to stop.
      const sent = send(url, { method: "POST", headers, agent: false, signal }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", reject);
      });
      sent.on("error", (error) => reject(signal.reason instanceof Error ? signal.reason : error));
      sent.end(delivery.body);
    });
  }

  const webhooks: Webhooks = {
    drop: () => false,
    duplicate: () => false,
    late: () => false,
    held: () => heldBack.length,
    release(order = "as-sent") {
      const waiting = heldBack.splice(0);
      // The log numbers deliveries in the order in which they leave.
      const numbered = order === "as-sent" ? waiting : waiting.reverse();
      for (const delivery of numbered) {
        enqueue({ ...delivery, id: context().newId(), deliveredAt: context().now().toISOString() });
      }
    },
    setUrl(url) {
      target = url;
    },
    url: () => target,
    emit(webhook) {
      const installation = webhook.installation ?? installationFor(context(), webhook);
      if (installation === null || !hears(context(), installation, webhook.event)) return;
      const payload = fullPayload(context(), webhook, installation);
      const delivery: Delivery = {
        id: context().newId(),
        guid: context().newGuid(),
        event: webhook.event,
        action: webhook.action,
        installationId: installation.id,
        repositoryId: webhook.repository?.id ?? null,
        deliveredAt: context().now().toISOString(),
        redelivery: false,
        // A snapshot: what the sandbox does next must not change it.
        body: JSON.stringify(payload),
        outcome: "pending",
        statusCode: 0,
        status: "pending",
        durationSeconds: 0,
      };
      if (webhooks.drop(webhook.event, webhook.action, payload)) {
        finish(delivery, "dropped", 0, "failed to connect to host");
        context().state.deliveries.push(delivery);
        context().announce({ kind: "webhook", delivery });
        return;
      }
      const send = webhooks.late(webhook.event, webhook.action, payload)
        ? (one: Delivery) => heldBack.push(one)
        : enqueue;
      send(delivery);
      if (webhooks.duplicate(webhook.event, webhook.action, payload)) send({ ...delivery, id: context().newId() });
    },
    redeliver(past) {
      const deliveredAt = context().now().toISOString();
      enqueue({
        ...past,
        id: context().newId(),
        deliveredAt,
        redelivery: true,
        outcome: "pending",
        statusCode: 0,
        status: "pending",
      });
    },
    async idle() {
      // An answered webhook may have caused the next one.
      let seen: Promise<void> | null = null;
      while (seen !== tail) {
        seen = tail;
        await seen;
      }
    },
    stop: () => stopping.abort(),
  };
  return webhooks;
}

function hookId(appId: number): number {
  return appId + 500_000;
}

function finish(delivery: Delivery, outcome: Delivery["outcome"], statusCode: number, status: string): void {
  delivery.outcome = outcome;
  delivery.statusCode = statusCode;
  delivery.status = status;
}

function installationFor(context: SandboxContext, webhook: WebhookToSend): Installation | null {
  return webhook.repository === null ? null : findInstallation(context.state, webhook.repository);
}

function hears({ options }: SandboxContext, installation: Installation, event: string): boolean {
  // A suspended App hears of its installation only.
  if (installation.suspendedAt !== null && event !== "installation") return false;
  const { events } = options.registration ?? ourApp;
  if (!EVENTS_OF_ALL.includes(event) && !events.includes(event)) return false;
  const needed = PERMISSIONS_OF_EVENT[event];
  return needed === undefined || needed.some((permission) => installation.permissions[permission] !== undefined);
}

function fullPayload(context: SandboxContext, webhook: WebhookToSend, installation: Installation): WebhookPayload {
  return {
    ...(webhook.action === null ? {} : { action: webhook.action }),
    // Installation events carry the whole installation in their payload: the later field of the same name must not win.
    installation: { id: installation.id, node_id: `MDIzO${installation.id}` },
    ...(webhook.repository === null ? {} : { repository: repositoryJson(context, webhook.repository) }),
    sender: userJson(context, webhook.sender),
    ...webhook.payload,
  };
}
