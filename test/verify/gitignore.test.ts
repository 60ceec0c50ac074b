import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { isIgnored } from "../../src/verify/gitignore.ts";

const files: readonly string[] = [
  "",
  ".env",
  "  .env",
  ".env   ",
  ".env\\ ",
  "\\.env",
  "/.env",
  "./.env",
  ".env/",
  ".env*",
  ".e?v",
  ".[a-f]nv",
  ".[!a-f]nv",
  ".[z-a]nv",
  ".{env,x}",
  "*",
  "*\n!.env",
  ".env\n!.env",
  "!.env\n.env",
  ".env\n!*.example\n",
  "# .env",
  "\\#.env",
  "**/.env",
  "**/.env\n!/.env",
  "config/.env",
  "/*",
  ".env.*",
  "node_modules/\r\n.env\r\n",
  "a/**",
  "a/**/b",
  "a/*",
  "b/",
  "!",
  "/",
  "**",
  "a**b",
  "\\",
  "[",
];
const paths = [".env", "a/.env", "a/b", "a/x/b", "b/c", "axb", "#.env", ".env.local"] as const;

describe("isIgnored", () => {
  test("agrees with git", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "ignore-"));
    try {
      execFileSync("git", ["init", "--quiet", folder]);
      for (const text of files) {
        await writeFile(path.join(folder, ".gitignore"), text);
        const { stdout } = spawnSync(
          "git",
          ["-C", folder, "-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin", "-z"],
          {
            input: paths.join("\0"),
            encoding: "utf8",
          },
        );
        const ignored = stdout.split("\0").filter((line) => line !== "");
        expect({ text, ignored: paths.filter((candidate) => isIgnored(text, candidate)) }).toEqual({ text, ignored });
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
