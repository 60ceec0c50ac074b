import type { RequestShown } from "../../control/ports/notices.ts";
import { hasValue, type Dependency, type DependencyType } from "../../core/dialogue.ts";
import { serviceOf } from "../../core/known-services.ts";
import { branchOf, currentPhaseOf, isSettled, openDependenciesOf, type ExistingTask } from "../../core/state.ts";
import { sentence, type BlockContext } from "./blocked.ts";
import { block, code, link, oneLine, paragraphs, person, plain } from "./escape.ts";
import type { Links } from "./links.ts";
import { placeOf, stepsOf } from "./places.ts";
import type { Say } from "./words.ts";

const nameCharactersMax = 100;
const descriptionCharactersMax = 2_000;
const messageCharactersMax = 500;

type Shown = Extract<RequestShown, { kind: "dependency" }>;

/** What the agent needs, why, where it is made and where it is added, and what tells that it is there. */
export function dependencyText(shown: Shown, task: ExistingTask, context: BlockContext): string {
  const { dependency } = shown;
  return [
    `### ${headingOf(dependency, task, context.say)}`,
    ...what(dependency, task, context.say),
    ...(dependency.state === "open" && !isSettled(task)
      ? whileOpen(shown, task, context)
      : closed(dependency, task, context.say)),
  ].join("\n\n");
}

function headingOf(dependency: Dependency, task: ExistingTask, say: Say): string {
  const name = nameOf(dependency);
  if (dependency.state === "granted") return say`Provided: ${name}`;
  if (dependency.state === "skipped") return say`Skipped: ${name}`;
  if (isSettled(task)) return say`Not provided: ${name}`;
  if (dependency.refused !== null) return say`The value of ${name} does not work`;
  return isWaitedFor(dependency, task) ? say`The agent needs ${name}` : say`The agent could use ${name}`;
}

/** What a merged phase needed is not waited for any more. */
function isWaitedFor({ name }: Dependency, task: ExistingTask): boolean {
  return openDependenciesOf(task).some((open) => open.name === name);
}

function nameOf({ name }: Pick<Dependency, "name">): string {
  return code(name, nameCharactersMax);
}

/** One entry of a list: what it was, and what became of it. */
export function dependencySentence({ name, state, by, required }: Dependency, say: Say): string {
  const words = {
    open: required ? say`open` : say`not there; the agent goes on without`,
    granted: by === null ? say`provided, and noticed` : say`provided by ${person(by)}`,
    skipped: by === null ? say`skipped` : say`skipped by ${person(by)}`,
  } as const;
  return `${code(name, nameCharactersMax)}: ${words[state]}`;
}

function what(dependency: Dependency, task: ExistingTask, say: Say): readonly string[] {
  const { askedAs, name, description, type } = dependency;
  const first = dependency.steps[0];
  const renamed =
    hasValue(type) && oneLine(askedAs, nameCharactersMax) !== name && askedAs !== ""
      ? [
          say`The agent asked for ${code(askedAs, nameCharactersMax)}. That name cannot be used on GitHub or in a job, so it is called ${nameOf(dependency)} here, and the agent gets it under this name.`,
        ]
      : [];
  return [
    first === undefined
      ? `${kindIn(type, say)}.`
      : say`${kindIn(type, say)}, asked for in ${placeOf(task, first.phase, first.step, say)}.`,
    ...(description.trim() === "" ? [] : [say`What for: ${paragraphs(description, descriptionCharactersMax)}`]),
    ...renamed,
  ];
}

function kindIn(type: DependencyType, say: Say): string {
  switch (type) {
    case "api_key":
      return say`A key`;
    case "env_variable":
      return say`A setting`;
    case "service":
      return say`A service`;
    case "file":
      return say`A file`;
    case "permission":
      return say`A permission`;
    case "package":
      return say`A package`;
  }
}

function whileOpen(shown: Shown, task: ExistingTask, context: BlockContext): readonly string[] {
  const { dependency } = shown;
  const { say } = context;
  const { name, refused } = dependency;
  const waits = isWaitedFor(dependency, task)
    ? say`The task waits until it is there. Nothing runs meanwhile, so waiting costs nothing.`
    : say`The agent goes on without it meanwhile, and gets it should it come later.`;
  return [
    ...(refused === null ? [waits] : [refusedSentence(refused, say), waits]),
    ...(hasValue(dependency.type) ? addValue(shown, context) : provideOther(dependency, task, context)),
    `${say`To have the agent go on without it:`}\n\n${block(`/skip ${oneLine(name, nameCharactersMax)}`, 200)}`,
  ];
}

/** What was seen when the value was tried, before the agent got it. */
function refusedSentence(refused: string, say: Say): string {
  return say`**Tried before the agent got it:** ${sentence(plain(refused, messageCharactersMax))}`;
}

