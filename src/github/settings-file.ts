/** What people may set in `.github/phasegate.yml`, and what is wrong with a file that says it badly. Pure: `settings.ts` reads. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { dependencyNameOf } from "../core/dependency-name.ts";
import { editDistance } from "../core/edit-distance.ts";
import { networks, tightest } from "../core/network.ts";
import { defaultSettings, type SettingOrigin, type TaskSettings } from "../core/settings.ts";

export const settingsFolder = ".github";
export const settingsFileName = "phasegate.yml";
export const settingsPath = `${settingsFolder}/${settingsFileName}`;
/** Where playbooks, guides and agents of a repository are, and the settings were. */
export const contentFolderName = "phasegate";

/** A file of this kind has a few lines; what is longer is something else. */
export const settingsBytesMax = 16 * 1024;
const faultsMax = 20;

const listedMax = 10;
const nameRule = /^[a-z][a-z0-9_-]{0,39}$/u;

function money(of: string) {
  const said = { error: "an amount in US dollars from 0.01 to 10000" };
  return z.number(said).min(0.01, said).max(10_000, said).optional().describe(of);
}

function whole(min: number, max: number, of: string) {
  const said = { error: `a whole number from ${min} to ${max}` };
  return z.int(said).min(min, said).max(max, said).optional().describe(of);
}

function text(rule: RegExp, what: string) {
  return z.string({ error: what }).regex(rule, { error: what });
}

function part<Shape extends z.core.$ZodLooseShape>(shape: Shape, example: string, of: string) {
  return z
    .strictObject(shape, { error: `settings such as "${example}"` })
    .optional()
    .describe(of);
}

function list<Item extends z.ZodType>(item: Item, what: string) {
  const said = { error: `a list of ${what}, ${listedMax} at the most` };
  return z.array(item, said).max(listedMax, said);
}

const Model = text(/^[A-Za-z0-9][\w.:[\]-]{0,99}$/u, 'the name of a model, such as "sonnet"');
const AutoAccept = z.boolean();
const outputTokens = "Most tokens that one reply of the model may hold.";
const MaxTokens = whole(1_000, 128_000, outputTokens);

const ofOutputDirectory = "a folder such as apps/shop: no slash before it, no part that begins with a dot";
/** Of letters of any script; a part that begins with a dot is git's, GitHub's or an agent's own. */
const OutputDirectory = text(
  /^(?!.{201})(?:\.\/?|(?:\.\/)?[\p{L}\p{N}_][\p{L}\p{N}_.-]*(?:\/[\p{L}\p{N}_][\p{L}\p{N}_.-]*)*\/?)$/u,
  ofOutputDirectory,
);

const ofSecretName =
  "the name of a repository secret in capital letters, such as NOTION_TOKEN, that Phasegate may lend (none of GitHub, of the runner or of the model)";
const SecretName = z
  .string({ error: ofSecretName })
  .refine((name) => dependencyNameOf("api_key", name) === name, { error: ofSecretName })
  .optional();

const ofVariableName = "the name of a repository variable in capital letters, such as SUPABASE_URL";
const VariableName = z
  .string({ error: ofVariableName })
  .refine((name) => dependencyNameOf("env_variable", name) === name, { error: ofVariableName })
  .optional();

