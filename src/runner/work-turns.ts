/** A step of several turns: each is asked by itself, in one conversation, and leaves a file of its own. */

import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import { runRecords } from "../core/plan-records.ts";
import { withSubStageDone } from "../core/plan-status.ts";
import { faultMessage, planPathsOf, recordPaths, runOfPhase } from "../core/plan-tables.ts";
import { turnsForRows } from "../core/plan-turns.ts";
import type { Step, Turn } from "../core/playbook.ts";
import { readPlan } from "../core/read-plan.ts";
import type { Finding, Tree } from "../core/report.ts";
import { pathFrom, treeIn } from "../core/tree-in.ts";
import { limits } from "../protocol/runner.ts";
import { collectChanges } from "./changes.ts";
import { put } from "./restore-changes.ts";
import type { Checks, Done, StepEnd, StepOptions } from "./run-step.ts";
import { withhold } from "./withhold.ts";

type Work = (options: StepOptions) => Promise<StepEnd>;

/** A step without turns, outside of plans, is worked on as it is. */
export async function workOnTurns(options: StepOptions, work: Work): Promise<StepEnd> {
  const { step, job } = options;
  if (step.turns === undefined && step.turnsFor === undefined && job.phase.plans === null) return work(options);
  if (job.phase.plans !== null && job.phase.steps[0]?.slug === step.slug) await layRecords(options);
  const before = await treeOf(options);
  const turns = await turnsOf(options, before);
  const end = turns.length === 0 ? await whole(options, turns, work) : await oneByOne(options, turns, before, work);
  return end.kind === "done" ? await withStatuses(options, turns, end) : end;
}

/** What is missing is asked for, in the order of the turns; where nothing is, the step as a whole: a rework, say. */
async function oneByOne(options: StepOptions, turns: readonly Turn[], before: Tree, work: Work): Promise<StepEnd> {
  const asked = new Set<Turn>();
  const ends: Done[] = [];
  let turn = firstTurn(options, turns, before);
  if (turn === null) return whole(options, turns, work);
  for (;;) {
    const isFirst = asked.size === 0;
    asked.add(turn);
    const told = ends.flatMap((end) => end.told);
    const end = await work({
      ...(isFirst ? options : { ...options, findings: [], feedback: [], resume: null, nextTurn: turn.guide }),
      step: stepOfTurn(options.step, turn),
      checks: withTables(options, [turn]),
      told: [...options.told, ...told],
    });
    if (end.kind === "ended") return { ...end, told: [...told, ...end.told] };
    ends.push(end);
    const next = turns.find((each) => !asked.has(each) && !end.tree.paths.includes(each.output));
    if (next === undefined) return together(end, ends);
    if (options.now().getTime() >= options.sliceEndsAt) {
      return {
        kind: "ended",
        outcome: { kind: "slice-ended" },
        pending: [{ kind: "step" }],
        round: 0,
        told: [...told, ...end.told],
      };
    }
    turn = next;
  }
}

/** Whoever waited for an answer goes on where it was: in the turn whose file it wrote last, or before that of the next. */
function firstTurn({ resume }: StepOptions, turns: readonly Turn[], { paths }: Tree): Turn | null {
  const written = turns.filter(({ output }) => paths.includes(output));
  const isWaiting = resume?.pending.some(({ kind }) => kind !== "step") === true;
  if (isWaiting) return written.at(-1) ?? turns[0] ?? null;
  return turns.find((turn) => !written.includes(turn)) ?? null;
}

function together(last: Done, ends: readonly Done[]): Done {
  return {
    ...last,
    findings: ends.flatMap(({ findings }) => findings).slice(0, limits.findingsMax),
    answers: ends.flatMap(({ answers }) => answers),
    told: ends.flatMap(({ told }) => told),
  };
}

async function whole(options: StepOptions, turns: readonly Turn[], work: Work): Promise<StepEnd> {
  const { step } = options;
  const guide = [step.guide.trim(), ...turns.map((turn) => turn.guide)].join("\n\n");
  return work({ ...options, step: { ...step, guide }, checks: withTables(options, turns) });
}

function stepOfTurn(step: Step, { title, guide, output }: Turn): Step {
  return { ...step, title: `${step.title}: ${title}`, guide: `${step.guide.trim()}\n\n${guide}`, outputs: [output] };
}