function addValue({ dependency, isNoticed }: Shown, { links, say }: BlockContext): readonly string[] {
  const { name, refused } = dependency;
  const service = serviceOf(name);
  const made =
    service === null
      ? []
      : [
          say`Make a key at ${link(plain(service.title, 60), service.keyPage)}. ${sentence(plain(say.of(service.scopes), 300))}`,
        ];
  const steps = [
    ...made,
    refused === null ? added(dependency, links, say) : replaced(dependency, links, say),
    isNoticed
      ? say`That is all: Phasegate sees within minutes that it is there, and the agent gets it. It reads the name, never the value.`
      : say`Say so in a comment, since Phasegate may not list names here (the permission *Secrets: read* is missing):`,
  ];
  const grant = block(`/provided ${oneLine(name, nameCharactersMax)}`, 200);
  const existed =
    refused === null
      ? say`Was ${nameOf(dependency)} there before the agent asked? Then it was meant for something else and is not lent by itself. Somebody with write access lends it to this task with:`
      : say`Is the value right as it is (the service was out of order, for instance)? Then have it tried again with:`;
  return [
    `${say`*Next:* somebody with admin access to this repository adds it:`}\n\n${steps.map((step, index) => `${index + 1}. ${step}`).join("\n")}`,
    ...(isNoticed ? [`${existed}\n\n${grant}`] : [grant]),
    say`Never write the value into a comment: everybody who can read this issue would have it.`,
  ];
}

function added({ type, name }: Dependency, links: Links, say: Say): string {
  const asSecret = link(say`a repository secret`, links.newSecret);
  const lent = say`One of the organisation that this repository may use will do, too.`;
  return type === "api_key"
    ? `${say`Add it as ${asSecret} with the name ${nameOf({ name })}.`} ${lent}`
    : `${say`Add it with the name ${nameOf({ name })}: as ${link(say`a repository variable`, links.newVariable)} where anybody may read it, as ${asSecret} where nobody should.`} ${lent}`;
}

function replaced({ type, name }: Dependency, links: Links, say: Say): string {
  const secrets = link(say`repository secrets`, links.secrets);
  return type === "api_key"
    ? say`Give ${nameOf({ name })} a new value among the ${secrets}.`
    : say`Give ${nameOf({ name })} a new value among the ${secrets} or ${link(say`variables`, links.variables)}.`;
}

/** Nothing tells by itself that it is there: a person does. */
function provideOther(dependency: Dependency, task: ExistingTask, context: BlockContext): readonly string[] {
  const name = oneLine(dependency.name, nameCharactersMax);
  return [
    `${context.say`*Next:* ${howToProvide(dependency.type, task, context)} Then somebody with write access says so in a comment:`}\n\n${block(`/provided ${name}`, 200)}`,
  ];
}

function howToProvide(type: DependencyType, task: ExistingTask, { links, defaultBranch, say }: BlockContext): string {
  switch (type) {
    case "file": {
      const phase = currentPhaseOf(task);
      // Before the first step is published there is no branch of the phase: its run starts from where the task does.
      const branch =
        phase === null || phase.gate === null ? (task.input.baseBranch ?? defaultBranch) : branchOf(task, phase.phase);
      return say`commit the file to ${code(branch)} (${link(say`upload it there`, links.upload(branch))}). The command confirms that it is on that branch, where the agent's next run finds it. A file that is attached to a comment does not reach the agent.`;
    }
    case "permission":
      return say`give the permission where it is missing: what GitHub may ask of Phasegate stands under ${link("Settings → GitHub Apps", links.installations)}, rights of an account or a key at its service. The command confirms that it is given.`;
    case "service":
      return say`start the service, or make it reachable from the machine that the runs are on. The command confirms that it answers there.`;
    case "package":
      return say`have the package put where the runs can get it: into their machine's image, or into a registry that they reach. The command confirms that it may be used, licence included.`;
    case "api_key":
    case "env_variable":
      return "";
  }
}

function closed(dependency: Dependency, task: ExistingTask, say: Say): readonly string[] {
  const { by, state, type, steps, name } = dependency;
  const next = isSettled(task) ? [] : undo(dependency, say);
  switch (state) {
    case "granted": {
      const only = hasValue(type)
        ? ` ${say`Its value reaches the agent only in the steps that asked: ${stepsOf(task, steps, say)}.`}`
        : "";
      if (by === null) {
        return [`${say`It was added after the agent had asked for it, so it is lent to this task.`}${only}`, ...next];
      }
      const who = person(by);
      return [
        `${hasValue(type) ? say`${who} lent it to this task.` : say`${who} says that it is there.`}${only}`,
        ...next,
      ];
    }
    case "skipped":
      return [
        by === null
          ? say`The agent goes on without ${nameOf({ name })}.`
          : say`The agent goes on without ${nameOf({ name })}, says ${person(by)}.`,
        ...next,
      ];
    case "open":
      return [say`The task has ended, so it is not needed any more.`];
  }
}

function undo({ name, state }: Dependency, say: Say): readonly string[] {
  const typed = oneLine(name, nameCharactersMax);
  return state === "skipped"
    ? [`${say`*Next:* nothing. To provide it after all:`}\n\n${block(`/provided ${typed}`, 200)}`]
    : [`${say`*Next:* nothing. To take it back:`}\n\n${block(`/skip ${typed}`, 200)}`];
}
