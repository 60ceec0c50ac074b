import { describe, expect, onTestFinished, test } from "vitest";
import type { Diagnosis } from "../../src/control/ports/diagnosis.ts";
import { onboardingBranch } from "../../src/github/onboard.ts";
import { settingsPath } from "../../src/github/settings-file.ts";
import { readWorkflowFile, workflowPath } from "../../src/github/workflow-file.ts";
import { ourApp } from "../sandbox/registration.ts";
import { person } from "../sandbox/person.ts";
import type { RepositoryToAdd } from "../sandbox/sandbox.ts";
import { startGitHubTestbed, type GitHubTestbed } from "./github-testbed.ts";

const deployment = { actionRef: `phasegate/phasegate@${"0".repeat(40)}`, appUrl: "https://phasegate.example" };
const { workflows: _, ...withoutWorkflows } = ourApp.permissions;
const fault: Diagnosis = {
  check: "model-credential",
  level: "fault",
  message: "there is no secret ANTHROPIC_API_KEY",
  mend: "https://github.com/octo/shop/settings/secrets/actions/new",
};
const wanted = {
  starts: (label: string) => label === "create_app" || label === "plan",
  examine: async () => [fault],
  mayOpen: true,
};
const formOf = (label: string) => `.github/ISSUE_TEMPLATE/phasegate-${label}.yml`;

/** Installed, with a commit, and nothing of ours in it. */
async function bed(over: Partial<RepositoryToAdd> = {}): Promise<GitHubTestbed> {
  const made = await startGitHubTestbed({ files: { "README.md": "# Shop\n" }, ...over });
  onTestFinished(() => made.stop());
  return made;
}

async function textOn({ sandbox }: GitHubTestbed, branch: string, path: string): Promise<string | null> {
  const answer = await person(sandbox, "octo").request("GET", `/contents/${path}?ref=${branch}`);
  if (answer.status === 404) return null;
  return Buffer.from((answer.body as { content: string }).content, "base64").toString("utf8");
}

const commitsOf = async ({ sandbox }: GitHubTestbed) =>
  (
    (await person(sandbox, "octo").request("GET", `/commits?sha=${onboardingBranch}`)).body as {
      sha: string;
      commit: { message: string };
    }[]
  ).map(({ sha, commit }) => ({ sha, subject: commit.message.split("\n")[0] }));

