import { describe, expect } from "vitest";
import { workflowPath } from "../../src/github/workflow-file.ts";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";

const request = { title: "A link shortener", body: "Paste a long URL, get a short one.", labels: ["create_app"] };

/** The one comment beside the status comment. */
async function noticesOf({ owner }: Story): Promise<readonly string[]> {
  const comments = await owner.comments(1);
  return comments.filter((comment) => !comment.body.includes("phasegate:status")).map((comment) => comment.body);
}

async function isPausedWithOneComment(told: Story): Promise<string> {
  await told.owner.openIssue(request);
  await told.next("TaskPaused");
  await told.settled();
  const notices = await noticesOf(told);
  expect(notices.length).toBe(1);
  return notices[0] ?? "";
}

async function goesOnAfter(told: Story, mend: () => void | Promise<void>): Promise<void> {
  await mend();
  await told.owner.comment(1, "/run");
  await told.next("ReviewCreated");
}

describe("what stands in the way is one comment with the link that mends it", () => {
  story("no workflow file", { withWorkflowFile: false }, async (told) => {
    const notice = await isPausedWithOneComment(told);
    // What the person gets who follows the link: the file's name and its whole content, filled in.
    const link = new URL(/\]\((http[^)]*\/new\/main\?[^)]*)\)/u.exec(notice)?.[1] ?? "");
    expect(link.pathname).toBe(`/${repositoryName}/new/main`);
    expect(link.searchParams.get("filename")).toBe(workflowPath);
    await goesOnAfter(told, async () => {
      const answer = await told.owner.request("PUT", `/contents/${workflowPath}`, {
        message: "Add Phasegate",
        content: Buffer.from(link.searchParams.get("value") ?? "").toString("base64"),
      });
      expect(answer.status).toBe(201);
    });
  });

  story("no model secret", { alsoOnPostgres: true, secret: null }, async (told) => {
    const notice = await isPausedWithOneComment(told);
    expect(notice).toContain(`/${repositoryName}/settings/secrets/actions/new`);
    await goesOnAfter(told, () => told.owner.setSecret("CLAUDE_CODE_OAUTH_TOKEN", "token-of-a-subscription"));
  });

  story(
    "Actions switched off",
    {
      prepare: ({ sandbox }) => {
        sandbox.repositoryOf(repositoryName).actionsEnabled = false;
      },
    },
    async (told) => {
      const notice = await isPausedWithOneComment(told);
      expect(notice).toContain(`/${repositoryName}/settings/actions`);
      await goesOnAfter(told, () => {
        told.sandbox.repositoryOf(repositoryName).actionsEnabled = true;
      });
    },
  );

  story(
    "an app that the runner does not reach",
    { execute: () => Promise.resolve({ conclusion: "failure" }) },
    async (told) => {
      const notice = await isPausedWithOneComment(told);
      expect(notice).toContain(`/${repositoryName}/actions/runs/`);
      expect(notice).toContain("PUBLIC_URL");
      expect(notice).toContain(told.appUrl);
    },
  );
});