const ofAddress = "an address that begins with https:// and holds no password";
const SupabaseUrl = z.string({ error: ofAddress }).refine(isPlainAddress, { error: ofAddress });
const Channel = text(/^#?[\p{L}\p{N}_-]{1,80}$/u, "the name of a channel, such as releases");
const Login = text(
  /^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/iu,
  "a login on GitHub without the @, such as octocat; quoted where it is a number",
);

/** Of the file, as its editors see it: `guide/settings.schema.json` comes from it. */
export const SettingsFile = schemaFor(null);

/** With the hosts that the operator allows as MCP servers; null leaves that open. */
function schemaFor(mcpHosts: readonly string[] | null) {
  const McpUrl = z.string({ error: ofAddress }).check((context) => {
    const fault = mcpFault(context.value, mcpHosts);
    if (fault !== null) context.issues.push({ code: "custom", input: context.value, message: fault });
  });
  return z
    .strictObject({
      merge: z
        .enum(["manual", "auto"])
        .optional()
        .describe("auto: Phasegate merges a gate that is approved on its head, once its checks are green."),
      requester_may_approve: z
        .boolean()
        .optional()
        .describe("false: the author of the issue and whoever started the task approve nothing."),
      integration: z
        .enum(["phase", "task"])
        .optional()
        .describe(
          "task: the phases of a task are merged into a branch of its own, and one last pull request brings it all into the default branch. It holds for tasks that have no commit yet.",
        ),
      ci: z
        .enum(["ready", "approved"])
        .optional()
        .describe(
          "When your own workflows run on a gate: once it is ready for review, or once it is approved. Without it: when it is ready, or approved where they hold secrets or a write token.",
        ),
      language: z
        .enum(["en", "ko"])
        .optional()
        .describe("In which language the agent writes documents, and Phasegate speaks on GitHub."),
      model: Model.optional().describe("The model that the agent works with, as Claude Code names it."),
      models: z
        .record(text(nameRule, "the name of a role, such as reviewer"), Model, {
          error: 'roles and models, such as "reviewer: opus"',
        })
        .optional()
        .describe("Another model for some roles, by the role's name."),
      max_tokens: MaxTokens,
      network: z
        .enum(networks)
        .optional()
        .describe(
          "Most that the programs of a run may reach: anything, registries of packages, or nothing. The tightest of what the app, the playbook, the owner and this file say holds.",
        ),
      auto_accept: AutoAccept.optional().describe(
        "false: each tool that a step's list does not hold is a question to you. true: such a tool is refused.",
      ),
      output_directory: OutputDirectory.optional().describe(
        "The folder of this repository in which the product lives. Without it: the root.",
      ),
      limits: part(
        {
          phase_budget_usd: money("What one phase may spend."),
          task_budget_usd: money("What one task may spend. It holds for tasks that are created from now on."),
          day_budget_usd: money("What the model account of this repository may spend a day (UTC)."),
          step_minutes: whole(1, 120, "How long one step may take."),
          reworks: whole(0, 10, "How often a phase that failed its checks goes back to the agent by itself."),
        },
        "step_minutes: 15",
        "Never more than the installation allows: of both figures the smaller holds. /config shows them.",
      ),
      review_debounce_seconds: whole(
        0,
        3_600,
        "How long nobody must have reviewed before the rework for a review that requests changes begins.",
      ),
      integrations: part(
        {
          figma: part({ token_secret: SecretName }, "token_secret: FIGMA_TOKEN", "Designs are read from Figma."),
          supabase: part(
            {
              url: SupabaseUrl.optional().describe("The address of the project."),
              url_variable: VariableName.describe("The variable that holds the address instead."),
              key_secret: SecretName.describe("The secret that holds the project's key."),
            },
            "url: https://abc.supabase.co",
            "The project that the product uses.",
          ),
          slack: part(
            { token_secret: SecretName, default_channel: Channel.optional() },
            "default_channel: releases",
            "Where workflows post unless their issue says otherwise.",
          ),
          notion: part({ token_secret: SecretName }, "token_secret: NOTION_TOKEN", "Pages are read and written."),
        },
        "slack: { default_channel: releases }",
        "Services that tasks work with. Tokens are repository secrets, and only their names stand here.",
      ),
      notifications: part(
        { mention: list(Login, "logins").optional().describe("Who is mentioned where a person is needed.") },
        "mention: [octocat]",
        "Who is told.",
      ),
      mcp_servers: list(
        z.strictObject(
          {
            name: text(nameRule, "a name such as notion: small letters, digits, - and _").refine(
              // Tools are told apart by `mcp__<server>__<tool>`.
              (name) => name !== "phasegate" && !name.includes("__"),
              { error: "another name than phasegate, which is Phasegate's own server, and without two _ in a row" },
            ),
            url: McpUrl.describe("Over HTTP. The operator of Phasegate must have allowed its host."),
            token_secret: SecretName.describe("The secret that holds the token, which is sent as a bearer token."),
            playbooks: list(text(nameRule, "the name of a playbook, such as workflow"), "names of playbooks")
              .optional()
              .describe("Only for tasks of these playbooks."),
          },
          { error: "a server with name and url" },
        ),
        "servers",
      )
        .optional()
        .describe("Servers whose tools the agent gets."),
      claude_model: Model.optional().meta({ deprecated: true, description: "The old name of model." }),
      claude_max_tokens: MaxTokens.meta({ deprecated: true, description: "The old name of max_tokens." }),
      claude_auto_accept: AutoAccept.optional().meta({
        deprecated: true,
        description: "The old name of auto_accept.",
      }),
      supabase_url: SupabaseUrl.optional().meta({
        deprecated: true,
        description: "The old name of integrations.supabase.url.",
      }),
      slack_default_channel: Channel.optional().meta({
        deprecated: true,
        description: "The old name of integrations.slack.default_channel.",
      }),
    })
    .describe("Settings of Phasegate for the tasks of this repository, read from its default branch.");
}

/** What a file says, with the names that settings have in it and no old ones. */
export type Given = Omit<z.output<typeof SettingsFile>, OldName>;

type OldName = "claude_model" | "claude_max_tokens" | "claude_auto_accept" | "supabase_url" | "slack_default_channel";

const oldNames: Readonly<Record<OldName, readonly string[]>> = {
  claude_model: ["model"],
  claude_max_tokens: ["max_tokens"],
  claude_auto_accept: ["auto_accept"],
  supabase_url: ["integrations", "supabase", "url"],
  slack_default_channel: ["integrations", "slack", "default_channel"],
};

/** What never stands in a file, and the secret in which it belongs: no secret's name may begin with GITHUB_ (M8). */
const secretOf: Readonly<Record<string, string>> = {
  supabase_anon_key: "SUPABASE_ANON_KEY",
  anon_key: "SUPABASE_ANON_KEY",
  github_token: "GH_API_TOKEN",
  notion_token: "NOTION_TOKEN",
  slack_bot_token: "SLACK_BOT_TOKEN",
  bot_token: "SLACK_BOT_TOKEN",
  figma_token: "FIGMA_TOKEN",
};

export type FileRead =
  | { readonly kind: "given"; readonly given: Given }
  /** Each with its line, the field and what was expected. */
  | { readonly kind: "faults"; readonly faults: readonly string[] };

/** An empty file, or one of comments alone, sets nothing. */
export function parseSettings(yaml: string, mcpHosts: readonly string[] | null = null): FileRead {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return faulty(broken.map(({ message, pos }) => at(lines.linePos(pos[0]).line, firstLine(message))));
  }
  const value = valueOf(document);
  if (value === undefined) return faulty(["its aliases make too much of it"]);
  const parsed = schemaFor(mcpHosts).nullable().safeParse(value);
  const faults = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => faultsOf(issue, document, lines)),
    ...doubled(document, lines),
    ...(parsed.success ? sameNames(parsed.data ?? {}, document, lines) : []),
  ];
  if (!parsed.success || faults.length > 0) return faulty(faults.toSorted(byLine));
  return { kind: "given", given: renamed(parsed.data ?? {}) };
}

