/** The turns of a planner: one for each row that is planned further, each with a table to write. */
import { planPathsOf } from "./plan-tables.ts";
import type { Step, Turn } from "./playbook.ts";
import { readPlan, type Plan } from "./read-plan.ts";
import type { Tree } from "./report.ts";

type Level = NonNullable<Step["turnsFor"]>;

/** What the planner's router knows each by. */
const contexts: Readonly<Record<Level, string>> = {
  phases: "Stage Plan Establishment",
  stages: "Sub-Stage Plan Establishment",
  "sub-stages": "Task Plan Establishment",
};

/** For the tables as they are; rows that can't be read have no turn. */
export async function turnsForRows(tree: Tree, runId: string, level: Level): Promise<readonly Turn[]> {
  const { plan } = await readPlan(tree, runId, { begun: true });
  return rowsOf(plan, level).map(({ ids, name, output }) => {
    const id = Object.values(ids).join("_");
    const parameters = Object.entries({ run_id: runId, ...ids }).map(([key, value]) => `- ${key}: \`${value}\``);
    const lines = [
      `Protocol Context: \`${contexts[level]}\``,
      "",
      ...parameters,
      "",
      `Write the table \`${output}\`, and nothing else. Then end.`,
    ];
    return { id, title: name.replaceAll(/\s+/gu, " "), guide: lines.join("\n"), output };
  });
}

interface PlannedRow {
  readonly ids: Readonly<Record<string, string>>;
  readonly name: string;
  readonly output: string;
}

function rowsOf({ runId, phases }: Plan, level: Level): readonly PlannedRow[] {
  const paths = planPathsOf(runId);
  return phases.flatMap((phase): readonly PlannedRow[] => {
    const ofPhase = { phase_id: phase.id };
    if (level === "phases") return [{ ids: ofPhase, name: phase.name, output: paths.stages(phase.id) }];
    return phase.stages.flatMap((stage): readonly PlannedRow[] => {
      const ofStage = { ...ofPhase, stage_id: stage.id };
      if (level === "stages") return [{ ids: ofStage, name: stage.name, output: paths.subStages(phase.id, stage.id) }];
      return stage.subStages.map((subStage) => ({
        ids: { ...ofStage, sub_stage_id: subStage.id },
        name: subStage.name,
        output: paths.tasks(phase.id, stage.id, subStage.id),
      }));
    });
  });
}