describe("the onboarding pull request", () => {
  test("brings the workflow file, the settings and the forms of what this app can do, and makes their labels", async () => {
    const world = await bed();

    const onboarding = await world.github.onboard(world.repository, wanted);

    expect(onboarding).toEqual({ kind: "opened", pullRequest: 1 });
    expect(await textOn(world, onboardingBranch, workflowPath)).toBe(readWorkflowFile(deployment));
    expect(await textOn(world, onboardingBranch, settingsPath)).toContain("#merge: manual");
    expect(await textOn(world, onboardingBranch, formOf("create_app"))).toContain("What do you want to build?");
    expect(await textOn(world, onboardingBranch, formOf("plan"))).toContain("What should be planned?");
    expect(await textOn(world, onboardingBranch, formOf("run"))).toBeNull();
    expect([...world.sandbox.repositoryOf("octo/shop").labels.values()].map(({ name }) => name)).toEqual([
      "create_app",
      "plan",
    ]);
    const pull = await person(world.sandbox, "octo").pull(1);
    expect(pull).toMatchObject({ title: "Set up Phasegate", draft: false, base: { ref: "main" } });
    expect(await textOn(world, onboardingBranch, ".phasegate/specs/templates/refactor.yaml")).toContain("id: spec-");
    for (const path of [
      workflowPath,
      settingsPath,
      "phasegate-plan.yml",
      ".phasegate/specs/templates/",
      "feature.yaml",
    ])
      expect(pull.body).toContain(path);
    expect(pull.body).toContain("there is no secret ANTHROPIC");
    expect(pull.body).toContain(`(${fault.mend})`);
    expect(pull.body).toContain("When you merge");
    expect(pull.body).not.toContain("One file is missing");
  });

  test("can be merged, and then nothing more is asked for", async () => {
    const world = await bed();
    await world.github.onboard(world.repository, wanted);
    await person(world.sandbox, "octo").merge(1);

    expect(await world.github.onboard(world.repository, wanted)).toEqual({ kind: "none", why: "closed-before" });
    expect((await world.github.preflight(world.repository)).fault?.kind).not.toBe("no-workflow-file");
  });

  test("without the right to write workflows comes without that file, and links to a page where it is filled in", async () => {
    const world = await bed({ permissions: withoutWorkflows });

    await world.github.onboard(world.repository, wanted);

    expect(await textOn(world, onboardingBranch, workflowPath)).toBeNull();
    const { body } = await person(world.sandbox, "octo").pull(1);
    expect(body).toContain(`One file is missing: \`${workflowPath}\``);
    const link = /https:\/\/github\.com\/octo\/shop\/new\/phasegate\/onboarding\?[^)]+/u.exec(body ?? "")?.[0] ?? "";
    const { searchParams } = new URL(link);
    expect(searchParams.get("filename")).toBe(workflowPath);
    // What is too long for an address is pasted.
    const value = searchParams.get("value");
    if (value === "") expect(body).toContain(readWorkflowFile(deployment).trim());
    else expect(value).toBe(readWorkflowFile(deployment));
  });

  test("asks for the file no more once a person has added it to the branch", async () => {
    const world = await bed({ permissions: withoutWorkflows });
    await world.github.onboard(world.repository, wanted);
    const files = { [workflowPath]: readWorkflowFile(deployment) };
    await person(world.sandbox, "octo").push({ branch: onboardingBranch, files });

    await world.github.onboard(world.repository, wanted);

    expect((await person(world.sandbox, "octo").pull(1)).body).not.toContain("One file is missing");
  });

  test("leaves out what the repository has already", async () => {
    const world = await bed({ files: { "README.md": "# Shop\n", [settingsPath]: "merge: auto\n" } });

    await world.github.onboard(world.repository, wanted);

    expect(await textOn(world, onboardingBranch, settingsPath)).toBe("merge: auto\n");
    expect((await person(world.sandbox, "octo").pull(1)).body).not.toContain(settingsPath);
  });

  test("brings the workflow file anew where it is of another version, and none where it fits", async () => {
    const old = readWorkflowFile({ ...deployment, actionRef: `phasegate/phasegate@${"1".repeat(40)}` });
    const outdated = await bed({ files: { [workflowPath]: old } });
    expect(await outdated.github.onboard(outdated.repository, wanted)).toMatchObject({ kind: "opened" });
    expect(await textOn(outdated, onboardingBranch, workflowPath)).toBe(readWorkflowFile(deployment));

    const changed = `${readWorkflowFile(deployment)}# Ours.\n`;
    const current = await bed({ files: { [workflowPath]: changed } });
    expect(await current.github.onboard(current.repository, wanted)).toEqual({ kind: "none", why: "set-up" });
    expect(await person(current.sandbox, "octo").pulls("all")).toEqual([]);
  });

  test.each([
    ["an empty repository", { files: {} }, "empty"],
    ["an archived repository", {}, "read-only"],
  ] as const)("is not made in %s", async (_where, over, why) => {
    const world = await bed(over);
    if (why === "read-only") world.sandbox.settings.archive("octo/shop");

    expect(await world.github.onboard(world.repository, wanted)).toEqual({ kind: "none", why });
    expect(world.sent().filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  test.each([
    ["the app was uninstalled", (world: GitHubTestbed) => world.sandbox.settings.uninstall("octo")],
    ["the installation is suspended", (world: GitHubTestbed) => world.sandbox.settings.suspend("octo")],
    ["the repository is gone", (world: GitHubTestbed) => world.sandbox.settings.deleteRepository("octo/shop")],
  ])("is not made where %s", async (_what, happens) => {
    const world = await bed();
    happens(world);

    expect(await world.github.onboard(world.repository, wanted)).toEqual({ kind: "none", why: "no-access" });
  });

  test("is not made where only the open one should be brought up to date", async () => {
    const world = await bed();

    const onboarding = await world.github.onboard(world.repository, { ...wanted, mayOpen: false });

    expect(onboarding).toEqual({ kind: "none", why: "not-open" });
    // One request a repository: all of them are asked after each upgrade.
    expect(world.sent()).toEqual(["GET /repos/octo/shop/pulls"]);
  });

  test("is not opened again when somebody closed it", async () => {
    const world = await bed();
    await world.github.onboard(world.repository, wanted);
    await person(world.sandbox, "octo").closePull(1);
    await person(world.sandbox, "octo").deleteBranch(onboardingBranch);

    expect(await world.github.onboard(world.repository, wanted)).toEqual({ kind: "none", why: "closed-before" });
  });
});

describe("an open onboarding pull request", () => {
  test("is left as it is where nothing changed", async () => {
    const world = await bed();
    await world.github.onboard(world.repository, wanted);
    world.sent();

    expect(await world.github.onboard(world.repository, wanted)).toEqual({ kind: "updated", pullRequest: 1 });
    expect(world.sent().filter((line) => !line.startsWith("GET"))).toEqual([]);
  });

  test("is brought up to date by an app with other files, though it may open none, and stays closed once it is closed", async () => {
    const world = await bed();
    const ofFewer = { ...wanted, starts: (label: string) => label === "plan" };
    await world.github.onboard(world.repository, ofFewer);
    const refresh = { ...wanted, mayOpen: false };

    expect(await world.github.onboard(world.repository, refresh)).toEqual({ kind: "updated", pullRequest: 1 });
    expect(await textOn(world, onboardingBranch, formOf("create_app"))).toContain("What do you want to build?");

    await person(world.sandbox, "octo").closePull(1);
    world.sent();
    expect(await world.github.onboard(world.repository, refresh)).toEqual({ kind: "none", why: "closed-before" });
    expect(world.sent()).toEqual(["GET /repos/octo/shop/pulls"]);
  });

  test("gets what is new by one more commit, and keeps what people wrote around our text", async () => {
    const world = await bed();
    await world.github.onboard(world.repository, { ...wanted, starts: (label) => label === "plan" });
    const { body } = await person(world.sandbox, "octo").pull(1);
    await person(world.sandbox, "octo").editPull(1, { body: `Looked at by rita.\n${body}` });

    await world.github.onboard(world.repository, { ...wanted, examine: async () => [] });

    const after = await person(world.sandbox, "octo").pull(1);
    expect(after.body).toMatch(/^Looked at by rita\./u);
    expect(after.body).toContain("phasegate-create_app.yml");
    expect(after.body).not.toContain("there is no secret");
    expect((await commitsOf(world)).map(({ subject }) => subject)).toEqual([
      "Bring the files of Phasegate up to date",
      "Set up Phasegate",
      expect.anything(),
    ]);
  });

  test("is a person's from their first commit on: its files are left alone", async () => {
    const world = await bed();
    await world.github.onboard(world.repository, { ...wanted, starts: (label) => label === "plan" });
    const own = await person(world.sandbox, "octo").push({
      branch: onboardingBranch,
      files: { [formOf("plan")]: "name: Ours\n" },
    });

    expect(await world.github.onboard(world.repository, wanted)).toMatchObject({ kind: "updated" });
    expect((await commitsOf(world))[0]?.sha).toBe(own);
    expect(await textOn(world, onboardingBranch, formOf("plan"))).toBe("name: Ours\n");
    const { body } = await person(world.sandbox, "octo").pull(1);
    expect(body).toContain("phasegate-plan.yml");
    expect(body).not.toContain("phasegate-create_app.yml");
  });

  test("takes no commit away that a person pushes while ours is under way", async () => {
    const world = await bed();
    await world.github.onboard(world.repository, { ...wanted, starts: (label) => label === "plan" });
    let own = "";
    world.failNext(/MoveBranch/u, async () => {
      own = await person(world.sandbox, "octo").push({ branch: onboardingBranch, files: { "mine.txt": "mine\n" } });
    });

    await world.github.onboard(world.repository, wanted);

    expect((await commitsOf(world))[0]?.sha).toBe(own);
  });
});

describe("where the app is installed", () => {
  test("is told repository by repository, and nothing of one that is suspended or gone", async () => {
    const world = await bed();
    await world.sandbox.addRepository({ owner: "octo", name: "links", files: {}, collaborators: {} });
    const { installationId } = world.repository;

    const repositories = await world.github.readInstalled(installationId);

    expect(repositories.map(({ owner, name }) => `${owner}/${name}`)).toEqual(["octo/shop", "octo/links"]);
    expect(repositories[0]).toEqual(world.repository);
    expect(await world.github.readInstallations()).toEqual([installationId]);
    expect(await world.github.readInstalled(99)).toEqual([]);
    world.sandbox.settings.suspend("octo");
    expect(await world.github.readInstalled(installationId)).toEqual([]);
    expect(await world.github.readInstallations()).toEqual([]);
  });
});

describe("a try that broke off", () => {
  test.each([
    ["POST /repos/octo/shop/git/trees"],
    ["POST /repos/octo/shop/git/commits"],
    ["POST /graphql MoveBranch"],
    ["POST /repos/octo/shop/pulls"],
    ["PATCH /repos/octo/shop/pulls/1"],
    ["POST /repos/octo/shop/labels"],
  ])("at the answer of %s is found again: one pull request, one commit", async (line) => {
    const world = await bed();
    world.failNext(new RegExp(`^${line}$`, "u"), "lost-answer");

    await expect(world.github.onboard(world.repository, wanted)).rejects.toThrow();
    await world.github.onboard(world.repository, wanted);

    expect(await person(world.sandbox, "octo").pulls("all")).toHaveLength(1);
    expect(await commitsOf(world)).toHaveLength(2);
    expect((await person(world.sandbox, "octo").pull(1)).body).toContain("When you merge");
    expect([...world.sandbox.repositoryOf("octo/shop").labels.values()]).toHaveLength(2);
  });
});
