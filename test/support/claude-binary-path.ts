import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

/** The CLI's own binary in the platform package that npm installed. */
export async function claudeBinaryPath(): Promise<string> {
  const require = createRequire(import.meta.url);
  const names = [`${process.platform}-${process.arch}`, `${process.platform}-${process.arch}-musl`];
  for (const name of names) {
    try {
      const manifest = require.resolve(`@anthropic-ai/claude-code-${name}/package.json`);
      const binary = path.join(path.dirname(manifest), process.platform === "win32" ? "claude.exe" : "claude");
      await access(binary);
      return binary;
    } catch {
      // Only one of the packages fits this machine.
    }
  }
  throw new Error(
    `finding the claude CLI: no package for ${names.join(" or ")} is installed; run npm ci without --omit=optional`,
  );
}