function faulty(faults: readonly string[]): FileRead {
  return { kind: "faults", faults };
}

/** What the repository says goes before what its owner says, setting by setting; a list counts as a whole. Of the network it can only take away. */
export function together(owner: Given, own: Given): Given {
  const { integrations: theirs = {} } = owner;
  const { integrations: ours = {} } = own;
  return {
    ...owner,
    ...own,
    ...(owner.network === undefined && own.network === undefined
      ? {}
      : { network: tightest(owner.network, own.network) }),
    models: { ...owner.models, ...own.models },
    limits: { ...owner.limits, ...own.limits },
    notifications: { ...owner.notifications, ...own.notifications },
    integrations: {
      figma: { ...theirs.figma, ...ours.figma },
      supabase: { ...theirs.supabase, ...ours.supabase },
      slack: { ...theirs.slack, ...ours.slack },
      notion: { ...theirs.notion, ...ours.notion },
    },
  };
}

export function originsOf(owner: Given, own: Given): Readonly<Record<string, SettingOrigin>> {
  const from = (given: Given, origin: SettingOrigin) => namesIn(given, "").map((name) => [name, origin] as const);
  return Object.fromEntries([...from(owner, "owner"), ...from(own, "repository")]);
}

function namesIn(value: object, before: string): readonly string[] {
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
    const name = `${before}${key}`;
    return typeof part === "object" && part !== null && !Array.isArray(part) ? namesIn(part, `${name}.`) : [name];
  });
}

