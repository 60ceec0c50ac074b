/** What is deployed: samples and unit name settings that exist, hold no values that matter, and say the same. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { startFlags } from "../support/start-flags.ts";
import { isNotSetUp } from "../../src/setup/setup-settings.ts";

const root = path.join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");

describe.each([".env.local", ".env.kind", ".env.prod"])("the sample %s", (file) => {
  const sample = parseEnv(read(file));

  test("names only settings that the README lists, and has no value of an App", () => {
    const listed = [...read("README.md").matchAll(/^\| `([A-Z][A-Z_]+)` \|/gmu)].map(([, name]) => name);
    for (const name of Object.keys(sample)) expect(listed).toContain(name);
    expect(isNotSetUp(sample)).toBe(true);
  });

  test("has the same variables as the others, and is the only kind of .env that git takes", () => {
    expect(Object.keys(sample)).toEqual(Object.keys(parseEnv(read(".env.prod"))));
    expect(read(".gitignore").split("\n")).toContain(`!${file}`);
  });
});

test("the image takes in nothing but what the app reads at run time", () => {
  const kept = read(".dockerignore")
    .split("\n")
    .filter((line) => line.startsWith("!"));
  const copied = [...read(".github/deploy/Dockerfile").matchAll(/^COPY (.+) \S+$/gmu)].flatMap(([, sources = ""]) =>
    sources.split(" "),
  );
  const names = kept.map((line) => line.slice(1)).filter((name) => name !== ".github");
  expect(names.sort()).toEqual(copied.sort());
});

test("image and unit start the app with the memory that npm start gives it", () => {
  expect(startFlags()).not.toEqual([]);
  expect(read(".github/deploy/Dockerfile")).toContain(
    `CMD ${JSON.stringify(["node", ...startFlags(), "src/main.ts"]).replaceAll(",", ", ")}`,
  );
  expect(read(".github/deploy/phasegate.service")).toContain(`bin/node ${startFlags().join(" ")} --env-file`);
});
