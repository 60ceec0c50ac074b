import type { Network } from "./network.ts";
import type { Language } from "./task-input.ts";

/** What people set for the tasks of a repository in `.github/phasegate.yml`: its own on the default branch, and its owner's. */
export interface TaskSettings {
  /** `auto`: the app merges a gate that is approved on its head, once its checks are green. */
  readonly merge: "manual" | "auto";
  /** False: the author of the issue and whoever started the task approve nothing (Q5). */
  readonly requesterMayApprove: boolean;
  /** `task`: the phases are collected on a branch of the task's own, and one last pull request brings it all in (Q6). Kept from the first commit on. */
  readonly integration: "phase" | "task";
  /** When the repository's own workflows run on a gate (Q29). Null: when it is ready, or approved where they hold secrets or a write token. */
  readonly ci: "ready" | "approved" | null;
  /** Null here and below: as the installation has it. */
  readonly language: Language | null;
  readonly model: string | null;
  /** By role; one that is not named works with `model`. */
  readonly models: Readonly<Record<string, string>>;
  /** Most that one reply of the model may hold; null: as the agent has it. */
  readonly maxTokens: number | null;
  /** Most that runs may reach; null: as the installation and the playbook have it. */
  readonly network: Network | null;
  /** False: a tool outside a step's list is a question to people (Q14). */
  readonly autoAccept: boolean;
  /** Where the product lives; empty for the root. Without a slash at either end. */
  readonly outputDirectory: string;
  readonly limits: Limits;
  /** Silence after a review that requests changes, before its rework starts. */
  readonly reviewDebounceSeconds: number | null;
  readonly integrations: Integrations;
  /** Logins that are mentioned where a person is needed. */
  readonly mention: readonly string[];
  /** From a host that the operator allows. */
  readonly mcpServers: readonly McpServer[];
}

/** As they were set: `limitsOf` holds them against what the installation allows. */
export interface Limits {
  readonly phaseBudgetUsd: number | null;
  readonly taskBudgetUsd: number | null;
  readonly dayBudgetUsd: number | null;
  readonly stepMinutes: number | null;
  /** Attempts after a first one that failed its checks. */
  readonly reworks: number | null;
}

/** Names of secrets and variables, never a value that is secret. Null: the name that the service's guide gives. */
interface Integrations {
  readonly figma: { readonly tokenSecret: string | null };
  readonly supabase: {
    /** The address itself, which is no secret. */
    readonly url: string | null;
    readonly urlVariable: string | null;
    readonly keySecret: string | null;
  };
  readonly slack: { readonly tokenSecret: string | null; readonly defaultChannel: string | null };
  readonly notion: { readonly tokenSecret: string | null };
}

export interface McpServer {
  readonly name: string;
  readonly url: string;
  /** Name of the secret; null where the server asks for none. */
  readonly tokenSecret: string | null;
  /** For tasks of these playbooks alone; null: for all. */
  readonly playbooks: readonly string[] | null;
}

export const defaultSettings: TaskSettings = {
  merge: "manual",
  requesterMayApprove: true,
  integration: "phase",
  ci: null,
  language: null,
  model: null,
  models: {},
  maxTokens: null,
  network: null,
  autoAccept: true,
  outputDirectory: "",
  limits: { phaseBudgetUsd: null, taskBudgetUsd: null, dayBudgetUsd: null, stepMinutes: null, reworks: null },
  reviewDebounceSeconds: null,
  integrations: {
    figma: { tokenSecret: null },
    supabase: { url: null, urlVariable: null, keySecret: null },
    slack: { tokenSecret: null, defaultChannel: null },
    notion: { tokenSecret: null },
  },
  mention: [],
  mcpServers: [],
};

/** Whose file a setting stands in. */
export type SettingOrigin = "repository" | "owner";

/** The settings of a repository, and where each comes from, by its name in the file (`limits.reworks`): the rest is nobody's. */
export interface SettingsFound {
  readonly settings: TaskSettings;
  readonly origins: Readonly<Record<string, SettingOrigin>>;
  /** All that is wrong with the files; the settings are the defaults then. */
  readonly faults: readonly string[];
}

/** What the installation has: in the place of what no file says, and of limits the most that a file may say. */
export interface InstallationSettings {
  readonly language: Language;
  readonly model: string;
  /** Null: each phase has what its playbook says. */
  readonly phaseBudgetUsd: number | null;
  readonly taskBudgetUsd: number;
  readonly dayBudgetUsd: number;
  readonly stepMinutes: number;
  readonly reworks: number;
  readonly reviewDebounceSeconds: number;
  readonly network: Network;
}

/** The smaller of the two: a repository may take less than the installation allows, and no more. */
export function atMost(said: number | null, allowed: number): number {
  return said === null ? allowed : Math.min(said, allowed);
}

/** Limits in force. A phase's budget is null where its playbook says; a file's can't go beyond what a whole task may spend. */
export function limitsOf({ limits }: Pick<TaskSettings, "limits">, installation: InstallationSettings) {
  const { phaseBudgetUsd: ofPhase, taskBudgetUsd, dayBudgetUsd, stepMinutes, reworks } = installation;
  return {
    phaseBudgetUsd: limits.phaseBudgetUsd === null ? ofPhase : atMost(limits.phaseBudgetUsd, ofPhase ?? taskBudgetUsd),
    taskBudgetUsd: atMost(limits.taskBudgetUsd, taskBudgetUsd),
    dayBudgetUsd: atMost(limits.dayBudgetUsd, dayBudgetUsd),
    stepMinutes: atMost(limits.stepMinutes, stepMinutes),
    reworks: atMost(limits.reworks, reworks),
  };
}

/**
 * Servers for tasks of a playbook. `hosts` are those that the operator allows, with the port where an address has one: of a host that
 * is not among them any more nothing is used, whenever the settings were read.
 */
export function mcpServersFor(
  { mcpServers }: Pick<TaskSettings, "mcpServers">,
  playbook: string,
  hosts: readonly string[],
): readonly McpServer[] {
  return mcpServers.filter(
    ({ url, playbooks }) =>
      (playbooks === null || playbooks.includes(playbook)) &&
      URL.canParse(url) &&
      hosts.includes(new URL(url).host.toLowerCase()),
  );
}

export function areSameSettings(one: TaskSettings, other: TaskSettings): boolean {
  return JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
}

/** Keys come in the order in which somebody wrote them, which says nothing. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, ordered(part)]));
}
