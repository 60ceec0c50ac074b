import { describe, expect, test } from "vitest";
import { checkEnvIgnored } from "../../src/verify/env-ignored.ts";
import { memoryTree } from "./memory-tree.ts";

async function paths(files: Readonly<Record<string, string | null>>): Promise<readonly (string | null)[]> {
  return (await checkEnvIgnored(memoryTree(files))).findings.map((finding) => finding.path);
}

describe("checkEnvIgnored", () => {
  test("passes where git ignores .env and only samples are there", async () => {
    expect(
      await paths({ ".gitignore": "node_modules/\n.env\n", ".env.example": "A=1", "src/.env.sample": "A=1" }),
    ).toEqual([]);
  });

  test.each([
    ["there is no .gitignore", {}],
    ["it is not in the root", { "src/.gitignore": ".env" }],
    ["it can't be read", { ".gitignore": null }],
    ["it says nothing of .env", { ".gitignore": "dist/\n" }],
    ["a later line takes .env out", { ".gitignore": ".env*\n!.env\n" }],
    ["it names a folder .env", { ".gitignore": ".env/\n" }],
  ])("fails where %s", async (_, files) => {
    expect(await paths(files)).toEqual([".gitignore"]);
  });

  test("fails where such a file is to be committed", async () => {
    expect(await paths({ ".gitignore": ".env", ".env": "A=1", "app/.env.local": "A=1" })).toEqual([
      ".env",
      "app/.env.local",
    ]);
  });
});
