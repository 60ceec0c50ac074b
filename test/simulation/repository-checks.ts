/** The repository's own checks: they run on what is pushed without `[skip ci]`, and are red or green in the end. */
import type { FakePull } from "../support/fake-github.ts";
import type { Sim } from "./sim.ts";

/** Of a story, so that it comes to an end. */
const redsMax = 8;

export class RepositoryChecks {
  readonly #sim: Sim;
  #redsLeft = redsMax;

  constructor(sim: Sim) {
    this.#sim = sim;
  }

  prepare(): void {
    const { github, features } = this.#sim;
    github.fake.ciDefault = features.ci ? "waiting" : "none";
  }

  /** Open gates of whose head nothing was said yet. */
  get running(): readonly FakePull[] {
    const { github, features } = this.#sim;
    if (!features.ci) return [];
    return github.gates.filter(({ open, draft, headSha }) => open && !draft && !github.fake.ci.has(headSha));
  }

  /** Those of one head end; or somebody has red ones repeated. */
  act(): void {
    const { github, random } = this.#sim;
    const red = github.gates.filter(({ open, headSha }) => open && github.fake.ci.get(headSha)?.kind === "red");
    const { running } = this;
    if (running.length > 0) this.#end(random.pick(running));
    else if (red.length > 0 && random.chance(0.1)) this.#say(random.pick(red), "green");
  }

  #end(gate: FakePull): void {
    const { features, random, github, calm } = this.#sim;
    // Our commits of steps say `[skip ci]`: nothing runs on them.
    const isSkipped = github.isStepCommit(gate);
    const redness = this.#redsLeft === 0 ? 0 : features.ciIsStubborn ? 6 : 1.5;
    const kind = random.weighted([
      [isSkipped ? 0 : 3, "green"],
      [isSkipped ? 0 : redness, "red"],
      [isSkipped ? 1 : calm ? 0.1 : 0.3, "never-started"],
    ] as const);
    if (kind === "red") this.#redsLeft -= 1;
    this.#say(gate, kind);
  }

  #say({ pullRequest, headSha }: FakePull, kind: "green" | "red" | "never-started"): void {
    const { github } = this.#sim;
    this.#sim.tell("checks", `are ${kind} on ${headSha}, the head of #${pullRequest}`);
    github.fake.setCi(headSha, kind);
    github.emit({ kind: "ci-changed", repository: github.repository, headSha });
  }
}
