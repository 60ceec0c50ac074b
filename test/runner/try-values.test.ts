import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { knownServices, serviceOf } from "../../src/core/known-services.ts";
import { signAws } from "../../src/runner/sign-aws.ts";
import { tryValues } from "../../src/runner/try-values.ts";

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

/** What the table has asked for, answered by nobody but this. */
async function tried(
  values: Readonly<Record<string, string>>,
  answer: (url: string) => Response | Promise<Response>,
  names = Object.keys(values),
): Promise<{ readonly refused: Awaited<ReturnType<typeof tryValues>>; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = async (url, init = {}) => {
    // The table gives plain addresses.
    const address = typeof url === "string" ? url : "";
    asked.push({ url: address, init });
    return await answer(address);
  };
  const signal = new AbortController().signal;
  const refused = await tryValues({ names, values, fetch, now: () => new Date("2026-11-21T10:00:00Z"), signal });
  return { refused, asked };
}

const with401 = (): Response => Response.json({ error: "no" }, { status: 401 });

describe("a key of a well-known service", () => {
  test("is tried once, at the address of the table, and refused where that says so", async () => {
    const { refused, asked } = await tried({ OPENAI_API_KEY: "sk-wrong" }, with401);
    expect(asked.map(({ url }) => url)).toEqual(["https://api.openai.com/v1/models"]);
    expect(asked[0]?.init).toMatchObject({
      method: "GET",
      redirect: "error",
      headers: { authorization: "Bearer sk-wrong" },
    });
    expect(refused).toEqual([
      {
        name: "OPENAI_API_KEY",
        message:
          "OpenAI refuses it (answer 401 to a request that only reads): it is mistyped, revoked, or meant for something else.",
      },
    ]);
  });

  test("is found under the name that GitHub takes", async () => {
    const { refused, asked } = await tried({ APP_ANTHROPIC_API_KEY: "sk-ant-wrong" }, with401);
    expect(asked[0]?.init.headers).toMatchObject({ "x-api-key": "sk-ant-wrong" });
    expect(refused.map(({ name }) => name)).toEqual(["APP_ANTHROPIC_API_KEY"]);
  });

  test.each<readonly [what: string, answer: () => Response | Promise<Response>]>([
    ["may not read this", () => new Response("no", { status: 403 })],
    ["is asked for too often", () => new Response("slow down", { status: 429 })],
    ["meets a fault of the service", () => new Response("oh", { status: 500 })],
    ["meets no network", async () => await Promise.reject(new TypeError("fetch failed"))],
    ["works", () => Response.json({ data: [] })],
  ])("that %s is left alone", async (_what, answer) => {
    expect((await tried({ OPENAI_API_KEY: "sk-some" }, answer)).refused).toEqual([]);
  });

  test("is not tried where it may be of another server with the same interface", async () => {
    const values = { OPENAI_API_KEY: "sk-some", OPENAI_BASE_URL: "https://models.example.org" };
    expect((await tried(values, with401)).asked).toEqual([]);
  });

  test("that no header takes is left alone, before anything is sent", async () => {
    const { fetch } = globalThis;
    const values = { OPENAI_API_KEY: "two\nlines" };
    const signal = new AbortController().signal;
    expect(await tryValues({ names: ["OPENAI_API_KEY"], values, fetch, now: () => new Date(), signal })).toEqual([]);
  });

  test("is told from a right one by the words of the answer where the status says nothing", async () => {
    const slack = async (body: object): Promise<number> =>
      (await tried({ SLACK_BOT_TOKEN: "xoxb-1" }, () => Response.json(body))).refused.length;
    expect(await slack({ ok: false, error: "invalid_auth" })).toBe(1);
    expect(await slack({ ok: false, error: "ratelimited" })).toBe(0);
    expect(await slack({ ok: true })).toBe(0);
    // One that may only send answers 401 to everything else.
    const resend = async (message: string): Promise<number> =>
      (await tried({ RESEND_API_KEY: "re_1" }, () => Response.json({ message }, { status: 401 }))).refused.length;
    expect(await resend("This API key is restricted to only send emails")).toBe(0);
    expect(await resend("API key is invalid")).toBe(1);
  });

  test("of a project is tried at the project's address, where that is one of the service", async () => {
    const answer = (): Response => Response.json({ message: "Invalid API key" }, { status: 401 });
    const names = ["SUPABASE_ANON_KEY"];
    const of = async (url: string) => await tried({ SUPABASE_ANON_KEY: "eyJ", SUPABASE_URL: url }, answer, names);
    const good = await of("https://abcdefghijklmnopqrst.supabase.co/");
    expect(good.asked.map(({ url }) => url)).toEqual(["https://abcdefghijklmnopqrst.supabase.co/auth/v1/settings"]);
    expect(good.refused).toHaveLength(1);
    for (const url of [
      "https://abcdefghijklmnopqrst.supabase.co.evil.example",
      "http://127.0.0.1",
      "https://evil.example/?.supabase.co",
    ]) {
      expect((await of(url)).asked).toEqual([]);
    }
    expect((await tried({ SUPABASE_ANON_KEY: "eyJ" }, answer, names)).asked).toEqual([]);
  });

  test("goes nowhere that the service redirects to", async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`);
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const values = { OPENAI_API_KEY: "sk-some" };
    const fetch: typeof globalThis.fetch = async (_url, init) =>
      await globalThis.fetch(`http://127.0.0.1:${port}/here`, init);
    const signal = new AbortController().signal;
    const refused = await tryValues({ names: ["OPENAI_API_KEY"], values, fetch, now: () => new Date(), signal });
    server.close();
    expect(seen).toEqual(["/here Bearer sk-some"]);
    expect(refused).toEqual([]);
  });
});

