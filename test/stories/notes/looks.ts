/** What people and the model see of a task that writes notes. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import type { ModelRequest } from "../../model/model-request.ts";
import { repositoryName } from "../../support/github-world.ts";
import type { Story } from "../../support/story.ts";

/** A document on its phase's branch, e.g. `notes/01_first`. */
export function noteOf({ sandbox }: Story, name: string): string {
  const isRipple = name.startsWith("ripple/");
  const branch = `phasegate/1-${isRipple ? "3-ripple" : name.startsWith("notes/") ? "1-notes" : "2-more"}`;
  const path = `docs/${name.replace(/^ripple\//u, "")}.md`;
  const git = ["--git-dir", sandbox.gitDirOf(repositoryName), "show", `${branch}:${path}`];
  return execFileSync("git", git, { encoding: "utf8" });
}

/** The app's, on the issue, once all is quiet. */
export async function commentsOf(told: Story): Promise<readonly { readonly id: number; readonly body: string }[]> {
  await told.settled();
  return (await told.owner.comments(1)).filter(({ user }) => user.login === "phasegate[bot]");
}

/** The one that says so; the status comment, which repeats what others say, where no other does. */
export async function commentWith(told: Story, words: string): Promise<{ readonly id: number; readonly body: string }> {
  const comments = await commentsOf(told);
  const saying = comments.filter(({ body }) => body.includes(words));
  const others = saying.filter(({ body }) => !body.includes("<!-- phasegate:status:"));
  const [found, ...more] = others.length > 0 ? others : saying;
  if (found !== undefined && more.length === 0) return found;
  const all = comments.map(({ body }) => body).join("\n---\n");
  throw new Error(
    `looking for one comment with "${words}": ${more.length + (found ? 1 : 0)} of these have it:\n${all}`,
  );
}

export async function labelsOf({ owner }: Story): Promise<readonly string[]> {
  return (await owner.issue(1)).labels.map(({ name }) => name);
}

/** All that the model was asked, oldest first; small requests of the CLI's own are left out. */
export function asked({ model }: Story): readonly ModelRequest[] {
  return model.requests.flatMap(({ request }) => (request === null || request.tools.length === 0 ? [] : [request]));
}

export function lastAsked(told: Story): ModelRequest {
  const last = asked(told).at(-1);
  if (last === undefined) throw new Error("looking at what the model was asked: nothing yet");
  return last;
}

/** Where the step was worked on, by each of its prompts: a fresh home has another work tree. */
export function workTreesIn({ messages }: ModelRequest): readonly string[] {
  const trees = messages.flatMap(({ role, text }) =>
    role === "user" ? [/^Work tree: (.*)$/mu.exec(text)?.[1] ?? ""] : [],
  );
  return [...new Set(trees.filter((tree) => tree !== ""))];
}

/** Once a job has followed them: nothing of what came before it waits on a machine. */
export function earlierJobsAtWork({ sandbox }: Story): number {
  const runs = [...sandbox.repositoryOf(repositoryName).runs.values()].toSorted((one, other) => one.id - other.id);
  return runs.slice(0, -1).filter(({ status }) => status !== "completed").length;
}

export function runsRequested({ events }: Story): number {
  return events.filter(({ type }) => type === "RunRequested").length;
}

/** As `fingerprints` lets the agent show it. */
export function fingerprintOf(value: string): string {
  return createHash("sha256").update(value).digest("hex").slice(0, 16);
}
