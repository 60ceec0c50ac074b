import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { filesOf, written } from "../support/fake-runner.ts";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";

const request = { title: "A link shortener", body: "Paste a long URL, get a short one.", labels: ["create_app"] };
const idea = "docs/planning/01_idea.md";
const market = "docs/planning/02_market.md";

interface ThreadSeen {
  readonly path: string;
  readonly comments: readonly string[];
}

/** What people see in the threads of a pull request, read as they do. */
async function threadsOf({ owner }: Story, number: number): Promise<readonly ThreadSeen[]> {
  const { body } = await owner.request("GET", `/pulls/${number}/comments?per_page=100`);
  const comments = body as { id: number; in_reply_to_id?: number; path: string; body: string }[];
  return comments
    .filter((comment) => comment.in_reply_to_id === undefined)
    .map((first) => ({
      path: first.path,
      comments: [first, ...comments.filter((reply) => reply.in_reply_to_id === first.id)].map(({ body }) => body),
    }));
}

function resolvedPaths({ sandbox }: Story): readonly string[] {
  const threads = [...sandbox.repositoryOf(repositoryName).reviewThreads.values()];
  return threads.filter(({ isResolved }) => isResolved).map(({ path }) => path);
}

function headFile(path: string): (told: Story) => string {
  return ({ sandbox }) => {
    const git = ["--git-dir", sandbox.gitDirOf(repositoryName), "show", `phasegate/1-1-planning:${path}`];
    return execFileSync("git", git, { encoding: "utf8" });
  };
}

describe("a review that requests changes", () => {
  story(
    "starts one rework with every thread; each gets its answer, what is fixed is resolved, and a new review is asked for",
    {
      environment: { REVIEW_DEBOUNCE_SECONDS: "0" },
      runner: {
        changesOf: (job, step, product) => {
          const files = filesOf(product, job.phase.name, step);
          const asked = job.feedback.filter((item) => item.step === step).flatMap(({ comments }) => comments);
          if (asked.length === 0) return files;
          const words = asked.map(({ by, text }) => `${by} asked: ${text}`).join("\n");
          return files.map((file) =>
            file.kind === "written"
              ? written(file.path, `${Buffer.from(file.contentBase64, "base64").toString("utf8")}\n${words}\n`)
              : file,
          );
        },
        answerTo: ({ id, path }) =>
          path === market
            ? { id, kind: "declined", text: "The market is described in the product document. @octocat closes #1" }
            : { id, kind: "fixed", text: "The idea names who it is for." },
      },
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue(request);
      await told.next("ReviewCreated");
      const [gate] = await owner.pulls();
      const number = gate?.number ?? 0;
      await owner.review({
        number,
        event: "REQUEST_CHANGES",
        body: "Two points.",
        comments: [
          { path: idea, line: 3, body: "Who is it for?" },
          { path: market, line: 3, body: "Which market?" },
        ],
      });
      const rework = await told.next("ReworkRequested");
      expect(rework).toMatchObject({ phase: 1, by: ["owner"], source: "review" });
      await told.next("ReviewCreated");
      await told.settled();

      expect(told.events.filter(({ type }) => type === "ReworkRequested")).toHaveLength(1);
      expect(headFile(idea)(told)).toContain("owner asked: Who is it for?");
      const threads = await threadsOf(told, number);
      expect(threads.map(({ path, comments }) => [path, comments.length])).toEqual([
        [idea, 2],
        [market, 2],
      ]);
      const [fixed = "", declined = ""] = threads.map(({ comments }) => comments[1] ?? "");
      expect(fixed).toContain("The idea names who it is for.");
      expect(fixed).toMatch(/[0-9a-f]{7}/u);
      expect(declined).toContain("The market is described");
      expect(declined).not.toMatch(/@octocat\b|closes #1/u);
      expect(resolvedPaths(told)).toEqual([idea]);
      const { body } = await owner.request("GET", `/pulls/${number}/requested_reviewers`);
      expect(body).toMatchObject({ users: [{ login: "owner" }] });

      await told.acceptGate(1);
      await told.next("PhaseCompleted");
    },
  );
});