/** With the defaults for what is not said. */
export function settingsOf(given: Given): TaskSettings {
  const { limits = {}, integrations = {}, notifications = {} } = given;
  const { figma = {}, supabase = {}, slack = {}, notion = {} } = integrations;
  return {
    merge: given.merge ?? defaultSettings.merge,
    requesterMayApprove: given.requester_may_approve ?? defaultSettings.requesterMayApprove,
    integration: given.integration ?? defaultSettings.integration,
    ci: given.ci ?? null,
    language: given.language ?? null,
    model: given.model === undefined ? null : modelOf(given.model),
    models: Object.fromEntries(Object.entries(given.models ?? {}).map(([role, model]) => [role, modelOf(model)])),
    maxTokens: given.max_tokens ?? null,
    network: given.network ?? null,
    autoAccept: given.auto_accept ?? defaultSettings.autoAccept,
    outputDirectory: folderOf(given.output_directory ?? ""),
    limits: {
      phaseBudgetUsd: limits.phase_budget_usd ?? null,
      taskBudgetUsd: limits.task_budget_usd ?? null,
      dayBudgetUsd: limits.day_budget_usd ?? null,
      stepMinutes: limits.step_minutes ?? null,
      reworks: limits.reworks ?? null,
    },
    reviewDebounceSeconds: given.review_debounce_seconds ?? null,
    integrations: {
      figma: { tokenSecret: figma.token_secret ?? null },
      supabase: {
        url: supabase.url ?? null,
        urlVariable: supabase.url_variable ?? null,
        keySecret: supabase.key_secret ?? null,
      },
      slack: {
        tokenSecret: slack.token_secret ?? null,
        defaultChannel: slack.default_channel?.replace("#", "") ?? null,
      },
      notion: { tokenSecret: notion.token_secret ?? null },
    },
    mention: notifications.mention ?? [],
    mcpServers: (given.mcp_servers ?? []).map(({ name, url, token_secret: tokenSecret, playbooks }) => ({
      name,
      url,
      tokenSecret: tokenSecret ?? null,
      playbooks: playbooks ?? null,
    })),
  };
}

/** `sonnet-4-5`, as people say it, is `claude-sonnet-4-5` to Claude Code. */
function modelOf(said: string): string {
  return /^(?:haiku|sonnet|opus)-\d/u.test(said) ? `claude-${said}` : said;
}

function folderOf(said: string): string {
  return said.replace(/^\.\/?/u, "").replace(/\/$/u, "");
}

/** In one text, a line each, with the place before it; of very many the first. */
export function faultsText(faults: readonly string[]): string {
  const shown = faults.slice(0, faultsMax);
  return [...shown, ...(faults.length > shown.length ? [`${faults.length - shown.length} more`] : [])].join("\n");
}

/** Names in `.github` that somebody may have given the file by mistake: nothing of it would count, and nobody would know. */
export function nearMissesIn(names: readonly string[]): readonly string[] {
  return names.filter((name) => name !== settingsFileName && isNearMiss(name, contentFolderName));
}

/** What in `.github/phasegate` was or would be the settings. */
export function strayIn(names: readonly string[]): readonly string[] {
  return names.filter((name) => isNearMiss(name, "settings") || isNearMiss(name, contentFolderName));
}

function isNearMiss(name: string, wanted: string): boolean {
  const [, stem = "", ending = ""] = /^\.?(.+?)\.(ya?ml|json|toml)$/iu.exec(name) ?? [];
  return ending !== "" && editDistance(stem.toLowerCase(), wanted) <= 2;
}

/** Undefined where the value can't be made: aliases that multiply. */
function valueOf(document: Document): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 20 });
    return value === undefined ? null : value;
  } catch {
    return undefined;
  }
}

function faultsOf(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): readonly string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => at(lineOf(document, lines, [...issue.path, key]), unknownKey(issue.path, key)));
  }
  const got: unknown = document.getIn(issue.path);
  if (issue.path.length === 0) return [at(1, `expected settings such as "merge: auto", got ${shown(got)}`)];
  const line = lineOf(document, lines, issue.path);
  // A key that is wrong stands in place of a value.
  const wanted = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : expected(issue);
  const found = issue.code === "invalid_key" ? shown(issue.path.at(-1)) : shown(got);
  // Who takes the name for the value would read the token here again.
  const ending = isSecret(issue.path) ? "; the token itself must not stand here" : `, got ${found}`;
  return [at(line, `${nameOf(issue.path)}: expected ${wanted}${ending}`)];
}

function isSecret(path: readonly PropertyKey[]): boolean {
  return String(path.at(-1)).endsWith("_secret");
}

function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((each) => (typeof each === "number" ? `[${each}]` : `.${String(each)}`))
    .join("")
    .replace(/^\./u, "");
}

