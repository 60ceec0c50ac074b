import type { Change } from "../../core/change.ts";
import type { Phase } from "../../core/playbook.ts";
import type { Finding, RunnerReport, Tree, VerificationReport } from "../../core/report.ts";
import type { SpecificationsFound, SpecToStart } from "../../core/spec-to-start.ts";
import type { ExistingTask } from "../../core/state.ts";

export interface Verifier {
  /** The search for secrets reads only `changedPaths`; all other checks read what they name. What the run says is added to it. */
  verifyPhase(
    tree: Tree,
    phase: Phase,
    options: {
      readonly changedPaths: readonly string[];
      /** Null where the run said nothing. */
      readonly report: Pick<RunnerReport, "verdicts" | "judgeFault" | "tests"> | null;
    },
  ): Promise<VerificationReport>;
  /** Faults of a changeset before anything of it is published. */
  changesetFindings(changes: readonly Change[], phase: Phase, step: string): Promise<readonly Finding[]>;
  /** Whether a path is that of one workflow definition. */
  isDefinitionPath(path: string): boolean;
  /** The GitHub Actions workflow of a definition, with its path; null where the definition is faulty. */
  compiledFrom(path: string, text: string): { readonly path: string; readonly text: string } | null;
  isActiveSpec(path: string): boolean;
  /** What is wrong with the specifications that are worked on. */
  specFaults(tree: Tree): Promise<SpecificationsFound>;
  /** What a task can start from; null where it is not valid, not ready, or has an issue already. */
  specToStart(path: string, text: string): SpecToStart | null;
  /** A specification as the task's next commit has it, by its path; null where it stays as it is. */
  specAfter(
    file: { readonly path: string; readonly text: string },
    moment: {
      readonly task: ExistingTask;
      readonly at: string;
      readonly by: string;
      readonly isWritten: boolean;
      readonly isLast: boolean;
    },
  ): { readonly path: string; readonly text: string } | null;
  /** What kind of credential stands in a text, in a few words; null where none was found. */
  findCredential(text: string): Promise<string | null>;
  /** The step whose output the path is; null where it is none's. */
  stepOfPath(phase: Phase, path: string): string | null;
  /** The step that may mend a file: the one whose output it is, or else the phase's last; null where the phase may not change it. */
  stepFor(phase: Phase, path: string): string | null;
  /** Requirements, decisions and screens of the first tree that the second defines otherwise, or not at all (`now` null). */
  changedItems(
    before: Tree,
    now: Tree,
  ): Promise<
    readonly { readonly id: string; readonly path: string; readonly before: string; readonly now: string | null }[]
  >;
  /** Files that cite one of the ids. */
  citing(
    tree: Tree,
    ids: ReadonlySet<string>,
  ): Promise<readonly { readonly path: string; readonly ids: readonly string[] }[]>;
}
