import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../store/temporary-store.ts";

const script = path.join(import.meta.dirname, "..", "..", ".ci", "audit");

/** What CI hears where npm answers so. */
async function audited(report: string, code: number): Promise<{ readonly code: number; readonly said: string }> {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, "npm"), `#!/bin/sh\necho '${report}'\nexit ${code}\n`);
  await chmod(path.join(folder, "npm"), 0o755);
  return new Promise((resolve) => {
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    execFile(script, { env }, (error, stdout) => resolve({ code: Number(error?.code ?? 0), said: stdout }));
  });
}

test("dependencies with a known fault fail CI; a registry that offers no audit does not, and that is said", async () => {
  expect((await audited('{"auditReportVersion":2,"vulnerabilities":{}}', 0)).code).toBe(0);
  expect((await audited('{"auditReportVersion":2,"vulnerabilities":{"a":{"severity":"high"}}}', 1)).code).toBe(1);
  const without = await audited('{"message":"405 Method Not Allowed","error":{}}', 1);
  expect(without).toEqual({ code: 0, said: "The registry offers no audit here: no dependency was looked up.\n" });
});
