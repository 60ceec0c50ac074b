/** The tables of a run as the playbook that they are: phases with gates, a step for each sub-stage, a turn for each task. */
import { asFileName, planPathsOf, recordPaths } from "./plan-tables.ts";
import type { Network } from "./network.ts";
import type { Phase, PlannedWork, Step, Turn } from "./playbook.ts";
import type { Plan, PlannedPhase, PlannedStage, PlannedSubStage, PlannedTask } from "./read-plan.ts";

const TITLE_CHARACTERS_MAX = 80;
const NAME_CHARACTERS_MAX = 40;
const SEARCH_TOOLS = ["WebSearch", "WebFetch"];

/** The phases of a plan without faults, numbered from `first`. They reach no more than the phase that planned them. */
export function planPhases(
  { runId, phases }: Plan,
  work: PlannedWork,
  first: number,
  network: Network = "open",
): readonly Phase[] {
  return phases.map((phase, index) => {
    const { db, phases: table } = planPathsOf(runId);
    return {
      number: first + index,
      name: branchName(phase),
      title: shortened(sentence(phase.name), TITLE_CHARACTERS_MAX),
      mode: "steps",
      plans: null,
      root: "",
      reviewers: work.reviewers,
      afterFailure: null,
      allowedPaths: [
        `${planPathsOf(runId).workspace}/${phase.id}_*.md`,
        `outputs/${phase.id}_${asFileName(phase.name)}/*.md`,
        table,
        `${db}/${phase.id}_*.md`,
        recordPaths.runs,
      ],
      criteria: work.criteria,
      verifierGuide: work.verifierGuide,
      testCommand: null,
      mayBeSkipped: false,
      ...(network === "open" ? {} : { network }),
      budgetUsd: work.budgetUsd,
      steps: phase.stages.flatMap((stage) =>
        stage.subStages.map((subStage) => stepOf({ runId, phase, stage, subStage }, work)),
      ),
    };
  });
}

interface Place {
  readonly runId: string;
  readonly phase: PlannedPhase;
  readonly stage: PlannedStage;
  readonly subStage: PlannedSubStage;
}

function stepOf(place: Place, work: PlannedWork): Step {
  const { runId, phase, stage, subStage } = place;
  const paths = planPathsOf(runId);
  const outputs = subStage.tasks.map(({ output }) => output);
  const searches = subStage.tasks.some(({ search }) => search !== null);
  return {
    slug: `${stage.id}_${subStage.id}`,
    title: shortened(`${stage.name}: ${subStage.name}`, TITLE_CHARACTERS_MAX),
    guide: `${work.guide.trim()}\n\n${contextOf(place)}`,
    outputs,
    source: work.source,
    sections: work.sections,
    minCharacters: work.minCharacters,
    allowedPaths: [
      ...outputs,
      // Only statuses are written here, and not by the agent.
      paths.phases,
      paths.stages(phase.id),
      paths.subStages(phase.id, stage.id),
      paths.tasks(phase.id, stage.id, subStage.id),
      recordPaths.runs,
    ],
    tools: [...new Set([...work.tools, ...(searches ? SEARCH_TOOLS : [])])],
    role: work.role,
    questionRoundsMax: null,
    turns: subStage.tasks.map(turnOf),
    planned: { run: runId, phase: phase.id, stage: stage.id, subStage: subStage.id },
  };
}

/** Where the step stands, from the whole down to it. */
function contextOf({ runId, phase, stage, subStage }: Place): string {
  const levels = [
    ["Phase", phase],
    ["Stage", stage],
    ["Sub-stage", subStage],
  ] as const;
  const lines = levels.flatMap(([level, { id, name, reason, purpose }]) => [
    `- **${level} ${id}, ${oneLine(name)}**`,
    `  - Why: ${oneLine(reason)}`,
    `  - What for: ${oneLine(purpose)}`,
  ]);
  const tasks = subStage.tasks.map(({ id, name, output }) => `- ${id}, ${oneLine(name)}: \`${output}\``);
  return [`## Where you are in ${runId}`, "", ...lines, "", "## Its tasks, one after the other", "", ...tasks].join(
    "\n",
  );
}

function turnOf(task: PlannedTask): Turn {
  const { id, name, reason, purpose, references, guidelines, procedure, search, output } = task;
  const listed = (title: string, paths: readonly string[]) =>
    paths.length === 0 ? [] : [`${title}:`, ...paths.map((path) => `- \`${path}\``), ""];
  const lines = [
    `## Task ${id}: ${oneLine(name)}`,
    "",
    `Why: ${oneLine(reason)}`,
    "",
    purpose,
    "",
    ...listed("Read these first; they are what you work from", references),
    ...listed("Keep to these guidelines", guidelines),
    ...(search === null
      ? []
      : [
          `Before you begin, search for what these lack. Why: ${oneLine(search.reason)} Aim: ${oneLine(search.purpose)}`,
          "Name in the result what you found and where.",
          "",
        ]),
    ...(procedure === null ? [] : [`Work by this procedure (${oneLine(procedure.name)}):`, "", procedure.text, ""]),
    `Write the result to \`${output}\`, and nothing else. Then end.`,
  ];
  return { id, title: name, guide: lines.join("\n"), output };
}

/** In lower case, of plain letters; a name that has none of them stands under its id. */
function branchName({ id, name }: PlannedPhase): string {
  const plainly = asFileName(name)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/gu, "")
    .replace(/^[^a-z]+/u, "");
  return plainly === "" ? id : plainly.slice(0, NAME_CHARACTERS_MAX);
}

/** `FIRST_DRAFT` as `First draft`. */
function sentence(name: string): string {
  const words = name.replaceAll(/[_\s]+/gu, " ").trim();
  const lower = words === words.toUpperCase() ? words.toLowerCase() : words;
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, " ").trim();
}

function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}
