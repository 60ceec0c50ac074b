import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { createRunPlace } from "../../src/runner/agent-place.ts";
import { makeFolder } from "./run-world.ts";

test("a run's folders go, also where paths inside are longer than any system call takes", async () => {
  await using folder = await makeFolder();
  const place = await createRunPlace({ id: "0123abcd", runnerTemp: folder.path });
  const deep = Array.from({ length: 30 }, () => "d".repeat(100)).join("/");
  await mkdir(join(place.tempDir, deep), { recursive: true });
  await execa("mkdir", ["-p", deep], { cwd: join(place.tempDir, deep) });
  await place.remove();
  expect(await readdir(folder.path)).toEqual([]);
});

test("a place that somebody else has made is not used", async () => {
  await using folder = await makeFolder();
  await mkdir(join(folder.path, "phasegate-0123abcd"));
  await expect(createRunPlace({ id: "0123abcd", runnerTemp: folder.path })).rejects.toThrow("EEXIST");
});
