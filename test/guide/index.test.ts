/** `guide/README.md` is made of what the folder holds: `npx vitest run --config test/vitest.config.ts test/guide/index.test.ts -u` writes it anew. */
import { expect, test } from "vitest";
import { readGuideFolder } from "../../src/guide/guide-files.ts";
import { loadPlaybooks } from "../../src/guide/load-playbook.ts";
import type { Playbook } from "../../src/core/playbook.ts";

const guideFolder = new URL("../../guide", import.meta.url).pathname;
const files = await readGuideFolder(guideFolder);
const playbooks = [...(await loadPlaybooks(guideFolder)).values()].map(({ playbook }) => playbook);

/** Each with what stands in it, in the order in which people would read them. */
const folders: readonly (readonly [folder: string, title: string, says: string])[] = [
  ["common", "In every prompt", "Stand before each step, whatever the playbook."],
  ["planning", "Planning", "Steps of the first phase of `create_app`."],
  ["design", "Design", "Steps of its second phase."],
  ["development", "Development", "Steps of its third phase, for web applications, command lines and services."],
  ["testing", "Testing", "Steps of its last phase, and of that of `modify_app`: regression first."],
  ["modify", "Changes", "Steps of `modify_app`."],
  ["workflow", "Workflows", "Steps of `workflow`."],
  ["custom", "Conversation", "The turn of `custom`."],
  ["plan", "Plans", "The one step of `plan`."],
  ["architecture", "Architecture", "Steps of `architecture`."],
  ["run", "Planned runs", "The protocols of `run`: each writes one kind of table."],
  ["figma", "Figma", "Come into a prompt with the secret `FIGMA_ACCESS_TOKEN`, each in its phase."],
  ["integrations", "Services", "Come into a prompt with the secret of the service."],
  ["review", "Review", "How a gate is reviewed."],
  ["verification", "Criteria", "What phases are held against, and how that is judged."],
];

function titleOf(path: string): string {
  const text = files.get(path)?.text ?? "";
  const body = text.slice(text.indexOf("\n---", 4) + 4);
  return /^# (.+)$/mu.exec(body)?.[1] ?? path;
}

function headOf(path: string, field: string): string {
  return new RegExp(`^${field}: (.+)$`, "mu").exec(files.get(path)?.text ?? "")?.[1] ?? "";
}

function inFolder(folder: string): readonly string[] {
  return [...files.keys()].filter((path) => path.startsWith(`${folder}/`) && path.endsWith(".md")).toSorted();
}

function rowOf({ name, aliases, phases, description }: Playbook): string {
  const labels = [name, ...aliases].map((label) => `\`${label}\``).join(", ");
  const steps = phases.map(({ title, steps }) => `${title} (${steps.length})`).join(", ");
  return `| [${labels}](playbooks/${name}.yml) | ${steps} | ${description} |`;
}

function sectionOf([folder, title, says]: (typeof folders)[number]): readonly string[] {
  const paths = inFolder(folder);
  return paths.length === 0 ? [] : ["", `## ${title}`, "", says, "", ...paths.map((path) => `- [${titleOf(path)}](${path})`)];
}

test("the index names every guide, playbook and role", async () => {
  const listed = [
    "# Guides",
    "",
    "What the agent knows and does: playbooks name phases and steps, each step has a guide, each role a prompt, each phase its criteria.",
    "A repository overrides or adds to them below `.github/phasegate/`: see [how to write them](AUTHORING.md).",
    "",
    "## Playbooks",
    "",
    "| label | phases (steps) | what you get |",
    "|---|---|---|",
    ...playbooks.map(rowOf),
    ...folders.flatMap(sectionOf),
    "",
    "## Roles",
    "",
    "Who does a step, or looks at it, in the format of Claude Code's subagents.",
    "",
    "| role | description |",
    "|---|---|",
    ...inFolder("agents").map((path) => `| [${headOf(path, "name")}](${path}) | ${headOf(path, "description")} |`),
    "",
  ].join("\n");
  await expect(listed).toMatchFileSnapshot("../../guide/README.md");
  const known = new Set(["README.md", "AUTHORING.md", "ripple.md", "settings.schema.json", "playbook.schema.json"]);
  const named = [...files.keys()].filter((path) => !known.has(path) && !path.startsWith("specs/"));
  expect(named.filter((path) => !listed.includes(`](${path})`))).toEqual([]);
});
