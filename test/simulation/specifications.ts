/** Specifications that people push to the default branch: what becomes of them, and what is promised of it. */
import type { GitHub, Publication } from "../../src/control/ports/github.ts";
import { webhookKeyOf } from "../../src/control/ports/queues.ts";
import type { TaskEvent } from "../../src/core/events.ts";
import { isSettled, type ExistingTask } from "../../src/core/state.ts";
import { parseSpec, type Spec } from "../../src/verify/spec.ts";
import type { Sim } from "./sim.ts";
import { defaultBranch } from "./sim-github.ts";
import { silent, type Fail, type Subject } from "./subject.ts";

const folder = ".phasegate/specs/";
/** Each may be a task of its own, or two. */
const specsMax = 2;

interface Pushed {
  readonly guid: string;
  readonly sha: string;
  readonly path: string;
  /** By somebody who always has write, of one that is ready and names a playbook. */
  readonly starts: boolean;
}

type Opened = Awaited<ReturnType<GitHub["openSpecIssue"]>>;
type Files = ReadonlyMap<string, string>;

export class Specifications implements Subject {
  readonly #sim: Sim;
  readonly #texts = new Map<string, string>();
  readonly #pushes: Pushed[] = [];
  /** The issues of each, by its id, oldest first. */
  readonly #issues = new Map<string, number[]>();
  /** Branches on which the last step of a task with a specification was published. */
  readonly #ended = new Map<string, { readonly sha: string; readonly id: string }>();
  #fault: string | null = null;
  readonly unheardOf = silent.unheardOf;

  constructor(sim: Sim) {
    this.#sim = sim;
  }

  // ---------------------------------------------------------------- people and GitHub

  /** Somebody pushes one, or the same once more, as though it had been taken away in between. */
  push(by: string): void {
    const { github, random } = this.#sim;
    const known = [...this.#texts.keys()];
    const isAgain = known.length === specsMax || (known.length > 0 && random.chance(0.4));
    const number = isAgain ? 1 + random.below(known.length) : known.length + 1;
    const path = `${folder}active/spec-2026-11-21-00${number}.yaml`;
    const text = this.#texts.get(path) ?? this.#textOf(number);
    this.#texts.set(path, text);
    this.#sim.tell(by, `pushes ${path}${isAgain ? " again" : ""}: ${/^status: .*$/mu.exec(text)?.[0] ?? ""}`);
    // Who works on it has it: to put it there again would be to begin anew.
    const isWorkedOn = this.#idsAt(github.fake.filesOf(defaultBranch)).some((id) => path.includes(id)) || isAgain;
    if (!isWorkedOn) github.fake.push(defaultBranch, path, text);
    const sha = github.fake.headOf(defaultBranch) ?? "";
    if (!isWorkedOn) github.pushes.add(sha);
    const specs = { paths: [path], sha, sender: by };
    const { repository } = github;
    const guid = github.emit({
      kind: "base-moved",
      repository,
      branch: defaultBranch,
      isDefault: true,
      specsSha: sha,
      specs,
    });
    const isReady = /^status: (?:approved|pending)$/mu.test(text) && !text.includes("tags: [mail]");
    this.#pushes.push({ guid, sha, path, starts: by === "owner" && isReady });
  }

  #textOf(number: number): string {
    const { random } = this.#sim;
    const status = random.pick(["approved", "approved", "pending", "draft"] as const);
    const tag = random.pick(["modify_app", "modify_app", "modify_app", "create_app", "mail"] as const);
    const step = tag === "create_app" ? "01_idea" : "01_map";
    return `# Written by hand.
id: spec-2026-11-21-00${number}
version: 1.0.0
status: ${status}
metadata:
  title: Remind of overdue tools, ${number}
  author: owner
  createdAt: 2026-11-20T09:30:00Z
  updatedAt: 2026-11-20T09:30:00Z
  tags: [${tag}]
requirements:
  - id: REQ-101
    description: A borrower is reminded of a tool that is overdue.
    priority: high # asked for twice
    acceptanceCriteria:
      - "A loan that ended yesterday brings one mail."
acceptance:
  - A reminder arrives.
tasks:
  - id: TASK-001
    title: Find what is overdue
    priority: medium
    step: ${step}
    dependencies: []
  - id: TASK-002
    title: Send the mail
    priority: medium
    dependencies: [TASK-001]
progress:
  total: 2
  completed: 0
  inProgress: 0
  failed: 0
  blocked: 0
  pending: 2
  percentage: 0
changeLog:
  - at: 2026-11-20T09:30:00Z
    by: owner
    change: written
`;
  }

