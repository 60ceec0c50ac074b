/** What a repository sets for its tasks in `.github/phasegate/settings.yml` on its default branch, as of the last dispatch. */
export interface TaskSettings {
  /** `auto`: the app merges a gate that is approved on its head, once its checks are green. */
  readonly merge: "manual" | "auto";
  /** False: the author of the issue and whoever started the task approve nothing (Q5). */
  readonly requesterMayApprove: boolean;
  /** `task`: the phases are collected on a branch of the task's own, and one last pull request brings it all in (Q6). Kept from the first commit on. */
  readonly integration: "phase" | "task";
  /** When the repository's own workflows run on a gate (Q29). Null: when it is ready, or approved where they hold secrets or a write token. */
  readonly ci: "ready" | "approved" | null;
}

export const defaultSettings: TaskSettings = {
  merge: "manual",
  requesterMayApprove: true,
  integration: "phase",
  ci: null,
};
