import { expect } from "vitest";
import { workflowPath } from "../../src/github/workflow-file.ts";
import { APP_PERMISSIONS } from "../sandbox/payloads.ts";
import { person } from "../sandbox/person.ts";
import { story } from "../support/story.ts";

const form = (fields: Readonly<Record<string, string>>) =>
  Object.entries({ "What do you want to build?": "A page where neighbours lend out tools.", ...fields })
    .map(([label, value]) => `### ${label}\n\n${value}`)
    .join("\n\n");

story("a repository on which the app is installed gets the pull request that sets it up", {}, async (told) => {
  const { sandbox } = told;
  await sandbox.addRepository({
    owner: "acme",
    name: "shop",
    files: { "README.md": "# Shop\n" },
    collaborators: { wanda: "write" },
    permissions: { ...APP_PERMISSIONS, workflows: "write" },
  });
  await told.settled();

  const wanda = person(sandbox, "wanda", "acme/shop");
  const [pull, ...others] = await wanda.pulls("all");
  expect(others).toEqual([]);
  expect(pull).toMatchObject({ title: "Set up Phasegate", head: { ref: "phasegate/onboarding" } });
  expect(pull?.body).toContain("there is no secret ANTHROPIC\\_API\\_KEY");

  wanda.setSecret("ANTHROPIC_API_KEY", "sk-of-wanda");
  await wanda.merge(pull?.number ?? 0);
  await told.settled();
  expect((await wanda.request("GET", `/contents/${workflowPath}`)).status).toBe(200);
  // A specification that cannot be read is told of on the commit that brings it.
  const spec = ".phasegate/specs/active/spec-2026-02-18-001.yaml";
  const sha = await wanda.push({ branch: "main", files: { [spec]: "id: spec-2026-02-18-001\nversion: 1\n" } });
  await told.settled();
  const check = [...sandbox.repositoryOf("acme/shop").checkRuns.values()].find(({ headSha }) => headSha === sha);
  expect(check).toMatchObject({ name: "Phasegate specifications", conclusion: "failure" });
  expect(check?.annotations).toContainEqual(
    expect.objectContaining({ path: spec, start_line: 2, message: expect.stringContaining('"version"') }),
  );
  // Installed once more: the merged one stays the only one.
  sandbox.settings.removeFromInstallation("acme/shop");
  sandbox.settings.install("acme/shop");
  await told.settled();
  expect(await wanda.pulls("all")).toHaveLength(1);

  const { number } = await wanda.openIssue({ title: "Is all well?" });
  await wanda.comment(number, "/doctor");
  await told.settled();
  const [, answer] = await wanda.comments(number);
  expect(answer?.body).toContain("Phasegate looked at this repository");
  expect(answer?.body).toContain("✅ **workflow\\-file:**");
  expect(answer?.body).toContain("the secret ANTHROPIC\\_API\\_KEY is there");
});

story("an empty repository is left alone until it has a commit", {}, async (told) => {
  const { sandbox } = told;
  await sandbox.addRepository({ owner: "acme", name: "empty", files: {}, collaborators: { wanda: "write" } });
  await told.settled();

  expect(await person(sandbox, "wanda", "acme/empty").pulls("all")).toEqual([]);
});

story("a form with faults is asked about once, and its task starts when it is mended", {}, async (told) => {
  const { owner, events } = told;
  const { number } = await owner.openIssue({
    title: "Tools",
    body: form({ "Budget in US dollars": "plenty", "Base branch": "my branch" }),
    labels: ["create_app"],
  });
  await told.next("TaskCreated");
  await told.settled();

  const asking = async () =>
    (await owner.comments(number)).map(({ body }) => body).filter((body) => body.includes("phasegate:form:"));
  expect(await asking()).toEqual([expect.stringContaining("2 things are missing or can't be read")]);
  expect(events.map(({ type }) => type)).toEqual(["TaskCreated"]);

  await owner.editIssue(number, { body: form({ "Budget in US dollars": "$7" }) });
  const started = await told.next("TaskStarted");
  await told.settled();
  expect(started.input).toMatchObject({ budgetUsd: 7, baseBranch: null });
  expect(await asking()).toEqual([expect.stringContaining("says all that the task needs")]);
});