  /** As GitHub has it, with the marker that the app finds it by. */
  openIssue(spec: Parameters<GitHub["openSpecIssue"]>[1], label: string): Opened {
    const { github } = this.#sim;
    const known = this.#issues.get(spec.id) ?? [];
    const { title, description: body } = spec;
    const there = known.find((number) => github.issueExists(number));
    if (there !== undefined) return { number: there, title, body };
    const number = 200 + [...this.#issues.values()].flat().length;
    this.#issues.set(spec.id, [...known, number]);
    github.fake.openIssue(number, { title, body, author: "phasegate[bot]", authorIsBot: true, labels: [label] });
    return { number, title, body };
  }

  // ---------------------------------------------------------------- promises

  /** A commit of the app, before it is there and after. */
  published({ branch, taskId, changesetId, mergedSha }: Publication, sha: string, before: Files, after: Files): void {
    const watched = this.#sim.watch.tasks.get(taskId);
    if (watched === undefined || watched.state.status === "absent") return;
    const task = watched.state;
    for (const [path, text] of after) {
      // A merge holds what both sides say.
      if (!path.startsWith(folder) || before.get(path) === text || mergedSha !== null) continue;
      this.#fault ??= this.#changeFault(path, text, before, task);
    }
    const spec = this.#ownOf(task, before) ?? this.#ownOf(task, after);
    const phase = task.phases.at(-1);
    const last = watched.events.findLast((event) => event.type === "StepCompleted" && event.phase === phase?.phase);
    const isLast = last?.type === "StepCompleted" && last.changesetId === changesetId;
    const isWhole = phase?.steps.every(({ completed }) => completed) === true;
    const isLastPhase = phase?.phase === Math.max(...task.playbook.phases.map(({ number }) => number));
    if (spec !== null && isLast && isWhole && isLastPhase && phase.merging === null && task.ripples.length === 0) {
      this.#ended.set(branch, { sha, id: spec.id });
    }
  }

  /** What the app makes of one says what has happened, and keeps what was said before. */
  #changeFault(path: string, text: string, before: Files, task: ExistingTask): string | null {
    const now = parseSpec(path, text);
    const id = /spec-[\d-]+/u.exec(path)?.[0] ?? "";
    const earlier = [...before].find(([each]) => each.startsWith(folder) && each.includes(id));
    const was = earlier === undefined ? null : parseSpec(...earlier);
    // What the app cannot read it leaves alone: then somebody else wrote it.
    if (now.kind === "faulty" || was === null || was.kind === "faulty") return null;
    const { spec } = now;
    if (spec.issue !== task.issue.number) return `a specification goes on with its own task: ${id} with ${task.taskId}`;
    const [old, log] = [was.spec, spec].map((each) => each.changeLog.map((entry) => JSON.stringify(entry)));
    if (JSON.stringify(old) !== JSON.stringify(log?.slice(0, old?.length))) return `a change log only grows: ${id}`;
    if ((log?.length ?? 0) > (old?.length ?? 0) + 1) return `a commit is one change of a specification: ${id}`;
    const isArchived = path.startsWith(`${folder}archive/`);
    if (isArchived && spec.status !== "completed") return `what is archived is completed: ${id}`;
    const step = spec.tasks.find((each) => each.step !== undefined);
    const steps = task.phases.flatMap((phase) => phase.steps);
    const isDone = steps.some(({ slug, completed }) => slug === step?.step && completed);
    if (step?.status === "completed" && !isDone && !isArchived) return `progress says what was done: ${id}`;
    return null;
  }

  #ownOf({ issue }: ExistingTask, files: Files): Spec | null {
    for (const [path, text] of files) {
      if (!path.startsWith(`${folder}active/`)) continue;
      const parsed = parseSpec(path, text);
      if (parsed.kind === "faulty") continue;
      const { spec } = parsed;
      if (spec.issue === undefined ? spec.metadata.title === issue.title : spec.issue === issue.number) return spec;
    }
    return null;
  }

  judge(event: TaskEvent, before: ExistingTask, _events: readonly TaskEvent[], fail: Fail): void {
    if (event.type !== "PhaseCompleted") return;
    const merged = this.#sim.github.merges.get(event.mergeSha)?.pull;
    const ended = this.#ended.get(merged?.branch ?? "");
    if (merged === undefined || ended === undefined) return;
    const commits = this.#sim.github.fake.branches.get(merged.branch) ?? [];
    // Somebody may have thrown it away again.
    if (!commits.some(({ sha }) => sha === ended.sha)) return;
    const files = this.#sim.github.fake.filesAt(event.mergeSha);
    if (this.#ownOf(before, files) !== null) fail(`a specification is archived with the last phase: ${ended.id}`);
  }

  world(): string | null {
    if (this.#fault !== null) return this.#fault;
    if (!this.#sim.features.specifications) return null;
    const { github } = this.#sim;
    const titles = [...github.fake.issues.values()].flatMap(({ authorIsBot, title }) => (authorIsBot ? [title] : []));
    const started = titles.find((title, at) => titles.indexOf(title) !== at);
    if (started !== undefined) return `a specification is started once: ${started}`;
    for (const branch of github.fake.branches.keys()) {
      const ids = this.#idsAt(github.fake.filesOf(branch));
      const twice = ids.find((id, at) => ids.indexOf(id) !== at);
      if (twice !== undefined) return `a specification is archived once: ${twice} lies twice on ${branch}`;
    }
    return null;
  }

  #idsAt(files: Files): readonly string[] {
    return [...files.keys()].flatMap((path) =>
      path.startsWith(folder) ? [/spec-[\d-]+/u.exec(path)?.[0] ?? path] : [],
    );
  }

  atEnd(task: ExistingTask): string | null {
    // Of the story as a whole: whoever looks at one task looks at all of it.
    if (!isSettled(task)) return null;
    return this.#unstarted();
  }

  #unstarted(): string | null {
    const { github, watch } = this.#sim;
    for (const { guid, path, sha, starts } of this.#pushes) {
      const [row] = watch.rows("select status from inbox where key = ?", webhookKeyOf(guid));
      if (row?.["status"] !== "processed") continue;
      if (!github.fake.specificationsChecks.has(sha)) return `each push of a specification has its check: ${sha}`;
      const id = /spec-[\d-]+/u.exec(path)?.[0] ?? "";
      const numbers = this.#issues.get(id) ?? [];
      const isStarted = this.#sim.tasks().some(({ issue }) => numbers.includes(issue.number));
      const isGone = numbers.some((number) => github.deletedIssues.has(number));
      if (starts && !isStarted && !isGone) return `a pushed specification starts its task: ${path}`;
    }
    return null;
  }
}
