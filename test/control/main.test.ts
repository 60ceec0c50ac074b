import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { setImmediate as nextTurn } from "node:timers/promises";
import { freePort } from "../support/free-port.ts";
import { storeAt, temporaryFolder } from "../store/temporary-store.ts";

const mainFile = path.join(import.meta.dirname, "..", "..", "src", "main.ts");

/** What `npm start` needs, and nothing of the machine around it. GitHub is a port where nobody listens. */
async function environment(more: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, string>>> {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return {
    APP_ID: "4711",
    PRIVATE_KEY: privateKey,
    WEBHOOK_SECRET: "f00dfacef00dfacef00dface",
    PUBLIC_URL: "http://127.0.0.1:3000",
    ACTION_REF: `acme/phasegate@${"a".repeat(40)}`,
    HOST: "127.0.0.1",
    PORT: "0",
    GITHUB_API_URL: "http://127.0.0.1:9",
    GITHUB_WEB_URL: "http://127.0.0.1:9",
    OIDC_ISSUER: "http://127.0.0.1:9",
    DATA_DIR: await temporaryFolder(),
    ...more,
  };
}

interface AppProcess {
  readonly child: ChildProcess;
  /** Resolves with the port once it listens. */
  readonly listening: Promise<number>;
  /** Resolves with how it ended and all that it said to people. */
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
}

function startMain(env: Readonly<Record<string, string>>): AppProcess {
  const child = spawn(process.execPath, [mainFile], { env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const listening = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const entry: unknown = JSON.parse(line);
      if (typeof entry !== "object" || entry === null || !("msg" in entry) || !("port" in entry)) return;
      if (entry.msg === "listening") resolve(Number(entry.port));
    });
  });
  const ended = once(child, "close").then(([code]) => ({ code: typeof code === "number" ? code : null, said }));
  return { child, listening, ended };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("a log that nobody reads any more does not hold the exit", async () => {
  const folder = await temporaryFolder();
  const fifo = path.join(folder, "log");
  execFileSync("mkfifo", [fifo]);
  // Opened for both ends, so that it stays open; filled to the brim, so that nothing of the app fits in.
  const full = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(full));
  const fill = (chunk: Buffer): void => {
    for (;;) {
      try {
        writeSync(full, chunk);
      } catch {
        return;
      }
    }
  };
  fill(Buffer.alloc(4_096));
  fill(Buffer.alloc(1));
  const port = await freePort();
  const env = await environment({ PORT: String(port) });
  const child = spawn(process.execPath, [mainFile], { env, stdio: ["ignore", full, "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "close");
  // Its log is full: only its own answer tells that it listens.
  while (
    !(await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await nextTurn();
  child.kill("SIGTERM");
  expect(await closed).toEqual([0, null]);
});

test("the app starts without waiting for GitHub, asks it once for lost webhooks, answers, and ends with 0 on SIGTERM", async () => {
  let asked = 0;
  // It takes the call and never answers.
  const called = Promise.withResolvers<void>();
  const github = createServer(() => {
    asked += 1;
    called.resolve();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void github.close());
  await once(github, "listening");
  const { child, listening, ended } = startMain(
    await environment({ GITHUB_API_URL: `http://127.0.0.1:${portOf(github)}` }),
  );
  const port = await listening;
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  await called.promise;
  const toldAt = performance.now();
  child.kill("SIGTERM");
  expect(await ended).toEqual({ code: 0, said: "" });
  expect(performance.now() - toldAt).toBeLessThan(10_000);
  expect(asked).toBe(1);
});

test("a data folder that one app has left is there for the next", async () => {
  const env = await environment();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const { child, listening, ended } = startMain(env);
    await listening;
    child.kill(signal);
    expect((await ended).code).toBe(0);
  }
});

test("settings with faults end it with 2 and the list of them all", async () => {
  const { code, said } = await startMain({ APP_ID: "Iv1.abc", PORT: "port" }).ended;
  expect(code).toBe(2);
  for (const name of ["APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET", "PUBLIC_URL", "ACTION_REF", "PORT"]) {
    expect(said).toContain(`  - ${name}: `);
  }
  expect(said).not.toContain("    at ");
});

test("a data folder that another app has open ends it with 1 and what to do", async () => {
  const env = await environment();
  await storeAt(env["DATA_DIR"] ?? "");
  const { code, said } = await startMain(env).ended;
  expect(code).toBe(1);
  expect(said).toBe(
    `phasegate: opening data folder "${env["DATA_DIR"]}": another Phasegate is using it; stop that one, or set DATA_DIR to a folder of its own\n`,
  );
});

test("a data folder that cannot be one ends it with 1, and says why", async () => {
  const { code, said } = await startMain(await environment({ DATA_DIR: "/dev/null/data" })).ended;
  expect(code).toBe(1);
  expect(said).toContain('opening data folder "/dev/null/data"; it must be a folder that this user may write: ENOTDIR');
});

test("a port that is in use ends it with 1 and what to do, and leaves the data folder free", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const port = portOf(taken);
  const env = await environment({ PORT: String(port) });
  const { code, said } = await startMain(env).ended;
  expect(code).toBe(1);
  expect(said).toBe(
    `phasegate: port ${port} of 127.0.0.1 is in use; stop the program that has it, or set PORT to a free one\n`,
  );
  await storeAt(env["DATA_DIR"] ?? "");
});
