import { afterEach, describe, expect, test } from "vitest";
import type { RepositoryFiles } from "../../src/control/ports/configuration.ts";
import { repositoryFilesMax } from "../../src/github/repository-files.ts";
import { changesetIdOf } from "../../src/core/ids.ts";
import { runId, taskId } from "./texts-fixtures.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

const folder = ".github/phasegate";
let bed: GitHubTestbed;

afterEach(() => bed.stop());

async function start(files: Readonly<Record<string, string>>): Promise<void> {
  bed = await startGitHubTestbed({ files: { "README.md": "# Shop\n", ...files } });
}

const read = (ref: string | null = null): Promise<RepositoryFiles> =>
  bed.github.readRepositoryFiles(bed.repository, ref);

/** What was asked of GitHub since the last look, in short. */
function asked(): readonly string[] {
  return bed.sent().map((line) => /(?:contents|trees|blobs)\b/u.exec(line)?.[0] ?? line);
}

function textsOf({ files }: RepositoryFiles): Readonly<Record<string, string>> {
  return Object.fromEntries(
    files.map(({ path, content }) => [
      path.replace(`${folder}/`, ""),
      content.kind === "bytes" ? Buffer.from(content.bytes).toString("utf8") : content.rule,
    ]),
  );
}

test("the faults of a commit's settings have their line apart, and cost nothing but the file beside the folder", async () => {
  await start({ [`${folder}/settings.yml`]: "merge: auto\n" });
  const files = { ".github/phasegate.yml": "# ours\nmerge: always\n", ".github/phasgate.yml": "merge: auto\n" };
  const sha = await bed.owner.push({ branch: "idea", files });
  asked();
  await read(sha);
  expect(asked()).toEqual(["contents", "trees"]);
  const { faults } = await bed.github.readSettingsFaults(bed.repository, sha);
  expect(asked()).toEqual(["contents", "blobs"]);
  const unread = "expected the settings in .github/phasegate.yml; this file is not read";
  expect(faults).toEqual([
    {
      file: ".github/phasegate.yml",
      line: 2,
      rule: "settings",
      message: 'merge: expected manual or auto, got "always"',
    },
    { file: `${folder}/settings.yml`, line: null, rule: "settings", message: unread },
    { file: ".github/phasgate.yml", line: null, rule: "settings", message: unread },
  ]);
});

describe("a repository's folder for Phasegate", () => {
  test("that is not there costs one request", async () => {
    await start({ ".github/CODEOWNERS": "* @wanda\n" });
    expect(await read()).toEqual({ sha: "", files: [] });
    expect(asked()).toEqual(["contents"]);
  });

  test("is read whole, but for what belongs to other features", async () => {
    await start({
      [`${folder}/playbooks/release.yml`]: "name: release\n",
      [`${folder}/guides/release/01_notes.md`]: "# Notes é\n",
      [`${folder}/workflows/notify.yml`]: "on: push\n",
      [`${folder}/README.md`]: "# Ours\n",
    });
    expect(textsOf(await read())).toEqual({
      "playbooks/release.yml": "name: release\n",
      "guides/release/01_notes.md": "# Notes é\n",
    });
  });

  test("costs one request while it is the same, whatever else is pushed, and hands out the same object", async () => {
    await start({ [`${folder}/agents/gardener.md`]: "one\n" });
    const first = await read();
    expect(asked()).toEqual(["contents", "trees", "blobs"]);
    await bed.owner.push({ branch: "main", files: { "a.txt": "a" } });
    expect(await read()).toBe(first);
    expect(asked()).toEqual(["contents"]);
  });

  test("that changed has only what is new read again", async () => {
    await start({ [`${folder}/agents/gardener.md`]: "one\n", [`${folder}/agents/smith.md`]: "two\n" });
    await read();
    await bed.owner.push({ branch: "main", files: { [`${folder}/agents/smith.md`]: "three\n" } });
    asked();
    expect(textsOf(await read())).toEqual({ "agents/gardener.md": "one\n", "agents/smith.md": "three\n" });
    expect(asked()).toEqual(["contents", "trees", "blobs"]);
  });

  test("of a commit that was looked at costs nothing", async () => {
    await start({});
    const sha = await bed.owner.push({ branch: "idea", files: { [`${folder}/agents/gardener.md`]: "one\n" } });
    expect(textsOf(await read(sha))).toEqual({ "agents/gardener.md": "one\n" });
    asked();
    await read(sha);
    expect(asked()).toEqual([]);
    // What a branch says is not what the default branch has.
    expect(textsOf(await read())).toEqual({});
  });

  test("has links that are not followed", async () => {
    await start({});
    const published = await bed.github.publish(bed.repository, {
      branch: "links",
      defaultBranch: "main",
      changesetId: changesetIdOf(runId, "links"),
      taskId,
      message: "Link",
      mergedSha: null,
      changes: [
        {
          kind: "written",
          path: `${folder}/agents/gardener.md`,
          mode: "120000",
          content: Buffer.from("../../../.env"),
        },
      ],
    });
    const sha = "commitSha" in published ? published.commitSha : "";
    expect(textsOf(await read(sha))).toEqual({ "agents/gardener.md": "no-file" });
  });

  test("is read within bounds: what is beyond them says so in place of its text", async () => {
    const many = Object.fromEntries(
      Array.from({ length: repositoryFilesMax + 1 }, (_, index) => [
        `${folder}/guides/many/${1000 + index}.md`,
        "same\n",
      ]),
    );
    await start({ ...many, [`${folder}/agents/large.md`]: "x".repeat(262_145) });
    const texts = textsOf(await read());
    expect(asked()).toEqual(["contents", "trees", "blobs"]);
    expect(texts["agents/large.md"]).toBe("too-large");
    expect(texts[`guides/many/${1000 + repositoryFilesMax - 1}.md`]).toBe("same\n");
    expect(texts[`guides/many/${1000 + repositoryFilesMax}.md`]).toBe("too-many");
  });
});

test("the folder of specifications has another sha where one of them is another, and none where there are only templates", async () => {
  await start({ ".phasegate/specs/templates/fix.yaml": "id: x\n" });
  const spec = ".phasegate/specs/active/spec-2026-02-18-001.yaml";
  const push = (files: Readonly<Record<string, string>>) => bed.owner.push({ branch: "idea", files });
  const shas = [];
  for (const files of [{ "a.txt": "a" }, { [spec]: "one" }, { "a.txt": "b" }, { [spec]: "two" }]) {
    shas.push(await bed.github.readSpecsSha(bed.repository, await push(files)));
  }
  const [none, one, same, two] = shas;
  expect([none, same]).toEqual(["", one]);
  expect(one).toMatch(/^[0-9a-f]{40}$/u);
  expect(two).not.toBe(one);
  const sha = await push({ "a.txt": "c" });
  asked();
  await bed.github.readSpecsSha(bed.repository, sha);
  await bed.github.readSpecsSha(bed.repository, sha);
  expect(asked()).toEqual(["contents"]);
});
