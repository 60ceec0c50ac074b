import type { Store } from "../control/ports/store.ts";
import { runIdFrom, taskIdFrom } from "../core/ids.ts";
import { effectHeads } from "./effect-queue.ts";
import { messageHeads } from "./inbox.ts";
import { prepared } from "./prepared.ts";
import type { Db } from "./schema.ts";

type Lookups = Pick<
  Store,
  "tasksOfIssue" | "taskOfPullRequest" | "taskOfRun" | "openRuns" | "openTasks" | "lastWebhookAt" | "nextDueAt"
>;

/** `holder` names the open store, whose own leases are no reason to wait. */
export function lookups(db: Db, holder: string): Lookups {
  return {
    tasksOfIssue: async (repositoryId, issueNumber) => {
      const { rows } = await tasksOfIssue(db, { repositoryId, issueNumber });
      return rows.map(({ id }) => taskIdFrom(id));
    },

    taskOfPullRequest: async (repositoryId, pullRequest) => {
      const [row] = (await taskOfPullRequest(db, { repositoryId, pullRequest })).rows;
      return row === undefined ? null : taskIdFrom(row.id);
    },

    taskOfRun: async (runId) => {
      const [row] = (await taskOfRun(db, { runId })).rows;
      return row === undefined ? null : taskIdFrom(row.task_id);
    },

    openRuns: async () => {
      const rows = await db
        .selectFrom("tasks")
        .select(["id", "run_id", "run_requested_at", "workflow_run_id"])
        .select((eb) =>
          eb
            .selectFrom("run_sessions")
            .select((session) => session.fn.max("last_heard_at").as("last_heard_at"))
            .whereRef("run_sessions.run_id", "=", "tasks.run_id")
            .as("last_heard_at"),
        )
        .where("run_id", "is not", null)
        .orderBy("run_requested_at")
        .execute();
      return rows.flatMap((row) =>
        row.run_id === null || row.run_requested_at === null
          ? []
          : [
              {
                taskId: taskIdFrom(row.id),
                runId: runIdFrom(row.run_id),
                requestedAt: row.run_requested_at,
                workflowRunId: row.workflow_run_id,
                lastHeardAt: row.last_heard_at,
              },
            ],
      );
    },

    openTasks: async ({ repositoryId, installationId, awaitsNames = false } = {}) => {
      const rows = await db
        .selectFrom("tasks")
        .select("id")
        .where("ended_at", "is", null)
        .$if(repositoryId !== undefined, (query) => query.where("repository_id", "=", repositoryId ?? 0))
        .$if(installationId !== undefined, (query) => query.where("installation_id", "=", installationId ?? 0))
        .$if(awaitsNames, (query) =>
          query.where("id", "in", (eb) =>
            eb.selectFrom("dependencies").select("dependencies.task_id").where("dependencies.state", "=", "open"),
          ),
        )
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      return rows.map(({ id }) => taskIdFrom(id));
    },

    lastWebhookAt: async () => {
      const row = await db
        .selectFrom("inbox")
        .select(({ fn }) => fn.max<string | null>("received_at").as("at"))
        .where("kind", "=", "webhook")
        .executeTakeFirst();
      return row?.at ?? null;
    },

    nextDueAt: async (after = "") => {
      const { rows } = await nextMoments(db, { holder, after });
      const [first] = rows.flatMap(({ moment }) => (moment === null ? [] : [moment])).toSorted();
      return first ?? null;
    },
  };
}

/** One of the effects and one of the messages. */
const nextMoments = prepared((db, { holder, after }: { readonly holder: string; readonly after: string }) => {
  // While somebody works on it, the next thing that can happen to an effect is the end of the lease.
  const ofEffects = effectHeads(db).select((eb) => eb.fn.coalesce("head.lease_until", "head.not_before").as("moment"));
  const ofMessages = messageHeads(db).select((eb) =>
    eb
      .case()
      .when("head.holder", "=", holder)
      .then(eb.ref("head.not_before"))
      .else(eb.fn.coalesce("head.lease_until", "head.not_before"))
      .end()
      .as("moment"),
  );
  const earliestOf = (moments: typeof ofEffects | typeof ofMessages) =>
    db
      .selectFrom(moments.as("moments"))
      .select(({ fn }) => fn.min<string | null>("moments.moment").as("moment"))
      .where("moments.moment", ">", after);
  return earliestOf(ofEffects).unionAll(earliestOf(ofMessages));
});

const tasksOfIssue = prepared((db, given: { readonly repositoryId: number; readonly issueNumber: number }) =>
  db
    .selectFrom("tasks")
    .select("id")
    .where("repository_id", "=", given.repositoryId)
    .where("issue_number", "=", given.issueNumber)
    .orderBy("ordinal", "desc"),
);

const taskOfPullRequest = prepared((db, given: { readonly repositoryId: number; readonly pullRequest: number }) =>
  db
    .selectFrom("reviews")
    .innerJoin("tasks", "tasks.id", "reviews.task_id")
    .select("tasks.id")
    .where("reviews.pull_request", "=", given.pullRequest)
    .where("tasks.repository_id", "=", given.repositoryId)
    .orderBy("tasks.created_at", "desc")
    .limit(1),
);

const taskOfRun = prepared((db, given: { readonly runId: string }) =>
  db.selectFrom("runs").select("task_id").where("id", "=", given.runId),
);
