import { emitCheck, suiteOf } from "./check-suites.ts";
import { setStatus } from "./routes/statuses.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Account, CheckApp, CheckRun, CommitStatus, Conclusion } from "./state.ts";

type CheckToShow = {
  readonly name: string;
  readonly headSha: string;
  /** Null while it is under way. */
  readonly conclusion: Conclusion | null;
  readonly output?: { readonly title?: string; readonly summary?: string; readonly text?: string };
  readonly detailsUrl?: string;
};

/** Some other service in the repository, by its App: it makes checks and statuses, and nothing passes over HTTP. */
export type OtherApp = {
  /** What GitHub does for it on each push: a suite with nothing in it. */
  openSuite(headSha: string): void;
  /** Made at the first call; a later one of the same name and commit changes it. */
  check(check: CheckToShow): Promise<void>;
  status(
    status: Pick<CommitStatus, "sha" | "context" | "state"> & {
      readonly description?: string;
      readonly targetUrl?: string;
    },
  ): Promise<void>;
};

export function otherApp(sandbox: Sandbox, repositoryName: string, slug: string): OtherApp {
  const { context } = sandbox;
  const repository = sandbox.repositoryOf(repositoryName);
  const app: CheckApp = { id: context.newId(), slug, name: slug };
  const account: Account = { id: context.newId(), login: `${slug}[bot]`, type: "Bot" };
  return {
    openSuite(headSha) {
      suiteOf(context, repository, headSha, app);
    },
    async check({ name, headSha, conclusion, output, detailsUrl }) {
      const known = [...repository.checkRuns.values()].find(
        (check) => check.app.id === app.id && check.name === name && check.headSha === headSha,
      );
      const check = known ?? newCheck(name, headSha);
      check.status = conclusion === null ? "in_progress" : "completed";
      check.conclusion = conclusion;
      check.completedAt = conclusion === null ? null : context.timestamp();
      check.detailsUrl = detailsUrl ?? check.detailsUrl;
      check.output = {
        title: output?.title ?? check.output.title,
        summary: output?.summary ?? check.output.summary,
        text: output?.text ?? check.output.text,
      };
      repository.checkRuns.set(check.id, check);
      if (known === undefined) await emitCheck(context, repository, check, "created", account);
      if (conclusion !== null) await emitCheck(context, repository, check, "completed", account);
    },
    async status({ description, targetUrl, ...status }) {
      const more = { description: description ?? null, targetUrl: targetUrl ?? null };
      await setStatus(context, repository, account, { ...status, ...more });
    },
  };

  function newCheck(name: string, headSha: string): CheckRun {
    return {
      id: context.newId(),
      name,
      headSha,
      status: "queued",
      conclusion: null,
      detailsUrl: null,
      externalId: "",
      startedAt: context.timestamp(),
      completedAt: null,
      output: { title: null, summary: null, text: null },
      annotations: [],
      suiteId: suiteOf(context, repository, headSha, app).id,
      app,
    };
  }
}
