import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { defaultSettings, type TaskSettings } from "../../src/core/settings.ts";
import {
  faultsText,
  nearMissesIn,
  parseSettings,
  SettingsFile,
  settingsOf,
  settingsPath,
  together,
} from "../../src/github/settings-file.ts";
import { readWorkflowFile, workflowPath } from "../../src/github/workflow-file.ts";
import { setSecret } from "../sandbox/actions-settings.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

describe("the text of the settings", () => {
  const set = (text: string): TaskSettings => {
    const read = parseSettings(text);
    if (read.kind === "faults") throw new Error(read.faults.join("\n"));
    return settingsOf(read.given);
  };
  const faultsIn = (text: string, mcpHosts: readonly string[] = ["mcp.example"]) => {
    const read = parseSettings(text, mcpHosts);
    return read.kind === "faults" ? read.faults : [];
  };

  test.each<readonly [string, Partial<TaskSettings>]>([
    ["", {}],
    ["# nothing yet\n", {}],
    ["merge: auto\n", { merge: "auto" }],
    ["requester_may_approve: false # we are two\n", { requesterMayApprove: false }],
    ["ci: approved\r\nmerge: manual\r\n", { ci: "approved" }],
    ["integration: task\n", { integration: "task" }],
    ["---\nci: ready\n", { ci: "ready" }],
    ["\uFEFFmerge: auto\n", { merge: "auto" }],
    ["language: ko\n", { language: "ko" }],
    ["model: sonnet\nmodels: { reviewer: opus-4-1 }\n", { model: "sonnet", models: { reviewer: "claude-opus-4-1" } }],
    ["claude_model: sonnet-4-5\n", { model: "claude-sonnet-4-5" }],
    ["claude_max_tokens: 8000\nclaude_auto_accept: false\n", { maxTokens: 8_000, autoAccept: false }],
    ["max_tokens: 8000\nauto_accept: true\n", { maxTokens: 8_000 }],
    ["output_directory: apps/shop/\n", { outputDirectory: "apps/shop" }],
    ["output_directory: ./가게\n", { outputDirectory: "가게" }],
    ["output_directory: .\n", {}],
    [
      "limits:\n  phase_budget_usd: 2.5\n  reworks: 0\n",
      { limits: { ...defaultSettings.limits, phaseBudgetUsd: 2.5, reworks: 0 } },
    ],
    ["review_debounce_seconds: 90\n", { reviewDebounceSeconds: 90 }],
    ["network: registries\n", { network: "registries" }],
    ["notifications: { mention: [wanda, rita-9] }\n", { mention: ["wanda", "rita-9"] }],
    [
      "supabase_url: https://shop.example\nslack_default_channel: '#releases'\nintegrations: { notion: { token_secret: NOTION_TOKEN } }\n",
      {
        integrations: {
          ...defaultSettings.integrations,
          supabase: { ...defaultSettings.integrations.supabase, url: "https://shop.example" },
          slack: { tokenSecret: null, defaultChannel: "releases" },
          notion: { tokenSecret: "NOTION_TOKEN" },
        },
      },
    ],
    [
      "mcp_servers:\n  - { name: notion, url: https://mcp.example/mcp, token_secret: NOTION_TOKEN, playbooks: [workflow] }\n  - { name: docs, url: https://mcp.example/docs }\n",
      {
        mcpServers: [
          { name: "notion", url: "https://mcp.example/mcp", tokenSecret: "NOTION_TOKEN", playbooks: ["workflow"] },
          { name: "docs", url: "https://mcp.example/docs", tokenSecret: null, playbooks: null },
        ],
      },
    ],
  ])("%j is read", (text, settings) => {
    expect(set(text)).toEqual({ ...defaultSettings, ...settings });
  });

  test.each([
    ["merge: yes please\n", 'line 1: merge: expected manual or auto, got "yes please"'],
    ["# first\nrequester_may_approve: no\n", 'line 2: requester_may_approve: expected true or false, got "no"'],
    ["merge: auto\nci:\n", "line 2: ci: expected ready or approved, got nothing"],
    ["merge: [auto]\n", "line 1: merge: expected manual or auto, got something with parts of its own"],
    ["merge: auto\n\nmerg: auto\n", 'line 3: unknown setting "merg"; did you mean merge?'],
    [
      "requester-may-approve: true\n",
      'line 1: unknown setting "requester-may-approve"; did you mean requester_may_approve?',
    ],
    ["stack: node\n", 'line 1: unknown setting "stack"; there are merge, requester_may_approve, integration, ci'],
    ["- merge\n", 'line 1: expected settings such as "merge: auto", got something with parts of its own'],
    ["auto\n", 'line 1: expected settings such as "merge: auto", got "auto"'],
    ["merge: auto\nmerge: manual\n", "line 2: Map keys must be unique"],
    ["merge: auto\n---\nmerge: manual\n", "line 2: Source contains multiple documents"],
    ["merge: 'auto\n", "line 2: Missing closing 'quote"],
    ["merge: !!js/function x\n", "line 1: Unresolved tag"],
    ["language: de\n", 'line 1: language: expected en or ko, got "de"'],
    ["model: a model\n", 'line 1: model: expected the name of a model, such as "sonnet", got "a model"'],
    [
      "models:\n  Rev iewer: opus\n",
      'line 2: models.Rev iewer: expected the name of a role, such as reviewer, got "Rev iewer"',
    ],
    ["max_tokens: 12.5\n", "line 1: max_tokens: expected a whole number from 1000 to 128000, got 12.5"],
    ["limits: none\n", 'line 1: limits: expected settings such as "step_minutes: 15", got "none"'],
    [
      "limits:\n  step_minutes: 20\n  phase_budget_usd: -1\n",
      "line 3: limits.phase_budget_usd: expected an amount in US dollars from 0.01 to 10000, got -1",
    ],
    ["limits:\n\n  step_minuts: 20\n", 'line 3: unknown setting "limits.step_minuts"; did you mean step_minutes?'],
    ["output_directory: ../shop\n", "line 1: output_directory: expected a folder such as apps/shop"],
    ["output_directory: /shop\n", "line 1: output_directory: expected a folder such as apps/shop"],
    ["output_directory: a/../../b\n", "line 1: output_directory: expected a folder such as apps/shop"],
    ["output_directory: .github/app\n", "line 1: output_directory: expected a folder such as apps/shop"],
    ["output_directory: a\\b\n", "line 1: output_directory: expected a folder such as apps/shop"],
    ["notifications:\n  mention:\n    - wanda\n    - '@rita'\n", "line 4: notifications.mention[1]: expected a login"],
    ["model: opus\nclaude_model: sonnet\n", "line 2: claude_model: the old name of model, which is there, too"],
    [
      "supabase_url: https://a.example\nintegrations: { supabase: { url: https://b.example } }\n",
      "line 1: supabase_url: the old name of integrations.supabase.url, which is there, too",
    ],
    ["supabase_url: http://a.example\n", "line 1: supabase_url: expected an address that begins with https://"],
    [
      "mcp_servers: [{ name: phasegate__ask, url: https://mcp.example/x }]\n",
      'line 1: mcp_servers[0].name: expected another name than phasegate, which is Phasegate\'s own server, and without two _ in a row, got "phasegate__ask"',
    ],
    [
      "mcp_servers:\n  - name: notion\n    url: https://evil.example/mcp\n",
      'line 3: mcp_servers[0].url: expected a host that the operator of Phasegate allows (MCP_SERVERS_ALLOWED: mcp.example), got "https://evil.example/mcp"',
    ],
    [
      "mcp_servers:\n  - name: notion\n    url: http://mcp.example/mcp\n",
      "line 3: mcp_servers[0].url: expected an address that begins with https://",
    ],
    [
      "mcp_servers:\n  - name: phasegate\n    url: https://mcp.example\n",
      "line 2: mcp_servers[0].name: expected another",
    ],
    [
      "mcp_servers:\n  - { name: a, url: https://mcp.example }\n  - { name: a, url: https://mcp.example }\n",
      "line 3: mcp_servers[1].name: there is another a",
    ],
    ["mcp_servers:\n  - name: a\n", "line 2: mcp_servers[0].url: expected an address"],
  ])("%j is refused, with line, setting, what was expected and what is there", (text, fault) => {
    expect(faultsIn(text).join("\n")).toContain(fault);
    expect(faultsIn(text)).toHaveLength(1);
  });

  test.each([
    ["supabase_anon_key", "SUPABASE_ANON_KEY"],
    ["github_token", "GH_API_TOKEN"],
    ["notion_token", "NOTION_TOKEN"],
    ["slack_bot_token", "SLACK_BOT_TOKEN"],
  ])("%s is refused with where it belongs, and its value is not repeated", (name, secret) => {
    const [fault = "", ...others] = faultsIn(`merge: auto\n${name}: a-value-that-nobody-repeats\n`);
    expect(others).toEqual([]);
    expect(fault).toMatch(new RegExp(`^line 2: ${name}: tokens belong into repository secrets, .* ${secret}$`, "u"));
    expect(fault).not.toContain("nobody-repeats");
  });

  test("a token in the place of its secret's name is refused, and not repeated", () => {
    const [fault = ""] = faultsIn("integrations:\n  slack:\n    token_secret: a-value-that-nobody-repeats\n");
    expect(fault).toMatch(/^line 3: integrations\.slack\.token_secret: expected the name of a repository secret/u);
    expect(fault).not.toContain("nobody-repeats");
  });

  test.each(["GITHUB_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ACTIONS_RUNTIME_TOKEN"])(
    "%s is a secret that no setting may name",
    (name) => {
      expect(faultsIn(`integrations: { notion: { token_secret: ${name} } }\n`)).toHaveLength(1);
    },
  );

  test("without a host that the operator allows, there are no servers", () => {
    expect(faultsIn("mcp_servers: [{ name: a, url: https://mcp.example }]\n", [])[0]).toContain("allows none");
  });

  test("names all of its faults at once, in the order of their lines", () => {
    const faults = faultsIn(
      "ci: y\nlimits:\n  reworks: many\nmerge: x\nnotion_token: z\nmodel: opus\nclaude_model: opus\n",
    );
    expect(faults.map((fault) => /^line \d+/u.exec(fault)?.[0])).toEqual([
      "line 1",
      "line 3",
      "line 4",
      "line 5",
      "line 7",
    ]);
  });

  test("of more faults than anybody reads, the first twenty are shown", () => {
    const text = faultsText(Array.from({ length: 23 }, (_, index) => `line ${index}`));
    expect(text.split("\n")).toHaveLength(21);
    expect(text).toMatch(/line 19\n3 more$/u);
  });

  test("whose aliases multiply is refused instead of worked out", () => {
    const lines = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [name, of] of ["ba", "cb", "dc", "ed"].map((pair) => Array.from(pair))) {
      lines.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${of}`).join(", ")}]`);
    }
    expect(parseSettings(lines.join("\n"))).toMatchObject({ kind: "faults" });
  });
});

