import type { Finding, Tree } from "../core/report.ts";
import { isIgnored } from "./gitignore.ts";
import type { Looked } from "./tree-check.ts";

/** `.env` and its kin, but not the samples that are meant to be committed. */
const ENV_FILE = /(?:^|\/)\.env(?:\.(?!example$|sample$|template$|dist$|defaults$)[^/]+)?$/u;

/** `.env` is in the root's `.gitignore`, and no such file is among those to be committed. Costs one file. */
export async function checkEnvIgnored(tree: Tree): Promise<Looked> {
  const findings: Finding[] = [];
  const add = (path: string, message: string): void => {
    findings.push({ check: "env-ignored", step: null, path, line: null, message });
  };
  const gitignore = tree.paths.includes(".gitignore") ? await tree.read(".gitignore") : null;
  if (gitignore === null) {
    add(".gitignore", 'there is no readable .gitignore in the root: write one with the line ".env".');
  } else if (!isIgnored(gitignore, ".env")) {
    add(".gitignore", 'git would not ignore ".env": add the line ".env", below any line that takes it out again.');
  }
  for (const path of tree.paths.filter((candidate) => ENV_FILE.test(candidate))) {
    add(
      path,
      "a file with settings of one machine is among the files to be committed: remove it and keep a sample such as .env.example.",
    );
  }
  return { findings, looked: tree.paths.length };
}
