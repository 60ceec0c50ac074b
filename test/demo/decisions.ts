/** What the scripted agent says it decided, phase by phase: people see it before anything else, and can veto it. */

import type { DecisionTaken } from "../../src/core/report.ts";

const planning: readonly DecisionTaken[] = [
  {
    decision: "Nobody needs an account: whoever reaches the page can make links",
    alternative: "A login for the members of the organisation",
    reason: "The people it is for share a few links a week and have no patience for accounts.",
    confidence: "high",
    files: ["docs/planning/01_idea.md", "docs/planning/06_product.md"],
  },
  {
    decision: "Whoever knows a short code can see how often it was opened",
    alternative: "A secret address for the count, given only to whoever made the link",
    reason: "The links are shared anyway, and a second address would be lost.",
    confidence: "medium",
    files: ["docs/planning/01_idea.md", "docs/planning/07_features.md"],
  },
  {
    decision: "All links are in memory and in one JSON file",
    alternative: "SQLite",
    reason: "50,000 links are 14 MB, and copying one file is a backup that anybody understands.",
    confidence: "high",
    files: ["docs/planning/08_tech_review.md"],
  },
  {
    decision: "Previews and prefetches are not counted as opens",
    alternative: "Every request counts",
    reason: "A link in a chat would show opens that nobody made.",
    confidence: "high",
    files: ["docs/planning/07_features.md"],
  },
  {
    decision: "After version 1.0 the QR code comes first",
    alternative: "Deleting a link by whoever made it",
    reason: "The journey asks for it: some of the links go onto paper.",
    confidence: "low",
    files: ["docs/planning/09_roadmap.md"],
  },
];

const design: readonly DecisionTaken[] = [
  {
    decision: "There are three screens and no menu; each has its own address",
    alternative: "One page whose parts appear and go",
    reason: "Back and reload work, and the page of a link can be shown to others.",
    confidence: "high",
    files: ["docs/design/01_screens.md"],
  },
  {
    decision: "A short link answers 302, and no cache may keep it",
    alternative: "301, which browsers remember",
    reason: "A browser that remembered the target would not be counted, and a mistake could never be mended.",
    confidence: "high",
    files: ["docs/design/04_api.md", "docs/design/05_architecture.md"],
  },
  {
    decision: "A new link is on disk before it is shown; opens are written together, half a second later",
    alternative: "Everything is written at once",
    reason: "A lost link on paper is a disaster, a lost count of half a second is not.",
    confidence: "medium",
    files: ["docs/design/05_architecture.md"],
  },
  {
    decision: "Opens by day are kept for 30 days that had any",
    alternative: "For ever",
    reason: "The total is never cut, and the file stays small.",
    confidence: "medium",
    files: ["docs/design/02_data_model.md"],
  },
  {
    decision: "No operation lists all links",
    alternative: "A list for the operator, behind a password",
    reason: "Nobody should be able to walk through other people's links.",
    confidence: "high",
    files: ["docs/design/04_api.md"],
  },
];

const development: readonly DecisionTaken[] = [
  {
    decision: "The server listens on 127.0.0.1 unless told otherwise",
    alternative: "On all addresses",
    reason: "Nothing is open to a network before somebody wants that.",
    confidence: "high",
    files: ["src/config.js", ".env.example"],
  },
  {
    decision: "A damaged data file stops the start and stays as it is",
    alternative: "Starting empty, with the file put aside",
    reason: "An empty start would look as if all links were gone.",
    confidence: "high",
    files: ["src/store/link-store.js"],
  },
  {
    decision: "After five random codes that are taken the request fails",
    alternative: "Trying until one is free",
    reason: "It never happens before the file is full, and then it should be seen.",
    confidence: "medium",
    files: ["src/links/link-service.js"],
  },
  {
    decision: "X-Forwarded-For is believed only where TRUST_PROXY says so, and then only its last entry",
    alternative: "Always believing it",
    reason: "Anybody could get around the limit by inventing an address.",
    confidence: "high",
    files: ["src/http/links-api.js"],
  },
  {
    decision: "The container runs on a read-only file system; only /data can be written",
    alternative: "An ordinary container",
    reason: "The program writes one file, so nothing else has to be open.",
    confidence: "medium",
    files: ["Dockerfile", "compose.yaml"],
  },
];

/** The one that the scripted person will not have. */
export const vetoed = {
  phase: "test",
  number: 3,
  decision: "The tests run on Node.js 20 and on the current version",
  reason: "our server has Node.js 22: test with that one, too.",
  path: "docs/testing/01_test_plan.md",
  before: "Node.js 20 and the current version on Linux",
  after: "Node.js 20, 22 and the current version on Linux",
} as const;

const testing: readonly DecisionTaken[] = [
  {
    decision: "Every feature has at least one test over HTTP",
    alternative: "Tests of single functions only",
    reason: "What a client sees is what was promised.",
    confidence: "high",
    files: ["docs/testing/01_test_plan.md"],
  },
  {
    decision: "A browser is not automated in version 1; what that leaves open is listed",
    alternative: "A headless browser in the tests",
    reason: "It would be the only thing to install, for one page.",
    confidence: "medium",
    files: ["docs/testing/01_test_plan.md", "docs/testing/05_test_report.md"],
  },
  {
    decision: vetoed.decision,
    alternative: "On every version in between",
    reason: "The oldest and the newest show what changes between them.",
    confidence: "low",
    files: [vetoed.path],
  },
  {
    decision: "Whether a request is a visit is decided where the redirect is answered",
    alternative: "In the store",
    reason: "Rules and store stay free of HTTP.",
    confidence: "high",
    files: ["docs/testing/04_fix_and_regress.md", "src/http/redirect.js"],
  },
  {
    decision: "Previews that fetch with GET are still counted",
    alternative: "Leaving out programs by their names",
    reason: "Such lists are never complete, and would miscount people.",
    confidence: "medium",
    files: ["docs/testing/04_fix_and_regress.md"],
  },
];

const insteadOfVetoed: DecisionTaken = {
  decision: "The tests run on Node.js 20, on 22, which the server has, and on the current version",
  alternative: "On the oldest and the newest only",
  reason: "A person of the project says what their server runs.",
  confidence: "high",
  files: [vetoed.path],
};

/** `isVetoed`: the person's wish has been taken up in this conversation. */
export function decisionsOf(phase: string, isVetoed: boolean): readonly DecisionTaken[] {
  const lists: Readonly<Record<string, readonly DecisionTaken[]>> = { planning, design, development, test: testing };
  const list = lists[phase] ?? [];
  if (phase !== vetoed.phase || !isVetoed) return list;
  return list.map((decision, at) => (at === vetoed.number - 1 ? insteadOfVetoed : decision));
}
