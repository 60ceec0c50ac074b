/** Faults that the simulation must notice: each takes one promise away from the app's store or from its GitHub. */
import type { Change } from "../../src/core/change.ts";
import type { Effect } from "../../src/core/effects.ts";
import type { Finding } from "../../src/core/report.ts";
import type { TaskSettings } from "../../src/core/settings.ts";
import type { GitHub } from "../../src/control/ports/github.ts";
import type { ClaimedEffect, NewEffect } from "../../src/control/ports/queues.ts";
import { StaleVersion } from "../../src/control/ports/store.ts";
import type { Mutant } from "./sim.ts";

export const mutants: Readonly<Record<string, Mutant>> = {
  "the inbox forgets which messages it has": {
    store: (store) => {
      let serial = 0;
      return {
        takeIn: (message) =>
          store.takeIn(message.kind === "webhook" ? { ...message, key: `${message.key}#${(serial += 1)}` } : message),
      };
    },
  },
  "a step is acknowledged before it is stored": {
    store: (store) => ({
      takeIn: async (message) => (message.kind === "step" ? "new" : store.takeIn(message)),
    }),
  },
  "effects count as done before they are performed": {
    store: (store) => ({
      claimEffects: async (now, leaseUntil, limit) => {
        const claimed = await store.claimEffects(now, leaseUntil, limit);
        for (const { key } of claimed) await store.markEffectDone(key);
        return claimed;
      },
    }),
  },
  "a commit does not look at the version": {
    store: (store) => ({
      commit: async (unit) => {
        try {
          await store.commit(unit);
        } catch (error) {
          if (!(error instanceof StaleVersion)) throw error;
          const { length } = await store.readEvents(unit.taskId);
          await store.commit({ ...unit, expectedVersion: length });
        }
      },
    }),
  },
  "read models show the state before the events": {
    store: (store) => {
      const states = new Map<string, Parameters<typeof store.commit>[0]["state"]>();
      return {
        commit: async (unit) => {
          const before = states.get(unit.taskId);
          states.set(unit.taskId, unit.state);
          await store.commit({ ...unit, state: unit.events.length > 1 ? (before ?? unit.state) : unit.state });
        },
      };
    },
  },
  "effects keep no order": {
    store: (store) => ({
      commit: (unit) =>
        store.commit({ ...unit, effects: unit.effects.map((effect): NewEffect => ({ ...effect, lane: effect.key })) }),
    }),
  },
  "an effect is given out while another worker has it": {
    store: (store) => {
      let last: readonly ClaimedEffect[] = [];
      return {
        claimEffects: async (...asked) => {
          const claimed = await store.claimEffects(...asked);
          const all = [...claimed, ...last.filter(({ key }) => !claimed.some((each) => each.key === key))];
          last = claimed;
          return all;
        },
      };
    },
  },
  "nobody is told of a block": {
    store: (store) => ({
      commit: (unit) =>
        store.commit({ ...unit, effects: unit.effects.filter(({ effect }) => effect.kind !== "NotifyBlocked") }),
    }),
  },
  "the status comment is not kept up to date": {
    store: (store) => ({
      commit: (unit) =>
        store.commit({
          ...unit,
          effects: unit.effects.filter(({ effect }) => effect.kind !== "ShowStatus" || unit.expectedVersion < 8),
        }),
    }),
  },
  "a message is not marked with its events": {
    store: (store) => ({
      commit: ({ inboxKey: _inboxKey, ...unit }) => store.commit(unit),
      markProcessed: async () => {},
    }),
  },
  "signatures of webhooks are not looked at": { trusts: async () => true },
  "any job counts as the one that was dispatched": {
    runner: (identity, { github }) => ({
      ...identity,
      repositoryId: github.repository.repositoryId,
      runAttempt: 1,
      eventName: "workflow_dispatch",
      workflowRef: "octo/links/.github/workflows/phasegate.yml@refs/heads/main",
    }),
  },
  "anybody counts as a writer": {
    github: () => ({ permissionOf: async () => "write" }),
  },
  "a closed gate passes for a merged one": {
    github: (github) => ({
      readGate: async (repository, pullRequest) => {
        const gate = await github.readGate(repository, pullRequest);
        return gate !== null && !gate.open ? { ...gate, merged: true } : gate;
      },
    }),
  },
  "a dispatch does not look for an earlier one": {
    github: (github, { github: world }) => ({
      dispatchRun: async (repository, run) => {
        const earlier = world.fake.runs.findIndex(({ runId }) => runId === run.runId);
        const there = world.fake.runs[earlier];
        if (there !== undefined) world.fake.runs[earlier] = { ...there, runId: `${run.runId}, earlier` };
        return github.dispatchRun(repository, run);
      },
    }),
  },
  "a commit is made again": {
    github: (github, { github: world }) => ({
      publish: async (repository, publication) => {
        const { branch, changesetId } = publication;
        const commits = world.fake.branches.get(branch) ?? [];
        if (commits.length > 0) {
          const renamed = commits.map((commit) =>
            commit.mark === changesetId ? { ...commit, mark: "unmarked" } : commit,
          );
          world.fake.branches.set(branch, renamed);
        }
        return github.publish(repository, publication);
      },
    }),
  },
  "a comment is written again": {
    github: (github) => {
      let serial = 0;
      return {
        notify: (repository, number, key, notice, spoken) =>
          github.notify(repository, number, `${key} ${(serial += 1)}`, notice, spoken),
      };
    },
  },
  "names count as new whenever they are seen": {
    github: (github) => ({
      listNames: async (repository) => {
        const names = await github.listNames(repository);
        return names?.map(({ name }) => ({ name, updatedAt: "2099-01-01T00:00:00.000Z" })) ?? null;
      },
    }),
  },
  "the comment of a request is made anew each time": {
    github: (github) => {
      let serial = 0;
      return {
        showRequest: (repository, shown) =>
          github.showRequest(repository, { ...shown, key: `${shown.key} ${(serial += 1)}` }),
      };
    },
  },
  "a limit never ends": {
    store: (store) => ({
      commit: (unit) =>
        store.commit({ ...unit, effects: unit.effects.filter(({ effect }) => effect.kind !== "EndLimit") }),
    }),
  },
  "lost webhooks are never asked for": {
    github: () => ({ failedDeliveries: async () => [] }),
  },
  "an approval counts for any head": {
    calm: true,
    github: (github, { github: world }) => ({
      readReviews: async (repository, pullRequest) => {
        const headSha = world.fake.pulls.get(pullRequest)?.headSha ?? "";
        const reviews = await github.readReviews(repository, pullRequest);
        return reviews.map((review) => ({ ...review, reviewedSha: headSha }));
      },
    }),
  },
  "all checks of the repository count as green": {
    calm: true,
    github: () => ({ readCi: async () => ({ kind: "green", reason: null, failed: [] }) }),
  },
  "ticks are not seen": { calm: true, github: () => ({ readVetoBoxes: async () => [] }) },
  "who asked for it may approve it all the same": {
    calm: true,
    github: (github) => ({ preflight: withSettings(github, { requesterMayApprove: true }) }),
  },
  "everybody has the app merge": {
    calm: true,
    github: (github) => ({ preflight: withSettings(github, { merge: "auto" }) }),
  },
  "each phase goes into the default branch": {
    calm: true,
    github: (github) => ({ preflight: withSettings(github, { integration: "phase" }) }),
  },
  "a veto leads to nothing": { calm: true, store: without("StartVetoRework") },
  "a rework forgets which vetoes it took up": {
    calm: true,
    past: (events) =>
      events.map((event) => {
        if (event.type === "ReworkRequested") return { ...event, ids: event.ids.map(renamed) };
        if (event.type === "FeedbackAnswered") return { ...event, id: renamed(event.id) };
        if (event.type !== "FeedbackGiven") return event;
        return { ...event, feedback: event.feedback.map((each) => ({ ...each, id: renamed(each.id) })) };
      }),
  },
  "red checks are reworked for ever": { calm: true, policy: { ciReworksMax: 1_000 } },
  "no finding is known again": {
    calm: true,
    past: (events) =>
      events.map((event, index) =>
        event.type === "PhaseVerified"
          ? { ...event, findings: event.findings.map((each) => numbered(each, index)) }
          : event,
      ),
    policy: { reworksMax: 1_000 },
  },
  "nobody looks whether a gate can be merged": { calm: true, store: without("LookAtBase") },
  "what is said in a conversation is not answered": { calm: true, store: without("ShowReply") },
  "gates stay open": { calm: true, store: without("CloseGate") },
  "checks are shown once": {
    calm: true,
    store: (store) => {
      const shown = new Set<string>();
      return {
        commit: (unit) => {
          const effects = unit.effects.filter(({ effect, key }) => effect.kind !== "ShowCheck" || !shown.has(key));
          for (const { effect, key } of effects) if (effect.kind === "ShowCheck") shown.add(key);
          return store.commit({ ...unit, effects });
        },
      };
    },
  },
  "nobody looks whether what was approved has changed": { calm: true, store: without("CompareItems") },
  "a change hides those that come after it": {
    calm: true,
    past: (events) =>
      events.map((event) =>
        event.type === "RippleFound"
          ? { ...event, changed: { ...event.changed, sha: `before ${event.changed.sha}` } }
          : event,
      ),
  },
  "nothing follows from a change": {
    calm: true,
    past: (events) =>
      events.map((event) =>
        event.type === "RippleFound" ? { ...event, changed: { ...event.changed, touched: [] } } : event,
      ),
  },
  "nobody is told of a change": { calm: true, store: without("NotifyRipple") },
  "a plan ends with its first phase": {
    calm: true,
    past: (events) =>
      events.map((event) => (event.type === "PhasesPlanned" ? { ...event, phases: event.phases.slice(0, 1) } : event)),
  },
  "a plan is read whenever a phase ends": {
    calm: true,
    past: (events) => events.map((event) => (event.type === "PhasesPlanned" ? { ...event, phase: 99 } : event)),
  },
  "of a planned turn its result alone is published": {
    calm: true,
    github: withoutChanges(({ path }, all) => all.some(isResult) && path.endsWith("_tasks.md")),
  },
  "a specification has a new issue whenever it is told": {
    github: (github) => {
      let serial = 0;
      return {
        openSpecIssue: (repository, spec, label, spoken) =>
          github.openSpecIssue(repository, { ...spec, id: `${spec.id} ${(serial += 1)}` }, label, spoken),
      };
    },
  },
  "a specification stays as it is": {
    github: withoutChanges(({ path }) => path.startsWith(".phasegate/specs/")),
  },
  "nobody says what came of a task": { calm: true, store: without("PostSummary") },
};

function without(kind: Effect["kind"]): NonNullable<Mutant["store"]> {
  return (store) => ({
    commit: (unit) => store.commit({ ...unit, effects: unit.effects.filter(({ effect }) => effect.kind !== kind) }),
  });
}

/** Of each commit. */
function withoutChanges(isLeftOut: (change: Change, all: readonly Change[]) => boolean): NonNullable<Mutant["github"]> {
  return (github) => ({
    publish: (repository, publication) => {
      const changes = publication.changes.filter((change, _index, all) => !isLeftOut(change, all));
      return github.publish(repository, { ...publication, changes });
    },
  });
}

function isResult({ path }: Change): boolean {
  return path.includes("/workspace/") || path.startsWith("outputs/");
}

function withSettings(github: GitHub, settings: Partial<TaskSettings>): GitHub["preflight"] {
  return async (repository) => {
    const preflight = await github.preflight(repository);
    return { ...preflight, settings: { ...preflight.settings, ...settings } };
  };
}

function renamed(id: string): string {
  return id.replace(/^veto:/u, "said:");
}

function numbered(finding: Finding, index: number): Finding {
  return { ...finding, check: "no-placeholder", message: `${finding.message} ${index}` };
}
