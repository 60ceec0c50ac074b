import type { Random } from "./random.ts";

/** Kinds of trouble. Each seed has some of them and lacks others, so that none hides behind all the rest. */
const names = [
  "crashes",
  "stops",
  "lostWebhooks",
  "doubledWebhooks",
  "reorderedWebhooks",
  "lateWebhooks",
  "forgedWebhooks",
  "outages",
  "refusals",
  "hangs",
  "slowAnswers",
  "throttling",
  "tokensRevoked",
  "laggingLists",
  "staleVersions",
  "lostAnswers",
  "runnersNeverStart",
  "runnersDie",
  "runnersHang",
  "runnersRepeat",
  "runnersFail",
  "runnersBabble",
  "strangersKnock",
  "badWork",
  "hostileWork",
  "emptyWork",
  "powerless",
  "closing",
  "pushing",
  "retargeting",
  "conflicts",
  "branchDeletion",
  "issueChanges",
  "archiving",
  "suspending",
  "renaming",
  "setUpFaults",
  "ciIsSensitive",
  "requiresReview",
  "clockLeaps",
  "clockSetBack",
  "secondIssue",
  "demotion",
  "reviewing",
  "commands",
  "deletion",
  "smallPurse",
  "conversations",
  "talking",
  "questions",
  "dependencies",
  "secrets",
  "namesHidden",
  "oddAnswers",
  "limits",
  "oldAction",
  "judging",
  "judgeFaults",
  "testsFail",
  "judgeIsStubborn",
  "vetoing",
  "skipping",
  "ci",
  "ciIsStubborn",
  "ciWaitsForApproval",
  "mergesItself",
  "othersApprove",
  "taskBranch",
  "brokenSettings",
  "plannedRuns",
  "specifications",
  "ripples",
] as const;

type Feature = (typeof names)[number];
export type Features = Readonly<Record<Feature, boolean>>;

/** No trouble at all: what agents and people do in any case. */
const everyday: readonly Feature[] = [
  "conflicts",
  "conversations",
  "questions",
  "dependencies",
  "secrets",
  "vetoing",
  "ci",
  "mergesItself",
  "othersApprove",
  "taskBranch",
  "plannedRuns",
  "specifications",
  "ripples",
];

export function featuresFrom(random: Random): Features {
  // Some stories are almost calm, others have nearly everything.
  const density = 0.1 + random.next() * 0.55;
  const likely = (name: Feature) => (everyday.includes(name) ? Math.max(density, 0.5) : density);
  return Object.fromEntries(names.map((name) => [name, random.chance(likely(name))])) as Features;
}

export function namesOf(features: Features): readonly string[] {
  return names.filter((name) => features[name]);
}