test.each([
  [["phasegate.yaml"], ["phasegate.yaml"]],
  [
    ["README.md", "Phasegate.yml", ".phasegate.yml"],
    ["Phasegate.yml", ".phasegate.yml"],
  ],
  [["phasegate.json"], ["phasegate.json"]],
  [["phasgate.yml"], ["phasgate.yml"]],
  [["phasegate.yml", "dependabot.yml", "phasegate"], []],
])("among %j in .github, %j are almost right", (names, near) => {
  expect(nearMissesIn(names)).toEqual(near);
});

test("the schema for editors is the current one", () => {
  const published: unknown = JSON.parse(
    readFileSync(new URL("../../guide/settings.schema.json", import.meta.url), "utf8"),
  );
  expect(published).toEqual(z.toJSONSchema(SettingsFile));
});

test("each example of the README is one that its schema's address heads, and that is read", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const examples = Array.from(
    readme.matchAll(/```yaml\n(?<text># yaml-language-server[^`]*)```/gu),
    (found) => found[1] ?? "",
  );
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    expect(example).toMatch(/^# yaml-language-server: \$schema=https:\/\/\S+\/schemas\/settings\.json\n/u);
    expect(parseSettings(example)).toMatchObject({ kind: "given" });
  }
});

describe("before a run", () => {
  let bed: GitHubTestbed;

  afterEach(() => bed.stop());

  const workflow = { [workflowPath]: readWorkflowFile({ actionRef: "a/b@c", appUrl: "https://phasegate.example" }) };

  async function start(files: Readonly<Record<string, string>>): Promise<void> {
    bed = await startGitHubTestbed({ files: { "README.md": "# Shop\n", ...workflow, ...files } });
    setSecret(bed.sandbox.context, bed.sandbox.repositoryOf("octo/shop"), "ANTHROPIC_API_KEY", "value");
  }

  const read = async () => {
    const { fault, settings } = await bed.github.preflight(bed.repository);
    return { fault, settings };
  };
  const readsOfSettings = () =>
    bed.sent().filter((line) => /contents\/\.github(?:$|%2Fphasegate$)|\/git\/blobs\//u.test(line));

  test("a repository without the file has the defaults", async () => {
    await start({});
    expect(await read()).toEqual({ fault: null, settings: defaultSettings });
  });

  test("the file of the default branch's head counts, and is asked for again only where the branch moved", async () => {
    await start({ [settingsPath]: "merge: auto\n" });
    expect(await read()).toEqual({ fault: null, settings: { ...defaultSettings, merge: "auto" } });
    expect(readsOfSettings().length).toBe(2);
    await read();
    expect(readsOfSettings()).toEqual([]);
    await bed.owner.push({ branch: "main", files: { "a.txt": "a" } });
    expect((await read()).settings.merge).toBe("auto");
    expect(readsOfSettings()).toEqual(["GET /repos/octo/shop/contents/.github"]);
    await bed.owner.push({ branch: "main", files: { [settingsPath]: "merge: manual\n" } });
    expect((await read()).settings.merge).toBe("manual");
  });

  test("a file that can't be read is a fault, and the defaults hold meanwhile", async () => {
    await start({ [settingsPath]: "merge: always\n" });
    expect(await read()).toEqual({
      fault: {
        kind: "settings-invalid",
        message: `${settingsPath}: line 1: merge: expected manual or auto, got "always"`,
      },
      settings: defaultSettings,
    });
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    [
      "of almost the right name",
      { ".github/phasegate.yaml": "merge: auto\n" },
      `.github/phasegate.yaml is not read: move what it says to ${settingsPath}`,
    ],
    [
      "where it was before",
      { ".github/phasegate/settings.yml": "merge: auto\n" },
      `.github/phasegate/settings.yml is not read: move it to ${settingsPath}`,
    ],
    [
      "where it was before, beside the one of now",
      { ".github/phasegate/settings.yml": "merge: auto\n", [settingsPath]: "" },
      `.github/phasegate/settings.yml is not read: move it to ${settingsPath}`,
    ],
    ["that is a folder", { [`${settingsPath}/x.yml`]: "" }, `${settingsPath}: expected a file, got a dir`],
    [
      "that is too large",
      { [settingsPath]: "#".repeat(20_000) },
      `${settingsPath}: too large: expected at most 16384 bytes, got 20000`,
    ],
    ["that is no text", { [settingsPath]: "merge: auto\0" }, `${settingsPath}: it is not UTF-8 text`],
  ])("a file %s is a fault", async (_claim, files, fault) => {
    await start(files);
    expect((await read()).fault).toEqual({ kind: "settings-invalid", message: fault });
  });

  test("a folder with playbooks of the repository is none, and is listed once", async () => {
    await start({ ".github/phasegate/playbooks/ours.yml": "", [settingsPath]: "ci: ready\n" });
    expect((await read()).fault).toBeNull();
    expect(readsOfSettings().length).toBe(3);
    await bed.owner.push({ branch: "main", files: { "a.txt": "a" } });
    expect((await read()).settings.ci).toBe("ready");
    expect(readsOfSettings().length).toBe(1);
  });

  test("what keeps all of it from being read is told at once", async () => {
    await start({
      ".github/phasegate/settings.yml": "",
      ".github/phasegate.yaml": "",
      [settingsPath]: "ci: x\nmerge: y\n",
    });
    const { fault } = await read();
    expect(fault?.kind === "settings-invalid" && fault.message.split("\n")).toHaveLength(4);
  });

  describe("with settings of the owner", () => {
    const ownersRepository = "octo/.github";
    const addOwner = (text: string) =>
      bed.sandbox.addRepository({ owner: "octo", name: ".github", collaborators: {}, files: { [settingsPath]: text } });

    test("both count, and the repository's goes first, setting by setting", async () => {
      await start({ [settingsPath]: "limits: { reworks: 1 }\n" });
      await addOwner("merge: auto\nlimits: { reworks: 2, step_minutes: 10 }\n");
      const { settings, origins, faults } = await bed.github.readSettings(bed.repository);
      expect(faults).toEqual([]);
      expect(settings).toEqual({
        ...defaultSettings,
        merge: "auto",
        limits: { ...defaultSettings.limits, reworks: 1, stepMinutes: 10 },
      });
      expect(origins).toEqual({ merge: "owner", "limits.step_minutes": "owner", "limits.reworks": "repository" });
    });

    test("they are read again after five minutes, and cost one request while nothing has changed", async () => {
      await start({});
      await addOwner("merge: auto\n");
      await read();
      const reads = () => bed.sent().filter((line) => line.includes(`/repos/${ownersRepository}/`));
      expect(reads().length).toBe(2);
      await read();
      expect(reads()).toEqual([]);
      bed.advance(5 * 60_000);
      expect((await read()).settings.merge).toBe("auto");
      expect(reads()).toEqual([`GET /repos/${ownersRepository}/contents/.github`]);
    });

    test("a fault in them stops the tasks of each repository, and says where it stands", async () => {
      await start({});
      await addOwner("merge: always\n");
      expect((await read()).fault).toEqual({
        kind: "settings-invalid",
        message: `${settingsPath} of ${ownersRepository}: line 1: merge: expected manual or auto, got "always"`,
      });
    });

    test("where the installation does not reach them, they do not count", async () => {
      await start({});
      const { id } = await addOwner("merge: auto\n");
      for (const { repositoryIds } of bed.sandbox.context.state.installations.values()) repositoryIds.delete(id);
      expect(await read()).toEqual({ fault: null, settings: defaultSettings });
    });
  });

  test("what keeps any run from starting is named first", async () => {
    await start({ [settingsPath]: "merge: always\n" });
    bed.sandbox.repositoryOf("octo/shop").secrets.clear();
    expect((await read()).fault).toEqual({ kind: "no-model-secret" });
  });
});

test("of the network a repository takes away from what its owner says, and gives nothing back", () => {
  expect(together({ network: "registries" }, { network: "open" }).network).toBe("registries");
  expect(together({ network: "registries" }, { network: "none" }).network).toBe("none");
  expect(together({}, { network: "none" }).network).toBe("none");
  expect(together({}, {}).network).toBeUndefined();
});
