/** What `/config` shows: each setting, what it is now, and whose word that is. */
import type { Notice } from "../../control/ports.ts";
import { limitsOf, type SettingsFound, type TaskSettings } from "../../core/settings.ts";
import { settingsPath } from "../settings-file.ts";
import type { BlockContext } from "./blocked.ts";
import { code, link, plain } from "./escape.ts";
import { dollars } from "./format.ts";
import { listed } from "./places.ts";

type Config = Extract<Notice, { kind: "config" }>;

/** Whose word counts where no file says anything. */
type Otherwise = "the default" | "the installation" | "the playbook";

interface Row {
  /** As in the file, e.g. `limits.reworks`. */
  readonly name: string;
  /** Markdown. */
  readonly value: string;
  readonly otherwise: Otherwise;
  /** What a file says beyond what the installation allows. */
  readonly beyond?: string | null;
}

const faultCharactersMax = 500;

export function configText({ found, installation, owner }: Config, context: BlockContext): string {
  const { defaultBranch, links } = context;
  const path = code(settingsPath);
  const isThere = found.faults.length > 0 || Object.values(found.origins).includes("repository");
  const file = isThere ? link(path, links.file(defaultBranch, settingsPath)) : path;
  const rows = rowsOf(found.settings, installation).map((row) => {
    const from = originOf(row, found, { file, owner });
    return `| ${code(row.name)} | ${row.value} | ${from} |`;
  });
  const edit = isThere
    ? link(`edit ${path}`, links.editFile(defaultBranch, settingsPath))
    : link(`add ${path}`, links.newFile(defaultBranch, settingsPath, firstLine(context)));
  return [
    ...(found.faults.length === 0 ? ["These settings are in force:"] : faultsText(found, path)),
    ["| Setting | Value | From |", "|---|---|---|", ...rows].join("\n"),
    "Budgets of a phase and of a task count for tasks that begin afterwards, and `integration` for tasks without a commit; `/budget` sets those of this task. Everything else counts from the next run on.",
    `*Next:* to change something, ${edit} on ${code(defaultBranch)}.`,
  ].join("\n\n");
}

/** The schema lies at the app, so that an editor offers what this version knows. */
export function firstLine({ appUrl }: Pick<BlockContext, "appUrl">): string {
  return `# yaml-language-server: $schema=${appUrl}/schemas/settings.json\n`;
}

function faultsText({ faults }: SettingsFound, path: string): readonly string[] {
  return [
    `**No run starts before this is mended in ${path}, and nothing of the file counts until then:**`,
    faults.map((fault) => `- ${plain(fault, faultCharactersMax)}`).join("\n"),
  ];
}

function originOf(
  { name, otherwise, beyond = null }: Row,
  { origins }: SettingsFound,
  { file, owner }: { readonly file: string; readonly owner: string },
): string {
  const of = Object.hasOwn(origins, name) ? origins[name] : undefined;
  if (of === undefined) return otherwise;
  const whose = of === "repository" ? file : `${code(settingsPath)} of ${code(`${owner}/.github`)}`;
  return beyond === null ? whose : `the installation, which allows no more; ${whose} says ${beyond}`;
}

function rowsOf(settings: TaskSettings, installation: Config["installation"]): readonly Row[] {
  const { limits: said, integrations, mention, mcpServers } = settings;
  const limits = limitsOf(settings, installation);
  const { figma, supabase, slack, notion } = integrations;
  const row = (name: string, value: string, otherwise: Otherwise = "the default"): Row => ({ name, value, otherwise });
  const limit = (name: string, asked: number | null, inForce: number | null, show: (value: number) => string): Row => ({
    name: `limits.${name}`,
    value: inForce === null ? "as each phase has it" : show(inForce),
    otherwise: inForce === null ? "the playbook" : "the installation",
    beyond: asked !== null && inForce !== null && asked > inForce ? show(asked) : null,
  });
  return [
    row("merge", settings.merge),
    row("requester_may_approve", String(settings.requesterMayApprove)),
    row("integration", settings.integration),
    row("ci", settings.ci ?? "ready, or approved where workflows hold secrets or a write token"),
    row("language", settings.language ?? installation.language, "the installation"),
    row("model", code(settings.model ?? installation.model), "the installation"),
    ...Object.entries(settings.models).map(([role, model]) => row(`models.${role}`, code(model))),
    row("max_tokens", settings.maxTokens === null ? "as the agent has it" : String(settings.maxTokens)),
    row("auto_accept", String(settings.autoAccept)),
    row("output_directory", settings.outputDirectory === "" ? "the root" : code(settings.outputDirectory)),
    limit("phase_budget_usd", said.phaseBudgetUsd, limits.phaseBudgetUsd, dollars),
    limit("task_budget_usd", said.taskBudgetUsd, limits.taskBudgetUsd, dollars),
    limit("day_budget_usd", said.dayBudgetUsd, limits.dayBudgetUsd, dollars),
    limit("step_minutes", said.stepMinutes, limits.stepMinutes, String),
    limit("reworks", said.reworks, limits.reworks, String),
    row(
      "review_debounce_seconds",
      String(settings.reviewDebounceSeconds ?? installation.reviewDebounceSeconds),
      "the installation",
    ),
    // Of services only what somebody said: nothing else would tell anybody anything.
    ...[
      ["figma.token_secret", figma.tokenSecret],
      ["supabase.url", supabase.url],
      ["supabase.url_variable", supabase.urlVariable],
      ["supabase.key_secret", supabase.keySecret],
      ["slack.token_secret", slack.tokenSecret],
      ["slack.default_channel", slack.defaultChannel],
      ["notion.token_secret", notion.tokenSecret],
    ].flatMap(([name, value]) => (value === null ? [] : [row(`integrations.${name}`, code(value ?? ""))])),
    row("notifications.mention", mention.length === 0 ? "nobody" : listed(mention.map((login) => code(login)))),
    row(
      "mcp_servers",
      mcpServers.length === 0 ? "none" : listed(mcpServers.map(({ name, url }) => code(`${name}: ${url}`))),
    ),
  ];
}
