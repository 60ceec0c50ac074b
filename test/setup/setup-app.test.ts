import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/control/config.ts";
import { addresses, conversion, setupTestbed } from "./setup-testbed.ts";

const secrets = [conversion.webhook_secret, "PRIVATE KEY"];

describe("set-up on this machine", () => {
  test("goes from the form over GitHub to a file that the app starts with", async () => {
    const { browser, envFile, asked, logged } = await setupTestbed();
    const person = browser();
    const state = await person.chooseAddresses();
    const answer = await person.get(`/setup/callback?code=c0de&state=${state}`);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/setup/done"]);
    expect(asked).toEqual(["https://api.github.com/app-manifests/c0de/conversions"]);
    expect((await stat(envFile)).mode & 0o777).toBe(0o600);
    const config = parseConfig(parseEnv(await readFile(envFile, "utf8")), () => "");
    expect(config).toMatchObject({
      appId: 4711,
      webhookSecret: conversion.webhook_secret,
      publicUrl: addresses.public_url,
      actionRef: addresses.action_ref,
    });
    const last = await person.get("/setup/done");
    expect(last.text).toContain('href="https://github.com/apps/phasegate-acme/installations/new"');
    expect(last.text).toContain("npm start");
    for (const secret of secrets) {
      expect(last.text).not.toContain(secret);
      expect(logged.join("\n")).not.toContain(secret);
    }
    expect(logged.join("\n")).not.toContain("c0de");
  });

  test("posts the manifest of app.yml with state to the account or the organisation", async () => {
    const person = (await setupTestbed()).browser();
    const form_token = await person.formToken();
    const { text } = await person.post("/setup", { form_token, ...addresses, organisation: "acme-inc" });
    expect(text).toMatch(
      /action="https:\/\/github\.com\/organizations\/acme-inc\/settings\/apps\/new\?state=[\w-]{32}"/u,
    );
    const manifest: unknown = JSON.parse(
      /name="manifest" value="([^"]+)"/u.exec(text)?.[1]?.replaceAll("&quot;", '"') ?? "",
    );
    expect(manifest).toMatchObject({
      public: false,
      redirect_url: "http://localhost:3000/setup/callback",
      hook_attributes: { url: "https://phasegate.example.org/api/github/webhooks", active: true },
      default_permissions: { metadata: "read", contents: "write" },
    });
  });

  test.each([
    ["public_url", "http://phasegate.example.org", "expected https"],
    ["public_url", "https://localhost:3000", "names the machine itself"],
    ["public_url", "https://phasegate.example.org/a b", "expected no spaces"],
    ["action_ref", "acme/phasegate@main", "a tag or branch can be moved"],
    ["organisation", "../acme", "letters, digits"],
  ])("refuses %s %s and shows it again, harmless", async (name, value, why) => {
    const person = (await setupTestbed()).browser();
    const form_token = await person.formToken();
    const answer = await person.post("/setup", { form_token, ...addresses, [name]: value });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(why);
    expect(answer.text).toContain(`value="${value}"`);
  });

  test("what was typed never becomes markup", async () => {
    const person = (await setupTestbed()).browser();
    const form_token = await person.formToken();
    const { text } = await person.post("/setup", {
      form_token,
      ...addresses,
      public_url: '"><script>alert(1)</script>',
    });
    expect(text).not.toContain("<script");
  });

  test("the style sheet of every page is the one that the policy allows", async () => {
    const { text, headers } = await (await setupTestbed()).browser().get("/setup");
    const style = /<style>([^]*)<\/style>/u.exec(text)?.[1] ?? "";
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain(`style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self' https://github.com;");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("a setting that is in the file stays, and the new ones are shown to this browser alone", async () => {
    const { browser, envFile } = await setupTestbed();
    const person = browser();
    const state = await person.chooseAddresses();
    await writeFile(envFile, "APP_ID=99\n");
    await person.get(`/setup/callback?code=c0de&state=${state}`);
    expect(await readFile(envFile, "utf8")).toBe("APP_ID=99\n");
    const { text } = await person.get("/setup/done");
    expect(text).toContain("APP_ID=4711");
    expect(text).toContain(`WEBHOOK_SECRET=${conversion.webhook_secret}`);
    const other = await browser().get("/setup/done");
    expect(other.status).toBe(403);
    expect(other.text).not.toContain(conversion.webhook_secret);
  });

  test("where the disk cannot be written it says so before and shows the settings after", async () => {
    const person = (await setupTestbed({ envFile: "/proc/phasegate/.env" })).browser();
    expect((await person.get("/setup")).text).toContain("cannot be written here");
    await person.get(`/setup/callback?code=c0de&state=${await person.chooseAddresses()}`);
    expect((await person.get("/setup/done")).text).toContain("PRIVATE_KEY=-----BEGIN RSA PRIVATE KEY-----\\n");
  });
});

describe("a hostile page", () => {
  test.each([
    ["another origin", { origin: "https://evil.example" }],
    ["no origin", { origin: "null" }],
  ])("cannot send the form from %s", async (_from, headers) => {
    const person = (await setupTestbed()).browser();
    const form_token = await person.formToken();
    expect((await person.post("/setup", { form_token, ...addresses }, headers)).status).toBe(403);
  });

  test("cannot reach set-up under a name of its own, nor through a proxy", async () => {
    const { browser } = await setupTestbed();
    expect((await browser("http://rebound.example:3000").get("/setup")).status).toBe(403);
    expect((await browser().get("/setup", { "x-forwarded-for": "203.0.113.7" })).status).toBe(403);
  });

  test("cannot send the form without its token", async () => {
    const person = (await setupTestbed()).browser();
    await person.get("/setup");
    expect((await person.post("/setup", { form_token: "guess", ...addresses })).status).toBe(403);
  });

  test("cannot slip in a code: state, session and chosen addresses must fit", async () => {
    const { browser, asked } = await setupTestbed();
    const person = browser();
    const state = await person.chooseAddresses();
    expect((await person.get("/setup/callback?code=c0de&state=guess")).status).toBe(403);
    expect((await person.get("/setup/callback?code=c0de")).status).toBe(403);
    expect((await person.get(`/setup/callback?code=..%2F..&state=${state}`)).status).toBe(403);
    expect((await browser().get(`/setup/callback?code=c0de&state=${state}`)).status).toBe(403);
    expect(asked).toEqual([]);
  });
});

describe("the answer of GitHub", () => {
  test("a code that was used or is old is told with the next step, and the form can be sent again", async () => {
    const answers = [new Response("{}", { status: 404 })];
    const { browser, envFile } = await setupTestbed({
      answer: () => answers.shift() ?? Response.json(conversion, { status: 201 }),
    });
    const person = browser();
    const state = await person.chooseAddresses();
    const refused = await person.get(`/setup/callback?code=old&state=${state}`);
    expect(refused.status).toBe(502);
    expect(refused.text).toContain("older than an hour");
    expect((await person.get(`/setup/callback?code=new&state=${state}`)).status).toBe(303);
    expect(await readFile(envFile, "utf8")).toContain("APP_ID=4711\n");
  });

  test("an answer without a secret writes nothing", async () => {
    const { browser, envFile } = await setupTestbed({
      answer: () => Response.json({ ...conversion, webhook_secret: null }, { status: 201 }),
    });
    const person = browser();
    const answer = await person.get(`/setup/callback?code=c0de&state=${await person.chooseAddresses()}`);
    expect(answer.text).toContain("lacks webhook_secret");
    await expect(stat(envFile)).rejects.toThrow("ENOENT");
  });

  test("a reload does not use up the code twice, and a session ends after two hours", async () => {
    const { browser, asked, advance } = await setupTestbed();
    const person = browser();
    const state = await person.chooseAddresses();
    const address = `/setup/callback?code=c0de&state=${state}`;
    const both = await Promise.all([person.get(address), person.get(address)]);
    expect(both.map(({ status }) => status)).toEqual([303, 303]);
    expect(asked).toHaveLength(1);
    advance(3 * 60 * 60_000);
    expect((await person.get("/setup/done")).status).toBe(403);
  });
});

describe("set-up on another address", () => {
  const origin = "https://phasegate.example.org";

  test("shows nothing but the question for the code, which is good once", async () => {
    const { browser, code } = await setupTestbed({ withCode: true });
    const person = browser(origin);
    const first = await person.get("/setup");
    expect(first.text).toContain("One-time code");
    expect(first.text).not.toContain("form_token");
    expect((await person.get("/setup/callback?code=c0de&state=x")).status).toBe(403);
    const typed = code?.text.toLowerCase().replaceAll("-", " ") ?? "";
    const answer = await person.post("/setup/code", { code: typed });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly; Secure; SameSite=Lax/u);
    expect(await person.chooseAddresses()).not.toBe("");
    expect((await browser(origin).post("/setup/code", { code: code?.text ?? "" })).status).toBe(403);
  });

  test("after five wrong codes the right one is refused, too", async () => {
    const { browser, code, logged } = await setupTestbed({ withCode: true });
    const person = browser(origin);
    for (let tries = 0; tries < 5; tries += 1) {
      expect((await person.post("/setup/code", { code: `AAAA-${tries}` })).status).toBe(403);
    }
    const answer = await person.post("/setup/code", { code: code?.text ?? "" });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("Restart the program");
    expect(logged.join("\n")).not.toContain(code?.text);
  });

  test("a code that crossed the network in the clear is void", async () => {
    const { browser, code } = await setupTestbed({ withCode: true });
    const inTheClear = await browser("http://phasegate.example.org").post("/setup/code", { code: code?.text ?? "" });
    expect(inTheClear.text).toContain("in the clear");
    expect((await browser(origin).post("/setup/code", { code: code?.text ?? "" })).status).toBe(403);
  });
});