async function treeOf({ workspace, step }: StepOptions): Promise<Tree> {
  return (await collectChanges(workspace, step.slug)).tree;
}

async function turnsOf({ step, job }: StepOptions, tree: Tree): Promise<readonly Turn[]> {
  if (step.turns !== undefined) return step.turns;
  const run = runOfPhase(job.phase);
  if (step.turnsFor === undefined || run === null) return [];
  const turns = await turnsForRows(treeIn(tree, job.phase.root), run, step.turnsFor);
  return turns.map((turn) => ({ ...turn, output: pathFrom(job.phase.root, turn.output) }));
}

/** In a phase that plans, the table that was just written is read, too, and what is wrong with it goes back at once. */
function withTables({ checks, job, step }: StepOptions, turns: readonly Turn[]): Checks {
  const run = runOfPhase(job.phase);
  if (job.phase.plans === null || run === null) return checks;
  const written = turns.length === 0 ? step.outputs : turns.map(({ output }) => output);
  return {
    ...checks,
    async checkStep(tree, phase, asked) {
      const { faults } = await readPlan(treeIn(tree, phase.root), run, { begun: false });
      const findings = faults.flatMap((fault): readonly Finding[] => {
        const path = pathFrom(phase.root, fault.path);
        // That it is missing is told by the check of outputs.
        if (!written.includes(path) || !tree.paths.includes(path)) return [];
        return [{ check: "plan-tables", step: step.slug, path, line: fault.line, message: faultMessage(fault) }];
      });
      return [...(await checks.checkStep(tree, phase, asked)), ...findings];
    },
  };
}

/** The agent has no say in statuses: its tables are put back, and what is done is written into them. */
async function withStatuses(options: StepOptions, turns: readonly Turn[], end: Done): Promise<StepEnd> {
  const { step, job, workspace, agent, checks } = options;
  if (step.planned === undefined) return end;
  const { phase, stage, subStage, run } = step.planned;
  const { root } = job.phase;
  const paths = planPathsOf(run);
  const tables = [
    paths.tasks(phase, stage, subStage),
    paths.subStages(phase, stage),
    paths.stages(phase),
    paths.phases,
    recordPaths.runs,
  ];
  const { restored } = await withhold(
    workspace,
    tables.map((path) => pathFrom(root, path)),
  );
  await agent.own(restored);
  const { tree } = await collectChanges(workspace, step.slug);
  const inside = treeIn(tree, root);
  const results = turns
    .filter(({ output }) => tree.paths.includes(output))
    .map(({ id, output }) => ({ id, output: root === "" ? output : output.slice(root.length + 1) }));
  const written = await withSubStageDone(
    async (path) => (inside.paths.includes(path) ? inside.read(path) : null),
    step.planned,
    results,
  );
  await lay(options, written);
  const changeset = await collectChanges(workspace, step.slug);
  const unfit = [...changeset.findings, ...(await checks.changesetFindings(changeset.changes, job.phase, step.slug))];
  if (!changeset.isWhole || unfit.length > 0) {
    const message = `step ${step.slug}: its changes can't be handed over`;
    const outcome = { kind: "failed", message, findings: unfit.slice(0, limits.findingsMax) } as const;
    return { kind: "ended", outcome, pending: [], round: 0, told: end.told };
  }
  return { ...end, changes: changeset.changes, tree: changeset.tree };
}

/** That there is this run and what its user wants, before anything of it is planned. */
async function layRecords(options: StepOptions): Promise<void> {
  const { job } = options;
  const runId = runOfPhase(job.phase);
  if (runId === null) return;
  const inside = treeIn(await treeOf(options), job.phase.root);
  const { title, text } = job.prompt;
  const asked = { runId, issueNumber: job.issueNumber, title, text };
  await lay(options, await runRecords(asked, async (path) => (inside.paths.includes(path) ? inside.read(path) : null)));
}

async function lay({ workspace, agent, job }: StepOptions, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [inside, text] of files) {
    const path = pathFrom(job.phase.root, inside);
    const contentBase64 = Buffer.from(text).toString("base64");
    if (await put(workspace.workTree, { kind: "written", path, mode: "100644", contentBase64 })) {
      await agent.own(withFolders(path).map((each) => join(workspace.workTree, each)));
    }
  }
}

function withFolders(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === "." ? [path] : [path, ...withFolders(folder)];
}
