/** The program itself, started with nothing set. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../store/temporary-store.ts";

const mainFile = path.join(import.meta.dirname, "..", "..", "src", "main.ts");

async function startUnset(env: Readonly<Record<string, string>>, ...options: readonly string[]) {
  const cwd = await temporaryFolder();
  const child = spawn(process.execPath, [mainFile, ...options], { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  let logged = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (logged += text));
  const ready = new Promise<number>((resolve) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const port = /localhost:(\d+)\/setup/u.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
  const ended = once(child, "close").then(([code]) => ({ code: typeof code === "number" ? code : null, said, logged }));
  return { child, ready, ended };
}

test("nothing set: set-up on loopback, alive but not ready, and SIGTERM ends it with 0", async () => {
  const { child, ready, ended } = await startUnset({ PORT: "0" });
  const port = await ready;
  expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200);
  expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(503);
  expect(await (await fetch(`http://localhost:${port}/setup`)).text()).toContain("PUBLIC_URL");
  child.kill("SIGTERM");
  const { code, said } = await ended;
  expect(code).toBe(0);
  expect(said).not.toContain("One-time code");
});

test("on all addresses it asks for a code, which the terminal shows and the log does not", async () => {
  const { child, ready, ended } = await startUnset({ PORT: "0", HOST: "0.0.0.0" });
  const port = await ready;
  expect(await (await fetch(`http://localhost:${port}/setup`)).text()).toContain("One-time code");
  child.kill("SIGTERM");
  const { said, logged } = await ended;
  const code = /One-time code: ([A-Z2-9-]{19})\n/u.exec(said)?.[1] ?? "missing";
  expect(code).not.toBe("missing");
  expect(logged).not.toContain(code);
});

test("asked for where an App is set up, it refuses with 2", async () => {
  const { code, said } = await (await startUnset({ APP_ID: "7" }, "--setup")).ended;
  expect(code).toBe(2);
  expect(said).toContain("an App is set up already");
});
