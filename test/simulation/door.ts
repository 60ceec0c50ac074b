/** The app's own door for webhooks, and what knocks at it: GitHub with the shared secret, and strangers without. */
import { createHmac } from "node:crypto";
import { Webhooks } from "@octokit/webhooks";
import type { Hono } from "hono";
import type { Intent } from "../../src/control/intents.ts";
import type { Store } from "../../src/control/ports/store.ts";
import type { Clock } from "../../src/control/ports/surroundings.ts";
import { httpApp, webhookPath } from "../../src/http/server.ts";
import type { Random } from "./random.ts";
import type { Webhook } from "./sim-github.ts";

const secret = "what GitHub and the app know";
const silent = () => undefined;

export interface Door {
  readonly http: Hono;
  /** Called as soon as a webhook that was verified goes to the store. */
  asked: () => void;
}

/** `trusts` in the place of the signature's check, for a fault that is to be noticed. */
export function openDoor(
  store: Store,
  clock: Clock,
  wake: () => void,
  trusts: ((body: string, signature: string) => Promise<boolean>) | undefined,
): Door {
  const unused = () => Promise.reject(new Error("nothing but webhooks comes by HTTP in the simulation"));
  const webhooks = new Webhooks({ secret });
  const door: Door = {
    asked: silent,
    http: httpApp({
      store: {
        takeIn: (message) => {
          door.asked();
          return store.takeIn(message);
        },
        nextDueAt: () => store.nextDueAt(),
        tasksOfIssue: unused,
        readEvents: unused,
      },
      live: { open: unused },
      webhooks: { verify: trusts ?? ((body, signature) => webhooks.verify(body, signature)) },
      runner: {
        openSession: unused,
        requireSession: unused,
        takeEvents: unused,
        takeStep: unused,
        takeRequest: unused,
        takeCheckpoint: unused,
        readCheckpoint: unused,
        takeOutcome: unused,
      },
      github: {
        permissionOf: unused,
        callers: { loginOf: unused, reachesSecrets: unused, readsIssues: unused, findRepository: unused },
        environment: { list: unused, set: unused, remove: unused },
      },
      webUrl: "https://github.test",
      trustedProxies: [],
      clock,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      wake,
      settingsSchema: "{}",
      ready: () => true,
    }),
  };
  return door;
}

/** In the form in which the route finds the repository's id. */
function bodyOf(intent: Intent): string {
  if (!("repository" in intent)) return JSON.stringify(intent);
  return JSON.stringify({ ...intent, repository: { ...intent.repository, id: intent.repository.repositoryId } });
}

export function intentFrom(payload: unknown): Intent {
  const intent = payload as Intent & { readonly repository?: { readonly id?: number } };
  if (intent.repository === undefined) return intent;
  const { id: _id, ...repository } = intent.repository;
  return { ...intent, repository } as Intent;
}

/** Resolves with the status once it is answered, or with null as soon as the store is asked: its answer comes in its turn. */
export async function deliver(door: Door, webhook: Webhook, then: (status: number) => void): Promise<number | null> {
  const body = bodyOf(webhook.intent);
  return send(door, webhook, body, `sha256=${hmacOf(body, secret)}`, then);
}

/** Somebody who knows the form of a webhook, and not the secret. */
export async function forge(door: Door, webhook: Webhook, random: Random): Promise<number | null> {
  const body = bodyOf(webhook.intent);
  const signature = random.pick([
    `sha256=${hmacOf(body, "a guess")}`,
    // Of what GitHub did sign, once.
    `sha256=${hmacOf("{}", secret)}`,
    `sha1=${hmacOf(body, secret)}`,
    "sha256=",
    null,
  ]);
  return send(door, webhook, body, signature, silent);
}

function hmacOf(body: string, key: string): string {
  return createHmac("sha256", key).update(body).digest("hex");
}

async function send(
  door: Door,
  { guid, intent }: Webhook,
  body: string,
  signature: string | null,
  then: (status: number) => void,
): Promise<number | null> {
  const { promise: asked, resolve } = Promise.withResolvers<null>();
  door.asked = () => resolve(null);
  const headers = {
    "content-type": "application/json",
    "x-github-delivery": guid,
    "x-github-event": intent.kind,
    ...(signature === null ? {} : { "x-hub-signature-256": signature }),
  };
  const answered = Promise.resolve(door.http.request(webhookPath, { method: "POST", headers, body })).then(
    ({ status }) => {
      then(status);
      return status;
    },
  );
  return Promise.race([answered, asked]);
}
