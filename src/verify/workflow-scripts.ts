/**
 * What the steps of a compiled workflow run. These texts are the same in every workflow: whatever comes from a definition,
 * a repository or another step reaches them through the environment, as data.
 */

/** Of each script, by its ending. */
const RUN_SCRIPT = `case "$PHASEGATE_SCRIPT" in
  *.mjs | *.cjs | *.js) exec node "$PHASEGATE_SCRIPT" ;;
  *.py) exec python3 "$PHASEGATE_SCRIPT" ;;
  *.sh) exec bash "$PHASEGATE_SCRIPT" ;;
esac
echo "no program runs this file" >&2
exit 1
`;

/** Fills placeholders once: what was filled in is not looked at again. */
const FILL = `const values = new Map(JSON.parse(env.PHASEGATE_NAMES).map((name, at) => [name, env["PHASEGATE_VALUE_" + at] ?? ""]));
const fill = (text, encode) => text.replaceAll(/\\{\\{([^{}]*)\\}\\}/g, (_, name) => encode(values.get(name.trim()) ?? ""));
const same = (value) => value;`;

const DECIDE = node(`import { appendFileSync } from "node:fs";
import { env } from "node:process";

const { is, value } = JSON.parse(env.PHASEGATE_CONDITION);
const got = env.PHASEGATE_VALUE_0 ?? "";
const number = (text) => {
  const parsed = String(text).trim() === "" ? NaN : Number(text);
  if (Number.isNaN(parsed)) throw new Error("the output to compare is no number");
  return parsed;
};
const isEqual = () => (typeof value === "number" ? number(got) === value : got === value);
const tests = {
  equals: isEqual,
  not_equals: () => !isEqual(),
  greater_than: () => number(got) > number(value),
  less_than: () => number(got) < number(value),
};
const holds = tests[is]();
appendFileSync(env.GITHUB_OUTPUT, "holds=" + holds + "\\n");
console.log(holds ? "the condition holds" : "the condition does not hold: nothing that follows runs");
`);

const CALL = node(`import { appendFileSync } from "node:fs";
import { env } from "node:process";

const { method, url, body, secret } = JSON.parse(env.PHASEGATE_REQUEST);
${FILL}
const filled = (value) => {
  if (typeof value === "string") return fill(value, same);
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner)]));
};
const target = new URL(fill(url, encodeURIComponent));
if (target.protocol !== "https:" || target.host !== new URL(url).host) throw new Error("the address is not the one that was written");
const headers = { "user-agent": "phasegate-workflow" };
if (secret !== undefined) {
  if (!env.PHASEGATE_SECRET) throw new Error("the repository has no secret " + secret);
  headers.authorization = "Bearer " + env.PHASEGATE_SECRET;
}
if (body !== undefined) headers["content-type"] = "application/json";
const response = await fetch(target, {
  method,
  headers,
  ...(body === undefined ? {} : { body: JSON.stringify(filled(body)) }),
  redirect: "error",
  signal: AbortSignal.timeout(30_000),
});
appendFileSync(env.GITHUB_OUTPUT, "status=" + response.status + "\\n");
console.log(method + " " + target.host + ": " + response.status);
if (!response.ok) process.exitCode = 1;
`);

const INSTALL_CLAUDE = `npm install --prefix "$RUNNER_TEMP/claude" --no-audit --no-fund --silent "@anthropic-ai/claude-code@$PHASEGATE_CLAUDE_VERSION"
`;

const ASK_CLAUDE = node(`import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { env } from "node:process";

const { prompt, tools, maxTurns, maxBudgetUsd, model } = JSON.parse(env.PHASEGATE_PROMPT);
${FILL}
if (!env.ANTHROPIC_API_KEY) throw new Error("the repository has no secret ANTHROPIC_API_KEY");
const claude = spawnSync(
  env.RUNNER_TEMP + "/claude/node_modules/.bin/claude",
  ["-p", "--output-format", "json", "--model", model, "--permission-mode", "dontAsk", "--tools", tools.join(","),
    "--max-turns", String(maxTurns), "--max-budget-usd", String(maxBudgetUsd), "--no-session-persistence",
    "--setting-sources", "", "--strict-mcp-config"],
  {
    input: fill(prompt, same),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 20 * 60_000,
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      PATH: env.PATH,
      HOME: env.RUNNER_TEMP,
      ANTHROPIC_API_KEY: env.ANTHROPIC_API_KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
    },
  },
);
if (claude.error) throw claude.error;
const answer = JSON.parse(claude.stdout);
if (claude.status !== 0 || answer.is_error) throw new Error("the model gave no answer: " + (answer.subtype ?? "error"));
// One line, so that an answer can't add an output of its own.
const result = Array.from(String(answer.result).replaceAll(/[\\s\\u0000-\\u001f]+/gu, " ").trim()).slice(0, 10_000).join("");
appendFileSync(env.GITHUB_OUTPUT, "result=" + result + "\\n");
console.log("answered in " + answer.num_turns + " turns");
`);

export const workflowScripts = {
  run: RUN_SCRIPT,
  decide: DECIDE,
  call: CALL,
  installClaude: INSTALL_CLAUDE,
  askClaude: ASK_CLAUDE,
} as const;

/** The quoted mark keeps the shell from reading anything in it. */
function node(script: string): string {
  return `node --input-type=module <<'SCRIPT'\n${script}SCRIPT\n`;
}
