import { lintSource } from "@secretlint/core";
import { secretLintProfiler } from "@secretlint/profiler";
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import type { Finding } from "../core/report.ts";

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The recommended rules but one: the rule that obeys comments such as `secretlint-disable`.
 * Whoever wrote the file does not decide whether it is looked at.
 */
const RULES = rules
  .filter((rule) => rule.meta.id !== "@secretlint/secretlint-rule-filter-comments")
  .map((rule) => ({ id: rule.meta.id, rule, options: {} }));

const RULE_PREFIX = "@secretlint/secretlint-rule-";

/** Finds credentials in texts. A finding names the place and the kind, never the credential or a part of it. */
export async function scanSecrets(files: readonly TextFile[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const file of files) findings.push(...(await scanFile(file)));
  return findings;
}

async function scanFile(file: TextFile): Promise<readonly Finding[]> {
  return (await credentialsIn(file)).map(({ line, kind }) => ({
    check: "no-secrets",
    step: null,
    path: file.path,
    line,
    message: `this line holds what looks like a credential (${kind}): remove it, read it from the environment, and replace it where it was real.`,
  }));
}

/** Where in a text, and of which kind, e.g. `openai`: never the credential or a part of it. */
export async function credentialsIn({
  path,
  text,
}: TextFile): Promise<readonly { readonly line: number; readonly kind: string }[]> {
  // It records every scan for as long as the process lives, which is weeks in the app.
  secretLintProfiler.setEnabled(false);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const { messages } = await lintSource({
    source: { filePath: path, content: text, ext: dot > 0 ? name.slice(dot) : "", contentType: "text" },
    options: { config: { rules: RULES }, locale: "en", maskSecrets: true, noPhysicFilePath: true },
  });
  // The library's own messages quote what they found, masked or not; only the rule's name is taken from them.
  const places = new Map(
    messages.map((message) => {
      const kind = message.ruleId.startsWith(RULE_PREFIX) ? message.ruleId.slice(RULE_PREFIX.length) : message.ruleId;
      return [`${message.loc.start.line} ${kind}`, { line: message.loc.start.line, kind }];
    }),
  );
  return [...places.values()];
}
