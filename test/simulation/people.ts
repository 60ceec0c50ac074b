/** What people do on GitHub's pages: sensible things, and all others that GitHub lets them do. */
import type { AnswerGiven, Intent } from "../../src/control/intents.ts";
import { slashCommands, type CommandName } from "../../src/core/slash-commands.ts";
import { hasValue } from "../../src/core/dialogue.ts";
import { isSettled, openDependenciesOf, openQuestionsOf, type ExistingTask } from "../../src/core/state.ts";
import { defaultSettings } from "../../src/core/settings.ts";
import type { ReviewState } from "../../src/control/ports/gates.ts";
import type { FakePull } from "../support/fake-github.ts";
import { labels } from "./playbooks.ts";
import { defaultBranch } from "./sim-github.ts";
import type { Sim } from "./sim.ts";

type Deed = readonly [weight: number, act: () => void];

const writers = ["owner", "writer"];
const others = ["reader", "stranger"];
const bot = "helper[bot]";
/** Of helpful people, so that a story comes to an end. */
const turnsMax = 4;
/** Some of them agents ask for, in these words or others. */
const secretNames = ["OPENAI_API_KEY", "APP_GITHUB_TOKEN", "APP_VALUE", "OTHER_KEY"];

export class People {
  readonly #sim: Sim;
  #comments = 5_000;
  /** Comments that answer something, as they are now. */
  #said: { readonly commentId: number; readonly issueNumber: number; readonly by: string }[] = [];
  /** Deeds of the helpful person, by task. */
  readonly #help = new Map<string, number>();
  /** What helpful people still have to say of gates before they merge them. */
  #opinions = 8;
  /** What people said in conversations, as they said it first. */
  #turns: { readonly commentId: number; readonly issueNumber: number; readonly by: string }[] = [];
  #helpfulTurns = 0;

  constructor(sim: Sim) {
    this.#sim = sim;
  }

  prepare(): void {
    const { github, features } = this.#sim;
    const { fake } = github;
    fake.permissions.set("owner", "admin");
    fake.permissions.set("writer", "write");
    fake.permissions.set("reader", "read");
    fake.permissions.set(bot, "write");
    fake.branches.set("develop", fake.branches.get(defaultBranch) ?? []);
    if (features.secondIssue) fake.openIssue(8, { author: "stranger", labels: ["modify_app"] });
    fake.ciIsSensitive = features.ciIsSensitive;
    fake.requiresReview = features.requiresReview;
    fake.settings = {
      ...defaultSettings,
      merge: features.mergesItself ? "auto" : "manual",
      requesterMayApprove: !features.othersApprove,
      integration: features.taskBranch ? "task" : "phase",
      ci: features.ciWaitsForApproval ? "approved" : null,
    };
    const { random } = this.#sim;
    const others = [...(features.conversations ? ["custom"] : []), ...(features.plannedRuns ? ["run"] : [])];
    const label = others.length > 0 && random.chance(0.5) ? random.pick(others) : "create_app";
    fake.openIssue(7, { labels: [label] });
    this.#label(7, label, "owner");
    if (features.secondIssue) {
      const issue = { title: "A wish", body: "Of a stranger." };
      const { repository } = github;
      const opened = { kind: "issue-opened", labels: ["modify_app"], author: "stranger", issue } as const;
      github.emit({ ...opened, repository, issueNumber: 8 });
      this.#sim.tell("stranger", "opens issue #8 with the label modify_app");
    }
  }

  /** One thing that somebody does. */
  act(): void {
    const { random } = this.#sim;
    const sensible = this.#sensible();
    const inReview = this.#sim.tasks().some((task) => task.status === "review" && task.blockedBy === null);
    // Reviewers take their time, and whatever stands in the way is mended soon.
    const eager = inReview && this.#sim.features.reviewing ? 0.15 : 0.6;
    if (sensible.length > 0 && random.chance(eager)) return random.pick(sensible)();
    const deeds = this.#deeds().filter(([weight]) => weight > 0);
    if (deeds.length > 0) random.weighted(deeds)();
  }

  /** Brings one task on, as the status comment tells people to. False where nobody has anything to do. */
  help(): boolean {
    const { random } = this.#sim;
    if (this.#opinions > 0 && random.chance(0.75) && this.#judge()) {
      this.#opinions -= 1;
      return true;
    }
    const deeds = this.#sensible();
    if (deeds.length === 0) return false;
    random.pick(deeds)();
    return true;
  }

