import { createHash } from "node:crypto";
import { chmod, readFile, readdir, stat, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { checkIntegrity, provideClaude } from "../../src/runner/claude-binary.ts";
import { claudePackages, claudeVersion } from "../../src/runner/claude-release.ts";
import { makeFolder } from "./run-world.ts";

test("version and hashes are those of the lock file", async () => {
  const text = await readFile(join(import.meta.dirname, "../../package-lock.json"), "utf8");
  const locked: { packages: Record<string, { version?: string; integrity?: string }> } = JSON.parse(text);
  expect(locked.packages["node_modules/@anthropic-ai/claude-code"]?.version).toBe(claudeVersion);
  for (const { name, integrity } of Object.values(claudePackages)) {
    expect(locked.packages[`node_modules/${name}`]).toMatchObject({ version: claudeVersion, integrity });
  }
});

/** An `npm` that packs what it was given, in place of the real one. */
async function withFakeNpm(root: string): Promise<Record<string, string>> {
  await mkdir(join(root, "package"));
  await writeFile(join(root, "package", "claude"), "#!/bin/sh\necho planted\n");
  await execa("tar", ["-czf", join(root, "any.tgz"), "-C", root, "package"]);
  await mkdir(join(root, "bin"));
  const script = `#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\necho "$PWD" > ${root}/cwd; cp ${root}/any.tgz "$1"/x.tgz\n`;
  await writeFile(join(root, "bin", "npm"), script);
  await chmod(join(root, "bin", "npm"), 0o755);
  return { PATH: `${join(root, "bin")}:/usr/bin:/bin` };
}

test("a package with another hash is not unpacked", async () => {
  await using folder = await makeFolder();
  const npmEnvironment = await withFakeNpm(folder.path);
  const place = { privateDir: join(folder.path, "private"), sharedDir: join(folder.path, "shared") };
  await mkdir(place.privateDir);
  await mkdir(place.sharedDir);
  const order = { claudePath: null, platform: "linux-x64", npmEnvironment, ...place };
  await expect(provideClaude(order)).rejects.toThrow(/expected sha512-.*not the one that this version was tested with/);
  expect(await readdir(place.sharedDir)).toEqual([]);
  expect(await readdir(place.privateDir)).toEqual(["download"]);
});

test("a file with the right hash passes", async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, "x.tgz");
  await writeFile(path, "content");
  const hash = createHash("sha512").update("content").digest("base64");
  await expect(checkIntegrity(path, `sha512-${hash}`)).resolves.toBeUndefined();
  await expect(checkIntegrity(path, `sha512-${hash.slice(1)}`)).rejects.toThrow("nothing of it was run");
});

test("an own CLI must be an absolute path to something that can be executed", async () => {
  await using folder = await makeFolder();
  const order = { platform: "linux-x64", npmEnvironment: {}, privateDir: folder.path, sharedDir: folder.path };
  expect(await provideClaude({ ...order, claudePath: "/bin/sh" })).toBe("/bin/sh");
  await expect(provideClaude({ ...order, claudePath: "claude" })).rejects.toThrow("expected an absolute path");
  const plain = join(folder.path, "plain");
  await writeFile(plain, "", { mode: 0o644 });
  expect((await stat(plain)).mode & 0o111).toBe(0);
  await expect(provideClaude({ ...order, claudePath: plain })).rejects.toThrow("can't be executed");
  await expect(provideClaude({ ...order, platform: "plan9-mips", claudePath: null })).rejects.toThrow("plan9-mips");
});
