import { describe, expect, test } from "vitest";
import {
  defaultSettings,
  type InstallationSettings,
  type SettingsFound,
  type TaskSettings,
} from "../../../src/core/settings.ts";
import { parseSettings, settingsOf } from "../../../src/github/settings-file.ts";
import { firstLine } from "../../../src/github/texts/config.ts";
import { noticeText } from "../../../src/github/texts/notices.ts";
import { context } from "../texts-fixtures.ts";

const installation: InstallationSettings = {
  language: "en",
  model: "sonnet",
  phaseBudgetUsd: null,
  taskBudgetUsd: 25,
  dayBudgetUsd: 50,
  stepMinutes: 20,
  reworks: 3,
  reviewDebounceSeconds: 20,
  network: "open",
};

function shown(settings: Partial<TaskSettings>, over: Partial<SettingsFound> = {}): string {
  const found = { settings: { ...defaultSettings, ...settings }, origins: {}, faults: [], ...over };
  return noticeText({ kind: "config", found, installation, owner: "octo" }, context);
}

const rowOf = (text: string, name: string) => text.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));

describe("/config", () => {
  test("shows each setting with its value and whose word it is", () => {
    expect(shown({})).toMatchInlineSnapshot(`
      "These settings are in force:

      | Setting | Value | From |
      |---|---|---|
      | \`merge\` | manual | the default |
      | \`requester_may_approve\` | true | the default |
      | \`integration\` | phase | the default |
      | \`ci\` | ready, or approved where workflows hold secrets or a write token | the default |
      | \`language\` | en | the installation |
      | \`model\` | \`sonnet\` | the installation |
      | \`max_tokens\` | as the agent has it | the default |
      | \`network\` | open | the installation |
      | \`auto_accept\` | true | the default |
      | \`output_directory\` | the root | the default |
      | \`limits.phase_budget_usd\` | as each phase has it | the playbook |
      | \`limits.task_budget_usd\` | $25.00 | the installation |
      | \`limits.day_budget_usd\` | $50.00 | the installation |
      | \`limits.step_minutes\` | 20 | the installation |
      | \`limits.reworks\` | 3 | the installation |
      | \`review_debounce_seconds\` | 20 | the installation |
      | \`notifications.mention\` | nobody | the default |
      | \`mcp_servers\` | none | the default |

      Budgets of a phase and of a task count for tasks that begin afterwards, and \`integration\` for tasks without a commit; \`/budget\` sets those of this task. Everything else counts from the next run on.

      *Next:* to change something, [add \`.github/phasegate.yml\`](https://github.com/octo/shop/new/main?filename=.github%2Fphasegate.yml&value=%23%20yaml-language-server%3A%20%24schema%3Dhttps%3A%2F%2Fphasegate.example%2Fschemas%2Fsettings.json%0A) on \`main\`."
    `);
  });

  test("names the file that a setting comes from", () => {
    const text = shown(
      { merge: "auto", language: "ko", models: { reviewer: "opus" } },
      { origins: { merge: "repository", language: "owner", "models.reviewer": "owner" } },
    );
    const file = "[`.github/phasegate.yml`](https://github.com/octo/shop/blob/main/.github/phasegate.yml)";
    expect(rowOf(text, "merge")).toBe(`| \`merge\` | auto | ${file} |`);
    expect(rowOf(text, "language")).toBe("| `language` | ko | `.github/phasegate.yml` of `octo/.github` |");
    expect(rowOf(text, "models.reviewer")).toContain("| `opus` | `.github/phasegate.yml` of");
    expect(text).toContain("[edit `.github/phasegate.yml`](https://github.com/octo/shop/edit/main/");
  });

  test("says where a file asks for more than the installation allows", () => {
    const limits = { ...defaultSettings.limits, taskBudgetUsd: 90, reworks: 2 };
    const text = shown({ limits }, { origins: { "limits.task_budget_usd": "owner", "limits.reworks": "repository" } });
    expect(rowOf(text, "limits.task_budget_usd")).toBe(
      "| `limits.task_budget_usd` | $25.00 | the installation, which allows no more; `.github/phasegate.yml` of `octo/.github` says $90.00 |",
    );
    expect(rowOf(text, "limits.reworks")).toMatch(/^\| `limits\.reworks` \| 2 \| \[/u);
  });

  test("tells all faults before anything else", () => {
    const text = shown({}, { faults: [".github/phasegate.yml: line 1: merge: no", ".github/phasegate.yaml: moved"] });
    const [first, list] = text.split("\n\n");
    expect(first).toContain("No run starts before this is mended");
    expect(list?.split("\n")).toHaveLength(2);
  });

  test("mentions nobody, and nothing in a file can end a cell or become a link", () => {
    const text = shown(
      {
        mention: ["wanda"],
        outputDirectory: "a|b",
        mcpServers: [{ name: "x", url: "https://x.example/|", tokenSecret: null, playbooks: null }],
      },
      { faults: ["<script> @rita [x](https://evil.example)"] },
    );
    expect(text).not.toMatch(/@wanda|@rita|<script>|\]\(https:\/\/evil/u);
    expect(rowOf(text, "output_directory")).toContain("`a\\|b`");
    expect(rowOf(text, "mcp_servers")).toContain("x.example/\\|");
  });

  test("has a row for every setting that a file may hold", () => {
    const all = `merge: auto
requester_may_approve: false
integration: task
ci: ready
language: ko
model: opus
models: { reviewer: opus }
max_tokens: 8000
network: none
auto_accept: false
output_directory: app
limits: { phase_budget_usd: 1, task_budget_usd: 1, day_budget_usd: 1, step_minutes: 1, reworks: 1 }
review_debounce_seconds: 1
integrations:
  figma: { token_secret: FIGMA_TOKEN }
  supabase: { url: https://a.example, url_variable: SUPABASE_URL, key_secret: SUPABASE_ANON_KEY }
  slack: { token_secret: SLACK_BOT_TOKEN, default_channel: releases }
  notion: { token_secret: NOTION_TOKEN }
notifications: { mention: [wanda] }
mcp_servers: [{ name: notion, url: https://mcp.example }]
`;
    const read = parseSettings(all);
    const before = shown({});
    const text = shown(read.kind === "given" ? settingsOf(read.given) : {});
    const rows = (of: string) => of.split("\n").filter((line) => line.startsWith("| `"));
    // Each value is another one than the default: no row of before is left.
    expect(rows(text).filter((row) => rows(before).includes(row))).toEqual([]);
    expect(rows(text)).toHaveLength(26);
  });

  test("begins a new file with the schema for the editor", () => {
    expect(firstLine(context)).toBe(
      "# yaml-language-server: $schema=https://phasegate.example/schemas/settings.json\n",
    );
    expect(shown({})).toContain(encodeURIComponent(firstLine(context)));
  });
});