function unknownKey(path: readonly PropertyKey[], key: string): string {
  const secret = Object.hasOwn(secretOf, key) ? secretOf[key] : undefined;
  const name = nameOf([...path, key]);
  if (secret !== undefined) {
    return `${name}: tokens belong into repository secrets, since everybody who can read the repository reads this file; take the line out, make a new token, and add it as the secret ${secret}`;
  }
  const known = keysAt(path);
  const [nearest] = known.toSorted((one, other) => editDistance(key, one) - editDistance(key, other));
  const isNear = nearest !== undefined && editDistance(key.toLowerCase().replaceAll("-", "_"), nearest) <= 3;
  return `unknown setting ${shown(name)}; ${isNear ? `did you mean ${nearest}?` : `there are ${known.join(", ")}`}`;
}

/** Names that are known there, without the old ones. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = SettingsFile;
  for (const key of path) {
    const outer = bare(schema);
    if (outer instanceof z.ZodArray) schema = outer.element;
    else if (outer instanceof z.ZodObject) schema = outer.shape[String(key)];
  }
  const found = bare(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape).filter((key) => !Object.hasOwn(oldNames, key)) : [];
}

function bare(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}

/** Old and new name at once: nobody could say which one counts. */
function doubled(document: Document, lines: LineCounter): readonly string[] {
  return Object.entries(oldNames).flatMap(([old, path]) =>
    document.has(old) && document.hasIn(path)
      ? [
          at(
            lineOf(document, lines, [old]),
            `${old}: the old name of ${nameOf(path)}, which is there, too; take this line out`,
          ),
        ]
      : [],
  );
}

function sameNames({ mcp_servers: servers = [] }: Given, document: Document, lines: LineCounter): readonly string[] {
  return servers.flatMap(({ name }, index) =>
    servers.findIndex((server) => server.name === name) === index
      ? []
      : [at(lineOf(document, lines, ["mcp_servers", index]), `mcp_servers[${index}].name: there is another ${name}`)],
  );
}

function renamed(said: z.output<typeof SettingsFile>): Given {
  const {
    claude_model: model,
    claude_max_tokens: maxTokens,
    claude_auto_accept: autoAccept,
    supabase_url: supabaseUrl,
    slack_default_channel: channel,
    ...given
  } = said;
  const old: Given = {
    ...(model === undefined ? {} : { model }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(autoAccept === undefined ? {} : { auto_accept: autoAccept }),
    integrations: {
      ...(supabaseUrl === undefined ? {} : { supabase: { url: supabaseUrl } }),
      ...(channel === undefined ? {} : { slack: { default_channel: channel } }),
    },
  };
  return together(old, given);
}

function isPlainAddress(said: string): boolean {
  const url = URL.canParse(said) ? new URL(said) : null;
  return url?.protocol === "https:" && url.username === "" && url.password === "";
}

/** What was expected instead; null where nothing is wrong. */
function mcpFault(said: string, allowed: readonly string[] | null): string | null {
  const url = URL.canParse(said) ? new URL(said) : null;
  // On this very machine nobody else can listen in.
  const isSafe = url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url)));
  if (!isSafe || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return "an address that begins with https://, without password, query or fragment";
  }
  if (allowed === null || allowed.includes(url.host.toLowerCase())) return null;
  return allowed.length === 0
    ? "no servers, since the operator of Phasegate allows none (MCP_SERVERS_ALLOWED)"
    : `a host that the operator of Phasegate allows (MCP_SERVERS_ALLOWED: ${allowed.join(", ")})`;
}

function isLoopback({ hostname }: URL): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return issue.values.map(String).join(" or ");
  if (issue.code === "invalid_type" && issue.expected === "boolean") return "true or false";
  return issue.message;
}

const shownCharactersMax = 60;

/** A mapping or a list has no short form worth showing. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "object") return "something with parts of its own";
  const json = JSON.stringify(value);
  return json.length > shownCharactersMax ? `${json.slice(0, shownCharactersMax)}…` : json;
}

/** Of the key or the list's item, or of what holds it where that is as near as it gets. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const key = path[depth - 1];
    const node = isMap(parent)
      ? parent.items.map((pair) => pair.key).find((each) => isScalar(each) && each.value === key)
      : isSeq(parent)
        ? parent.items[Number(key)]
        : undefined;
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function at(line: number, fault: string): string {
  return `line ${line}: ${fault}`;
}

/** A file is mended from its top to its end. */
function byLine(one: string, other: string): number {
  return Number(/\d+/u.exec(one)?.[0]) - Number(/\d+/u.exec(other)?.[0]);
}

function firstLine(message: string): string {
  return message.split("\n")[0]?.replace(/:$/u, "") ?? message;
}
