/** What `/config` shows: each setting, what it is now, and whose word that is. */
import type { Notice } from "../../control/ports/notices.ts";
import { tightest } from "../../core/network.ts";
import { limitsOf, type SettingsFound, type TaskSettings } from "../../core/settings.ts";
import { settingsPath } from "../settings-file.ts";
import type { BlockContext } from "./blocked.ts";
import { code, link, plain } from "./escape.ts";
import { dollars } from "./format.ts";
import { listed } from "./places.ts";
import type { Say } from "./words.ts";

type Config = Extract<Notice, { kind: "config" }>;

interface Row {
  /** As in the file, e.g. `limits.reworks`. */
  readonly name: string;
  /** Markdown. */
  readonly value: string;
  /** Whose word counts where no file says anything. */
  readonly otherwise: string;
  /** What a file says beyond what the installation allows. */
  readonly beyond?: string | null;
}

const faultCharactersMax = 500;

export function configText({ found, installation, owner }: Config, context: BlockContext): string {
  const { defaultBranch, links, say } = context;
  const path = code(settingsPath);
  const isThere = found.faults.length > 0 || Object.values(found.origins).includes("repository");
  const file = isThere ? link(path, links.file(defaultBranch, settingsPath)) : path;
  const rows = rowsOf(found.settings, installation, say).map((row) => {
    const from = originOf(row, found, { file, owner }, say);
    return `| ${code(row.name)} | ${row.value} | ${from} |`;
  });
  const edit = isThere
    ? link(say`edit ${path}`, links.editFile(defaultBranch, settingsPath))
    : link(say`add ${path}`, links.newFile(defaultBranch, settingsPath, firstLine(context)));
  return [
    ...(found.faults.length === 0 ? [say`These settings are in force:`] : faultsText(found, path, say)),
    [say`| Setting | Value | From |`, "|---|---|---|", ...rows].join("\n"),
    say`Budgets of a phase and of a task count for tasks that begin afterwards, and \`integration\` for tasks without a commit; \`/budget\` sets those of this task. Everything else counts from the next run on.`,
    say`*Next:* to change something, ${edit} on ${code(defaultBranch)}.`,
  ].join("\n\n");
}

/** The schema lies at the app, so that an editor offers what this version knows. */
export function firstLine({ appUrl }: Pick<BlockContext, "appUrl">): string {
  return `# yaml-language-server: $schema=${appUrl}/schemas/settings.json\n`;
}

function faultsText({ faults }: SettingsFound, path: string, say: Say): readonly string[] {
  return [
    say`**No run starts before this is mended in ${path}, and nothing of the file counts until then:**`,
    faults.map((fault) => `- ${plain(fault, faultCharactersMax)}`).join("\n"),
  ];
}

function originOf(
  { name, otherwise, beyond = null }: Row,
  { origins }: SettingsFound,
  { file, owner }: { readonly file: string; readonly owner: string },
  say: Say,
): string {
  const of = Object.hasOwn(origins, name) ? origins[name] : undefined;
  if (of === undefined) return otherwise;
  const whose = of === "repository" ? file : say`${code(settingsPath)} of ${code(`${owner}/.github`)}`;
  return beyond === null ? whose : say`the installation, which allows no more; ${whose} says ${beyond}`;
}

function rowsOf(settings: TaskSettings, installation: Config["installation"], say: Say): readonly Row[] {
  const { limits: said, integrations, mention, mcpServers } = settings;
  const limits = limitsOf(settings, installation);
  const { figma, supabase, slack, notion } = integrations;
  const [byDefault, byInstallation] = [say`the default`, say`the installation`];
  /** What is read and checked, and changes nothing so far. */
  const row = (name: string, value: string, otherwise = byDefault): Row => ({ name, value, otherwise });
  const limit = (name: string, asked: number | null, inForce: number | null, show: (value: number) => string): Row => ({
    name: `limits.${name}`,
    value: inForce === null ? say`as each phase has it` : show(inForce),
    otherwise: inForce === null ? say`the playbook` : byInstallation,
    beyond: asked !== null && inForce !== null && asked > inForce ? show(asked) : null,
  });
  return [
    row("merge", settings.merge),
    row("requester_may_approve", String(settings.requesterMayApprove)),
    row("integration", settings.integration),
    row("ci", settings.ci ?? say`ready, or approved where workflows hold secrets or a write token`),
    row("language", settings.language ?? installation.language, byInstallation),
    row("model", code(settings.model ?? installation.model), byInstallation),
    ...Object.entries(settings.models).map(([role, model]) => row(`models.${role}`, code(model))),
    row("max_tokens", settings.maxTokens === null ? say`as the agent has it` : String(settings.maxTokens)),
    row("network", tightest(settings.network, installation.network), say`the installation`),
    row("auto_accept", String(settings.autoAccept)),
    row("output_directory", settings.outputDirectory === "" ? say`the root` : code(settings.outputDirectory)),
    limit("phase_budget_usd", said.phaseBudgetUsd, limits.phaseBudgetUsd, dollars),
    limit("task_budget_usd", said.taskBudgetUsd, limits.taskBudgetUsd, dollars),
    limit("day_budget_usd", said.dayBudgetUsd, limits.dayBudgetUsd, dollars),
    limit("step_minutes", said.stepMinutes, limits.stepMinutes, String),
    limit("reworks", said.reworks, limits.reworks, String),
    row(
      "review_debounce_seconds",
      String(settings.reviewDebounceSeconds ?? installation.reviewDebounceSeconds),
      byInstallation,
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
    row(
      "notifications.mention",
      mention.length === 0
        ? say`nobody`
        : listed(
            mention.map((login) => code(login)),
            say,
          ),
    ),
    row(
      "mcp_servers",
      mcpServers.length === 0
        ? say`none`
        : listed(
            mcpServers.map(({ name, url }) => code(`${name}: ${url}`)),
            say,
          ),
    ),
  ];
}