  #sensible(): readonly (() => void)[] {
    return this.#sim.tasks().flatMap((task) => {
      const deed = this.#deedFor(task);
      return deed === null ? [] : [deed];
    });
  }

  #deedFor(task: ExistingTask): (() => void) | null {
    const { github, calm } = this.#sim;
    if (isSettled(task) || !github.issueExists(task.issue.number)) return null;
    const issueNumber = task.issue.number;
    const command =
      (name: CommandName, by = "owner") =>
      () => {
        if (calm) this.#help.set(task.taskId, (this.#help.get(task.taskId) ?? 0) + 1);
        this.#command(issueNumber, name, by);
      };
    // Whoever has helped so often without an end gives up.
    if ((this.#help.get(task.taskId) ?? 0) > 12) return command("cancel");
    if (task.status === "draft") return command("run");
    const gate = task.finalGate ?? task.phases.at(-1)?.gate ?? null;
    const pull = gate === null ? undefined : github.fake.pulls.get(gate.pullRequest);
    const base = github.intendedBases.get(pull?.pullRequest ?? 0) ?? defaultBranch;
    if (task.blockedBy !== null) {
      switch (task.blockedBy.kind) {
        case "verification-failed":
        case "no-progress":
          return command(gate === null ? "retry" : "accept");
        case "gate-retargeted":
          if (task.blockedBy.merged) return command("accept");
          return pull?.open === true ? () => this.#retarget(pull, base) : command("run");
        case "budget-exhausted":
          return command(task.blockedBy.scope === "day" || this.#sim.random.chance(0.5) ? "cancel" : "budget");
        case "waiting-question":
          return () => this.#answerOpen(task);
        case "waiting-dependency":
          return () => this.#provide(task);
        case "rate-limited":
          // It ends by itself; whoever cannot wait is told the same again.
          return calm ? null : command("run");
        case "repository-archived":
          return () => this.#archive(false);
        case "no-access":
          return () => this.#suspend(false);
        case "effect-failed":
        case "environment":
        case "app-unreachable":
          return command("retry");
        case "actions-disabled":
        case "dispatch-refused":
        case "empty-repository":
        case "gate-closed":
        case "issue-closed":
        case "no-model-secret":
        case "no-workflow-file":
        case "paused":
        case "provider-refused":
        case "runaway":
        case "workflow-file-awaited":
          return command("run");
        case "plan-invalid":
          return () => {
            this.#sim.plans.mend(task, "owner");
            command("run")();
          };
        case "settings-invalid":
          return () => (github.fake.preflightFault === null ? command("run")() : this.#breakSettings(false));
        case "conversation":
          if (this.#helpfulTurns >= turnsMax || this.#sim.random.chance(0.4)) return command("done");
          return () => {
            this.#helpfulTurns += 1;
            this.#say(issueNumber, this.#sim.random.pick(writers), "And then?");
          };
        case "approval-needed":
          return command("approve", "writer");
      }
    }
    const isFinal = task.finalGate !== null;
    if ((task.status === "review" || isFinal) && pull?.open === true && !pull.draft && pull.base === base) {
      const by = this.#sim.random.pick(writers);
      // Who has approved may leave the merge to the app.
      const isApproved = github.fake.reviews.some(
        ({ pullRequest, verdict }) => pullRequest === pull.pullRequest && verdict === "approved",
      );
      if (!isFinal && !isApproved && github.fake.settings.merge === "auto" && this.#sim.random.chance(0.7)) {
        return () => this.#review(pull, "writer", "approved");
      }
      // The app brings a phase and its base together, or tells of it; a task's last pull request is people's to mend.
      if (calm && !isFinal && this.#sim.watch.gates.isUntoldConflict(pull)) return null;
      if (github.conflictsOf(pull).length > 0) return () => this.#mergeBase(pull, by);
      return () => this.#merge(pull, by);
    }
    return null;
  }

  /** Somebody says something of a gate that is in review. False where there is none. */
  #judge(): boolean {
    const { github, random, features: on } = this.#sim;
    const tasks = this.#sim.tasks().filter(({ status, blockedBy }) => status === "review" && blockedBy === null);
    if (tasks.length === 0) return false;
    const task = random.pick(tasks);
    const gate = github.fake.pulls.get(task.phases.at(-1)?.gate?.pullRequest ?? 0);
    if (gate === undefined || !gate.open || gate.draft) return false;
    const who = random.pick(writers);
    const deeds: readonly Deed[] = [
      [on.vetoing && gate.boxes.length > 0 ? 6 : 0, () => this.#veto(gate, who)],
      [on.reviewing ? 3 : 1, () => this.#review(gate, who)],
      [on.skipping ? 1 : 0, () => this.#command(task.issue.number, "skip-phase", who)],
      [0.5, () => this.#command(gate.pullRequest, "approve", who)],
      [0.5, () => this.#command(gate.pullRequest, "rework", who)],
      [on.pushing ? 1 : 0, () => this.#push(gate, who)],
      [on.conflicts ? 2 : 0, () => this.#moveBase(gate, who)],
      [on.ripples ? 8 : 0, () => this.#sim.ripples.edit(who)],
      [on.plannedRuns ? 1 : 0, () => this.#sim.plans.breakTable(who)],
    ];
    random.weighted(deeds.filter(([weight]) => weight > 0))();
    return true;
  }

  #deeds(): readonly Deed[] {
    const { github, random, features: on } = this.#sim;
    const { fake } = github;
    const who = on.powerless && random.chance(0.4) ? random.pick(others) : random.pick(writers);
    const mayWrite = writers.includes(who);
    const open = github.gates.filter((pull) => pull.open);
    const pull = open.length === 0 ? null : random.pick(open);
    const boxed = open.filter(({ boxes }) => boxes.length > 0);
    const closed = github.gates.filter((each) => !each.open && !each.merged);
    const issues = [...fake.issues.keys()].filter((number) => github.issueExists(number));
    const issue = issues.length === 0 ? null : random.pick(issues);
    const threads = fake.threads.filter(({ pullRequest }) => fake.pulls.get(pullRequest)?.open);
    const reviews = fake.reviews.filter(({ verdict }) => verdict !== "dismissed" && verdict !== "commented");
    const onGate = (weight: number, act: (pull: FakePull) => void): Deed =>
      pull === null ? [0, () => {}] : [weight, () => act(pull)];
    const onIssue = (weight: number, act: (number: number) => void): Deed =>
      issue === null ? [0, () => {}] : [weight, () => act(issue)];
    return [
      onIssue(on.commands ? 3 : 0.3, (number) => {
        const name = random.pick(
          slashCommands.map((row) => row.name).filter((each) => on.deletion || each !== "delete"),
        );
        // People end and stop tasks less often than they start them.
        if (["cancel", "delete", "pause", "skip-phase"].includes(name) && random.chance(0.75)) return;
        if (pull !== null && random.chance(0.4)) this.#command(pull.pullRequest, name, who);
        else this.#command(number, name, who);
      }),
      onGate(on.reviewing ? 8 : 0, (gate) => this.#review(gate, random.chance(on.powerless ? 0.1 : 0) ? bot : who)),
      threads.length === 0 ? [0, () => {}] : [on.reviewing ? 3 : 0, () => this.#thread(random.pick(threads), who)],
      reviews.length === 0 || !mayWrite
        ? [0, () => {}]
        : [on.reviewing ? 1 : 0, () => this.#dismiss(random.pick(reviews), who)],
      onGate(mayWrite ? 1 : 0, (gate) => {
        if (!gate.draft) this.#merge(gate, who);
      }),
      onGate(on.closing && mayWrite ? 1 : 0, (gate) => {
        this.#sim.tell(who, `closes #${gate.pullRequest}`);
        github.close(gate, who);
      }),
      closed.length === 0 || !mayWrite
        ? [0, () => {}]
        : [
            on.closing ? 1 : 0,
            () => {
              const gate = random.pick(closed);
              const isTaken = open.some((each) => each.branch === gate.branch);
              if (isTaken || fake.headOf(gate.branch) === null) return;
              this.#sim.tell(who, `reopens #${gate.pullRequest}`);
              fake.changePull(gate.pullRequest, { open: true });
              github.reopened.add(gate.pullRequest);
              github.gateChanged(gate.pullRequest, who);
            },
          ],
      onGate(on.pushing && mayWrite ? 1 : 0, (gate) => this.#push(gate, who)),
      onGate(on.retargeting && mayWrite ? 0.5 : 0, (gate) =>
        this.#retarget(gate, gate.base === defaultBranch ? "develop" : defaultBranch),
      ),
      onGate(on.conflicts && mayWrite ? 0.8 : 0, (gate) => this.#moveBase(gate, who)),
      onGate(on.branchDeletion && mayWrite ? 0.3 : 0, (gate) => {
        this.#sim.tell(who, `deletes the branch ${gate.branch}`);
        github.deleteBranch(gate.branch, who);
      }),
      onIssue(on.issueChanges ? 0.25 : 0, (number) => this.#changeIssue(number, who, mayWrite)),
      onIssue(mayWrite ? 0.5 : 0, (number) => {
        this.#label(number, random.pick(on.plannedRuns ? [...labels, "run"] : labels), who);
      }),
      [on.plannedRuns && mayWrite ? 0.6 : 0, () => this.#sim.plans.breakTable(who)],
      [on.specifications && mayWrite ? 0.5 : 0, () => this.#sim.specifications.push(who)],
      [on.ripples && mayWrite ? 6 : 0, () => this.#sim.ripples.edit(who)],
      [on.vetoing && boxed.length > 0 ? 4 : 0, () => this.#veto(random.pick(boxed), who)],
      [on.brokenSettings ? 0.15 : 0, () => this.#breakSettings(fake.preflightFault?.kind !== "settings-invalid")],
      [on.mergesItself && on.brokenSettings ? 0.15 : 0, () => this.#setMerge()],
      [on.oddAnswers ? 2 : 0, () => this.#answerOddly(who)],
      [on.talking ? 2 : 0, () => this.#talk(who)],
      [on.secrets && mayWrite ? 0.6 : 0, () => this.#addSecret(random.pick(secretNames), who)],
      [on.archiving ? 0.06 : 0, () => this.#archive(!github.archived)],
      [on.suspending ? 0.06 : 0, () => this.#suspend(!github.suspended)],
      [on.renaming ? 0.1 : 0, () => this.#rename()],
      [on.setUpFaults ? 0.2 : 0, () => this.#setUp()],
      [
        on.demotion ? 0.3 : 0,
        () => {
          const level = fake.permissions.get("writer") === "write" ? "read" : "write";
          this.#sim.tell("owner", `gives writer the permission ${level}`);
          fake.permissions.set("writer", level);
        },
      ],
    ];
  }

  /** What a stranger would like to have happened, by the owner's hand. */
  falseIntent(): Intent {
    const { github, random } = this.#sim;
    const { repository } = github;
    const [pull] = github.gates;
    const by = { repository, sender: "owner" } as const;
    const issue = { title: "A wish", body: "Give me the secrets." };
    const name = random.pick(["run", "approve", "cancel", "accept", "delete"] as const);
    return random.pick<Intent>([
      { kind: "label-added", ...by, issueNumber: 8, label: "modify_app", issue },
      { kind: "issue-changed", ...by, issueNumber: 7, change: "closed" },
      { kind: "repository-changed", ...by, change: "archived" },
      {
        kind: "command",
        ...by,
        writtenAt: null,
        issueNumber: pull?.pullRequest ?? 7,
        onPullRequest: pull !== undefined,
        commentId: 1,
        commentNodeId: "IC_1",
        command: { name, argument: "" },
        body: `/${name}`,
        answers: [],
        issue,
      },
    ]);
  }

  #command(number: number, name: CommandName, sender: string, argument = this.#argumentOf(name)): void {
    const { github } = this.#sim;
    const answers: AnswerGiven[] = name === "answer" ? [{ number: null, text: argument }] : [];
    this.#sim.tell(sender, `comments /${name} ${argument} on #${number}`);
    const onPullRequest = github.fake.pulls.has(number);
    const { title, body } = github.fake.issues.get(number) ?? { title: "A gate", body: "A phase." };
    const commentId = (this.#comments += 1);
    const command = { name, argument };
    const intent: Intent = {
      kind: "command",
      writtenAt: null,
      repository: github.repository,
      issueNumber: number,
      onPullRequest,
      commentId,
      commentNodeId: `IC_${commentId}`,
      sender,
      command,
      body: `/${name} ${argument}`,
      answers,
      issue: { title, body },
    };
    github.emit(intent);
  }

  #argumentOf(name: CommandName): string {
    const { random } = this.#sim;
    if (name === "veto") return random.pick(["1 because it is slow", "2: it is dear", "1", "9 because", ""]);
    if (name === "rework") return random.chance(0.7) ? "Say more in 01_idea.md." : "";
    if (name === "answer") return random.pick(["1", "2", "9", "as you like", ""]);
    if (name === "provided" || name === "skip") return random.pick(secretNames);
    if (name === "budget") return String(random.pick([0.1, 4, 8, 30]));
    return name === "approve" && random.chance(0.3) ? "up to $6" : "";
  }

  /** Says what somebody says without a command, or once more in an edited or deleted comment. */
  #comment(
    issueNumber: number,
    by: string,
    words: readonly AnswerGiven[] | string,
    { change, commentId }: { change: "created" | "edited" | "deleted"; commentId: number },
  ): void {
    const { github } = this.#sim;
    const { title, body } = github.fake.issues.get(issueNumber) ?? { title: "", body: "" };
    const answers = typeof words === "string" ? [] : words;
    const said = answers.map(({ number, text }) => (number === null ? text : `${number}: ${text}`)).join(", ");
    const text = typeof words === "string" ? words : said;
    this.#sim.tell(by, `${change} comment ${commentId} on #${issueNumber}: ${text}`);
    github.emit({
      kind: "comment",
      repository: github.repository,
      issueNumber,
      onPullRequest: false,
      commentId,
      commentNodeId: `IC_${commentId}`,
      sender: by,
      change,
      body: text,
      answers,
      issue: { title, body },
    });
  }

  #answerOpen(task: ExistingTask): void {
    const { random } = this.#sim;
    const [question] = openQuestionsOf(task);
    if (question === undefined) return;
    const by = random.chance(0.5) ? task.issue.author : "owner";
    const text = question.options.length > 0 && random.chance(0.7) ? "2" : "as you like";
    this.#say(task.issue.number, by, [{ number: question.number, text }]);
  }

  #say(issueNumber: number, by: string, words: readonly AnswerGiven[] | string): void {
    const commentId = (this.#comments += 1);
    (typeof words === "string" ? this.#turns : this.#said).push({ commentId, issueNumber, by });
    this.#comment(issueNumber, by, words, { change: "created", commentId });
  }

  /** A turn of a conversation, if there is one; or what somebody said before, in other words or taken back. */
  #talk(who: string): void {
    const { random } = this.#sim;
    const talks = this.#sim.tasks().filter(({ phases }) => phases.some(({ conversation }) => conversation !== null));
    if (talks.length === 0) return;
    const turns = this.#turns.filter(({ by }) => by === who);
    if (turns.length === 0 || random.chance(0.7)) {
      return this.#say(random.pick(talks).issue.number, who, `Make it ${random.below(100)}.`);
    }
    const { commentId, issueNumber } = random.pick(turns);
    const change = random.pick(["edited", "deleted"] as const);
    this.#comment(issueNumber, who, change === "deleted" ? "" : `No, ${random.below(100)}.`, { change, commentId });
  }

  /** Adds what was asked for and says nothing, where the app may see it; else says so, or has the agent go on without. */
  #provide(task: ExistingTask): void {
    const { github, random } = this.#sim;
    const [dependency] = openDependenciesOf(task);
    if (dependency === undefined) return;
    const { name, type } = dependency;
    if (hasValue(type) && random.chance(0.7)) this.#addSecret(name, "owner");
    if (hasValue(type) && !github.namesHidden && github.names.has(name) && random.chance(0.7)) return;
    this.#command(task.issue.number, random.chance(0.8) ? "provided" : "skip", "owner", name);
  }

  #addSecret(name: string, by: string): void {
    this.#sim.tell(by, `sets the secret ${name}`);
    this.#sim.github.setSecret(name);
  }

  #answerOddly(who: string): void {
    const { random } = this.#sim;
    const tasks = this.#sim.tasks().filter(({ questions }) => questions.length > 0);
    if (tasks.length === 0) return;
    const task = random.pick(tasks);
    const said = this.#said.filter(({ by }) => by === who);
    if (said.length > 0 && random.chance(0.5)) {
      const { commentId, issueNumber } = random.pick(said);
      const change = random.pick(["edited", "deleted"] as const);
      const answers = change === "deleted" ? [] : [{ number: null, text: random.pick(["1", "2", "7"]) }];
      return this.#comment(issueNumber, who, answers, { change, commentId });
    }
    const number = random.pick([null, 99, ...task.questions.map((question) => question.number)]);
    this.#say(task.issue.number, who, [{ number, text: random.pick(["1", "2", "7", "neither", " "]) }]);
  }

  #label(issueNumber: number, label: string, sender: string): void {
    const { github } = this.#sim;
    const issue = github.fake.issues.get(issueNumber);
    if (issue === undefined) return;
    this.#sim.tell(sender, `sets the label ${label} on #${issueNumber}`);
    github.fake.issues.set(issueNumber, { ...issue, labels: [...new Set([...issue.labels, label])] });
    const { title, body } = issue;
    const { repository } = github;
    github.emit({ kind: "label-added", repository, issueNumber, label, sender, issue: { title, body } });
  }

  #review(
    gate: FakePull,
    by: string,
    verdict: ReviewState["verdict"] = this.#sim.random.pick([
      "approved",
      "approved",
      "changes_requested",
      "changes_requested",
      "commented",
    ] as const),
  ): void {
    const { github, random } = this.#sim;
    const words = verdict !== "approved" && random.chance(0.5) ? "Look at 02_market.md again." : "";
    const byBot = by === bot;
    this.#sim.tell(by, `reviews #${gate.pullRequest}: ${verdict}`);
    github.fake.review(gate.pullRequest, { by, byBot, verdict, body: words });
    if (verdict !== "approved" && random.chance(0.6)) {
      const request = verdict === "changes_requested" ? "change" : "comment";
      const comments = [{ by, byBot, byUs: false, text: "Say why." }];
      github.fake.thread(gate.pullRequest, { request, comments });
    }
    github.reviewsChanged(gate.pullRequest);
  }

  /** By a tick, or by a comment; or takes a tick away. */
  #veto(gate: FakePull, by: string): void {
    const { github, random } = this.#sim;
    const box = random.pick(gate.boxes);
    const ticks = () => {
      this.#sim.tell(
        by,
        `${box.ticked ? "unticks" : "ticks"} box ${box.attempt}:${box.number} of #${gate.pullRequest}`,
      );
      github.tick(gate, box, by);
    };
    const says = (argument: string) => this.#command(gate.pullRequest, "veto", by, argument);
    random.weighted<() => void>([
      // GitHub lets nobody else edit the body.
      [writers.includes(by) ? 3 : 0, ticks],
      [3, () => says(`${box.number} because it is slow, says ${by}`)],
      [1, () => says(`${box.number}`)],
    ])();
  }

  #breakSettings(broken: boolean): void {
    this.#sim.tell("owner", broken ? "breaks the settings" : "mends the settings");
    const fault = { kind: "settings-invalid", message: "line 1: merge: expected manual or auto" } as const;
    this.#sim.github.fake.preflightFault = broken ? fault : null;
  }

  #setMerge(): void {
    const { fake } = this.#sim.github;
    const merge = fake.settings.merge === "auto" ? "manual" : "auto";
    this.#sim.tell("owner", `sets merge: ${merge}`);
    fake.settings = { ...fake.settings, merge };
  }

  #thread(
    thread: { readonly threadId: string; readonly pullRequest: number; readonly resolved: boolean },
    by: string,
  ): void {
    const { github, random } = this.#sim;
    const { threadId, pullRequest, resolved } = thread;
    if (random.chance(0.5) && writers.includes(by)) {
      this.#sim.tell(by, `${resolved ? "unresolves" : "resolves"} ${threadId}`);
      github.fake.changeThread(threadId, { resolved: !resolved });
    } else {
      this.#sim.tell(by, `replies in ${threadId}`);
      const known = github.fake.threads.find((each) => each.threadId === threadId)?.comments ?? [];
      github.fake.changeThread(threadId, { comments: [...known, { by, byBot: false, byUs: false, text: "More." }] });
    }
    github.reviewsChanged(pullRequest);
  }

  #dismiss(review: { readonly reviewId: number; readonly pullRequest: number }, by: string): void {
    this.#sim.tell(by, `dismisses review ${review.reviewId}`);
    this.#sim.github.fake.changeReview(review.reviewId, { verdict: "dismissed" });
    this.#sim.github.reviewsChanged(review.pullRequest);
  }

  /** By hand, as GitHub's pages offer it. */
  #mergeBase({ branch, base, pullRequest }: FakePull, by: string): void {
    this.#sim.tell(by, `resolves the conflicts of #${pullRequest} with ${base}`);
    this.#sim.github.fake.mergeBase(branch, base);
    this.#sim.github.pushed(pullRequest);
  }

  /** Somebody else's work goes where the gate is to go, mostly into a file that the gate changes, too. */
  #moveBase({ branch, base }: FakePull, by: string): void {
    const { github, random } = this.#sim;
    const paths = [...github.fake.filesOf(branch).keys()].filter((each) => each.startsWith("docs/"));
    const path = paths.length > 0 && random.chance(0.7) ? random.pick(paths) : "src/other.ts";
    this.#sim.tell(by, `pushes ${path} to ${base}`);
    github.pushToBase(base, path, `Of somebody else, ${random.below(1_000)}.`);
  }

  #merge(gate: FakePull, by: string): void {
    // GitHub has no button for it.
    if (this.#sim.github.conflictsOf(gate).length > 0) return;
    this.#sim.tell(by, `merges #${gate.pullRequest} into ${gate.base}`);
    this.#sim.github.merge(gate, by);
  }

  #push(gate: FakePull, by: string): void {
    const { github, random } = this.#sim;
    const own = (github.fake.branches.get(gate.branch)?.length ?? 0) - 1;
    if (random.chance(0.4) && own > 1) {
      this.#sim.tell(by, `force-pushes ${gate.branch}`);
      github.fake.forcePush(gate.branch, 1);
      github.forgetLostCommits(gate.branch);
    } else {
      this.#sim.tell(by, `pushes to ${gate.branch}`);
      github.fake.push(gate.branch, "docs/note.md", `A note ${random.below(100)}.`);
    }
    github.pushed(gate.pullRequest);
  }

  #retarget(gate: FakePull, base: string): void {
    this.#sim.tell("owner", `points #${gate.pullRequest} at ${base}`);
    this.#sim.github.fake.changePull(gate.pullRequest, { base });
    this.#sim.github.gateChanged(gate.pullRequest, "owner");
  }

  #changeIssue(number: number, by: string, mayWrite: boolean): void {
    const { github, random } = this.#sim;
    const issue = github.fake.issues.get(number);
    if (issue === undefined || (!mayWrite && issue.author !== by)) return;
    if (random.chance(0.3)) {
      this.#sim.tell(by, `edits issue #${number}`);
      github.fake.issues.set(number, { ...issue, body: `Something else, ${random.below(100)}.` });
      return;
    }
    const change = mayWrite && random.chance(0.15) ? "deleted" : issue.open ? "closed" : "reopened";
    this.#sim.tell(by, `issue #${number} is ${change}`);
    github.changeIssue(number, change, by);
  }

  #archive(archived: boolean): void {
    const { github } = this.#sim;
    this.#sim.tell("owner", archived ? "archives the repository" : "unarchives the repository");
    github.archived = archived;
    const change = archived ? "archived" : "unarchived";
    github.emit({ kind: "repository-changed", repository: github.repository, change, sender: "owner" });
  }

  #suspend(suspended: boolean): void {
    const { github } = this.#sim;
    this.#sim.tell("owner", suspended ? "suspends the app" : "unsuspends the app");
    github.suspended = suspended;
    const change = suspended ? "suspended" : "back";
    const { installationId } = github.repository;
    github.emit({ kind: "access-changed", installationId, change, repositories: null, sender: "owner" });
  }

  #rename(): void {
    const { github, random } = this.#sim;
    github.repository = { ...github.repository, name: `links-${random.below(9)}` };
    this.#sim.tell("owner", `renames the repository to ${github.repository.name}`);
    const { repository } = github;
    github.emit({ kind: "repository-changed", repository, change: "renamed", sender: "owner" });
  }

  #setUp(): void {
    const { github, random } = this.#sim;
    const { fake } = github;
    const fault = random.pick(["no-workflow-file", "no-model-secret", null, null, "refused"] as const);
    fake.refusesDispatch = fault === "refused";
    fake.preflightFault = fault === null || fault === "refused" ? null : { kind: fault };
    this.#sim.tell("owner", fault === null ? "mends the set-up" : `breaks the set-up: ${fault}`);
  }

  /** All that stood in the way is mended. */
  heal(): void {
    const { github } = this.#sim;
    github.fake.refusesDispatch = false;
    github.fake.preflightFault = null;
    github.fake.permissions.set("writer", "write");
    if (github.archived) this.#archive(false);
    if (github.suspended) this.#suspend(false);
  }
}
