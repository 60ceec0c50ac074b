import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { productTypes } from "../model/load-product.ts";

export interface DemoOptions {
  /** Of the task: the label of the issue. */
  readonly type: string;
  readonly model:
    | { readonly kind: "scripted" }
    | {
        readonly kind: "real";
        readonly baseUrl: string | null;
        readonly secret: { readonly name: string; readonly value: string };
      };
  readonly budgetUsd: number;
  readonly keep: boolean;
  readonly json: boolean;
  /** The agent runs as whoever runs the demo. */
  readonly sameUser: boolean;
  /** Lines that a person should read first. */
  readonly notes: readonly string[];
}

/** The type whose demo shows everything that people can do. */
export const mainType = "create_app";

const types = (await productTypes()).filter((type) => type !== mainType);
const others = types.join(", ");

export const usage = `Usage: npm run demo -- [options]

  --type <type>          what the issue asks for: create_app (the default), or ${others}
  --model scripted|real  who answers as the model (scripted)
                         real takes ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN from the environment
  --budget <dollars>     most that a real model may cost (5)
  --keep                 leave everything running at the end and print the addresses
  --json                 one JSON event a line
  --unsafe               let a real model's agent run as your own user where no second one can be had
  --help                 this text
`;

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws an Error with a sentence for the person at the terminal. */
export function readOptions(
  args: readonly string[],
  environment: Environment,
  secondUserPossible: () => boolean,
): DemoOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      type: { type: "string", default: mainType },
      model: { type: "string", default: "scripted" },
      budget: { type: "string", default: "5" },
      keep: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      unsafe: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  if (values.type !== mainType && !types.includes(values.type))
    throw new Error(`--type: expected ${mainType}, ${others}, got "${values.type}"`);
  const budgetUsd = Number(values.budget);
  if (!(budgetUsd > 0 && budgetUsd <= 1_000))
    throw new Error(`--budget: expected dollars from above 0 to 1000, got "${values.budget}"`);
  if (values.model !== "scripted" && values.model !== "real") {
    throw new Error(`--model: expected "scripted" or "real", got "${values.model}"`);
  }
  const sameUser = !secondUserPossible();
  if (values.model === "real" && sameUser && !values.unsafe) {
    throw new Error(
      "--model real: no second user can be had here (needs root, or sudo without a password), so the agent would run as you and could read your files; run it as root in a container, or add --unsafe",
    );
  }
  const model = values.model === "real" ? realModel(environment) : { kind: "scripted" as const };
  const notes =
    model.kind === "scripted"
      ? [
          "The model's answers are canned and GitHub is simulated on this machine.",
          "All else is real: the app, its store, git, the action, and the claude CLI that it drives.",
        ]
      : [
          `The model is real and costs money, $${budgetUsd} at most. GitHub is simulated on this machine; all else is real.`,
        ];
  if (sameUser) notes.push("No second user can be had here (no root, no sudo): the agent runs as you.");
  return {
    type: values.type,
    model,
    budgetUsd: model.kind === "real" ? budgetUsd : 25,
    keep: values.keep,
    json: values.json,
    sameUser,
    notes,
  };
}

function realModel(environment: Environment): DemoOptions["model"] {
  const baseUrl = environment["ANTHROPIC_BASE_URL"] ?? null;
  for (const name of ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"]) {
    const value = environment[name];
    if (value !== undefined && value !== "") return { kind: "real", baseUrl, secret: { name, value } };
  }
  throw new Error(
    "--model real: set ANTHROPIC_API_KEY (from the provider's console) or CLAUDE_CODE_OAUTH_TOKEN (from `claude setup-token`) in the environment",
  );
}

/** Root can have another user for the agent; so can who may use sudo without a password. */
export function canHaveSecondUser(): boolean {
  if (process.platform !== "linux") return false;
  if (process.getuid?.() === 0) return true;
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0;
}