describe("a pair of AWS", () => {
  const pair = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
  const code = (text: string) => (): Response =>
    new Response(`<ErrorResponse><Error><Code>${text}</Code></Error></ErrorResponse>`, { status: 403 });

  test("is tried at the token service, and the half at fault is named", async () => {
    const unknown = await tried(pair, code("InvalidClientTokenId"));
    expect(new Set(unknown.asked.map(({ url }) => url))).toEqual(new Set(["https://sts.amazonaws.com/"]));
    expect(unknown.asked[0]?.init).toMatchObject({
      method: "POST",
      body: "Action=GetCallerIdentity&Version=2011-06-15",
    });
    expect(unknown.refused.map(({ name }) => name)).toEqual(["AWS_ACCESS_KEY_ID"]);
    const mistyped = await tried(pair, code("SignatureDoesNotMatch"));
    expect(mistyped.refused.map(({ name }) => name)).toEqual(["AWS_SECRET_ACCESS_KEY"]);
    expect((await tried(pair, code("AccessDenied"))).refused).toEqual([]);
  });

  test.each<readonly [what: string, values: Readonly<Record<string, string>>]>([
    ["one half is missing", { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE" }],
    ["a temporary key has no token", { ...pair, AWS_ACCESS_KEY_ID: "ASIAEXAMPLE" }],
    ["it belongs to another partition", { ...pair, AWS_REGION: "cn-north-1" }],
    ["it belongs to another server", { ...pair, AWS_ENDPOINT_URL: "https://s3.example.org" }],
  ])("is not tried where %s", async (_what, values) => {
    expect((await tried(values, code("InvalidClientTokenId"))).asked).toEqual([]);
  });

  test("signs as the published example of version 4 does", () => {
    // "post-vanilla" of AWS's own suite, whose only headers are the host and the date.
    const at = new Date("2015-08-30T12:36:00Z");
    const place = {
      host: "example.amazonaws.com",
      region: "us-east-1",
      service: "service",
      body: "",
      contentType: null,
      at,
    };
    const signed = signAws(place, {
      keyId: "AKIDEXAMPLE",
      secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      token: null,
    });
    expect(signed["authorization"]).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    );
  });
});

describe("the table of services", () => {
  test("never puts a key into an address, and asks over TLS alone", () => {
    for (const { probe } of knownServices) {
      if (probe?.kind !== "http") continue;
      const { url } = probe;
      if (typeof url === "string") expect(url).toMatch(/^https:\/\/[\w.]+\/[\w./@?=-]*$/u);
      else expect(url.pattern.source).toMatch(/^\^https:\\\/\\\/.*\\\/\?\$$/u);
      expect(JSON.stringify(probe.headers)).toContain("{value}");
    }
  });

  test("names each key once", () => {
    const names = knownServices.flatMap((service) => service.names);
    expect(new Set(names).size).toBe(names.length);
    expect(serviceOf("app_github_token")?.title).toBe("GitHub");
    expect(serviceOf("SOME_KEY")).toBeNull();
  });
});
