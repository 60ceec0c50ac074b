/** Set-up's pages with a browser that keeps its cookie, a GitHub that answers as told, and a folder for the file. */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { readAppRights } from "../../src/setup/app-manifest.ts";
import { createOneTimeCode, type OneTimeCode } from "../../src/setup/one-time-code.ts";
import { setupApp } from "../../src/setup/setup-app.ts";
import { temporaryFolder } from "../store/temporary-store.ts";

const root = path.join(import.meta.dirname, "..", "..");
const { privateKey: pem } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});

export const conversion = { id: 4711, slug: "phasegate-acme", pem, webhook_secret: "f00dfacef00dfacef00dface" };
export const addresses = {
  public_url: "https://phasegate.example.org",
  action_ref: `acme/phasegate@${"a".repeat(40)}`,
  organisation: "",
};

interface Browser {
  get(address: string, headers?: Record<string, string>): Promise<{ status: number; text: string; headers: Headers }>;
  post(
    address: string,
    fields: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string; headers: Headers }>;
  /** The hidden field of the form on the first page. */
  formToken(): Promise<string>;
  /** Fills in the first page; the state that the second sends to GitHub. */
  chooseAddresses(): Promise<string>;
}

interface SetupTestbed {
  readonly folder: string;
  readonly envFile: string;
  readonly code: OneTimeCode | null;
  /** Paths of the requests to GitHub. */
  readonly asked: string[];
  /** Everything that was logged, as text. */
  readonly logged: string[];
  readonly browser: (origin?: string) => Browser;
  readonly advance: (ms: number) => void;
}

export async function setupTestbed(
  options: {
    readonly withCode?: boolean;
    readonly answer?: () => Response;
    readonly envFile?: string;
  } = {},
): Promise<SetupTestbed> {
  const folder = await temporaryFolder();
  const envFile = options.envFile ?? path.join(folder, ".env");
  let drawn = 0;
  const random = (bytes: number) => Uint8Array.from({ length: bytes }, () => (drawn += 7) % 256);
  const code = options.withCode === true ? createOneTimeCode(random) : null;
  const asked: string[] = [];
  const logged: string[] = [];
  const note = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  let now = Date.parse("2026-11-01T10:00:00Z");
  const app = setupApp({
    settings: {
      host: "127.0.0.1",
      port: 3000,
      githubApiUrl: "https://api.github.com",
      githubWebUrl: "https://github.com",
      publicUrl: "",
      actionRef: "",
    },
    rights: readAppRights(readFileSync(path.join(root, "app.yml"), "utf8")),
    webhookPath: "/api/github/webhooks",
    envFile,
    code,
    fetch: async (input) => {
      asked.push(input instanceof Request ? input.url : String(input));
      return options.answer?.() ?? Response.json(conversion, { status: 201 });
    },
    clock: { now: () => new Date(now) },
    newId: () => `id-${(drawn += 1)}`,
    random,
    log: { debug: note, info: note, warn: note, error: note },
  });

  function browser(origin = "http://localhost:3000"): Browser {
    let cookie = "";
    async function send(address: string, init: RequestInit, headers: Record<string, string>) {
      const response = await app.request(`${origin}${address}`, {
        ...init,
        headers: { host: new URL(origin).host, cookie, ...headers },
      });
      cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
      return { status: response.status, text: await response.text(), headers: response.headers };
    }
    const self: Browser = {
      get: (address, headers = {}) => send(address, {}, headers),
      post: (address, fields, headers = {}) =>
        send(address, { method: "POST", body: new URLSearchParams(fields) }, { origin, ...headers }),
      async formToken() {
        return /name="form_token" value="([^"]+)"/u.exec((await self.get("/setup")).text)?.[1] ?? "";
      },
      async chooseAddresses() {
        const { text } = await self.post("/setup", { form_token: await self.formToken(), ...addresses });
        return /\/settings\/apps\/new\?state=([\w-]+)"/u.exec(text)?.[1] ?? "";
      },
    };
    return self;
  }

  return { folder, envFile, code, asked, logged, browser, advance: (ms) => void (now += ms) };
}
