import { chmod, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { envLines, writeEnvFile } from "../../src/setup/env-file.ts";
import { temporaryFolder } from "../store/temporary-store.ts";

const newId = () => "new";
const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----\n";

async function fileWith(text: string): Promise<string> {
  const file = path.join(await temporaryFolder(), ".env");
  await writeFile(file, text);
  return file;
}

test("adds what is missing, fills in what is empty, and leaves all other lines as they are", async () => {
  const file = await fileWith(
    "# mine\nPORT=8080\nAPP_ID=\nexport PRIVATE_KEY='' # later\nPUBLIC_URL=https://a.example",
  );
  await chmod(file, 0o644);
  const entries = { APP_ID: "7", PRIVATE_KEY: key, PUBLIC_URL: "https://a.example" };
  expect(await writeEnvFile(file, entries, newId)).toEqual({ kind: "written" });
  const text = await readFile(file, "utf8");
  expect(text).toBe(`# mine\nPORT=8080\nPUBLIC_URL=https://a.example\n${envLines({ APP_ID: "7", PRIVATE_KEY: key })}`);
  expect(parseEnv(text)["PRIVATE_KEY"]?.replaceAll("\\n", "\n")).toBe(key.trim());
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(path.dirname(file))).toEqual([".env"]);
});

test("never overwrites another value, and names what is in the way", async () => {
  for (const [line, name] of [
    ["APP_ID=8", "APP_ID"],
    ["PRIVATE_KEY_PATH=/keys/app.pem", "PRIVATE_KEY_PATH"],
  ] as const) {
    const file = await fileWith(`${line}\n`);
    const written = await writeEnvFile(file, { APP_ID: "7", PRIVATE_KEY: key }, newId);
    expect(written).toEqual({ kind: "kept", why: `it has ${name} already` });
    expect(await readFile(file, "utf8")).toBe(`${line}\n`);
  }
});

test("the same settings twice change nothing", async () => {
  const file = path.join(await temporaryFolder(), ".env");
  await writeEnvFile(file, { APP_ID: "7", PRIVATE_KEY: key }, newId);
  const before = await readFile(file, "utf8");
  expect(await writeEnvFile(file, { APP_ID: "7", PRIVATE_KEY: key }, newId)).toEqual({ kind: "written" });
  expect(await readFile(file, "utf8")).toBe(before);
});

test("a link is not followed and a missing folder is no crash", async () => {
  const target = await fileWith("");
  const file = path.join(await temporaryFolder(), ".env");
  await symlink(target, file);
  expect(await writeEnvFile(file, { APP_ID: "7" }, newId)).toEqual({ kind: "kept", why: "it is no ordinary file" });
  expect(await writeEnvFile("/proc/none/.env", { APP_ID: "7" }, newId)).toMatchObject({ kind: "kept" });
});
