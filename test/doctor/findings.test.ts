import { expect, test } from "vitest";
import { examineAction } from "../../src/doctor/action-findings.ts";
import { compareRights } from "../../src/doctor/compare-rights.ts";
import { networkFindings } from "../../src/doctor/network-findings.ts";
import { examinePublicUrl } from "../../src/doctor/public-url-findings.ts";
import { workflowFindings } from "../../src/doctor/workflow-findings.ts";

const rights = {
  name: "Phasegate",
  permissions: { metadata: "read", contents: "write", secrets: "read" },
  optionalPermissions: ["secrets"],
  events: ["issues", "pull_request"],
};
const about = { check: "app", who: "the App", mend: "a link" };

test("rights are compared in both directions, and an optional one that is missing is only a warning", () => {
  const given = { permissions: { metadata: "read", contents: "read", workflows: "write" }, events: ["issues", "push"] };
  expect(compareRights(rights, given, about).map(({ level, message }) => `${level}: ${message}`)).toEqual([
    "fault: the App lacks contents: write",
    "warning: the App lacks the optional secrets: read: a missing model credential shows only in the first run, and a secret that is added must be told with /provided",
    "warning: the App has more than app.yml asks for: workflows: write",
    "fault: the App does not hear pull_request",
    "warning: the App hears more than app.yml asks for: push",
  ]);
  const [only] = compareRights(rights, { permissions: rights.permissions, events: rights.events }, about);
  expect(only?.level).toBe("ok");
});

test("what an optional right is for is said where it is missing, and an event that only saves time is no fault", () => {
  const wanted = {
    name: "Phasegate",
    permissions: { checks: "write", statuses: "read", other: "read" },
    optionalPermissions: ["checks", "statuses", "other"],
    events: ["check_run", "status"],
  };
  const findings = compareRights(wanted, { permissions: { checks: "read" }, events: [] }, about);
  expect(findings.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    expect.stringMatching(/^warning: the App lacks the optional checks: write: no check run shows/u),
    "warning: the App lacks the optional statuses: read: commit statuses of other services count for nothing",
    "warning: the App lacks the optional other: read",
    "warning: the App does not hear check_run: the end of a check of another service is noticed minutes later",
    "warning: the App does not hear status: the end of a status of another service is noticed minutes later",
  ]);
});

const actionRef = `acme/phasegate@${"a".repeat(40)}`;
const text = `jobs:\n  phase:\n    steps:\n      - uses: "${actionRef}"\n        with:\n          app_url: "https://p.example"\n`;
const wanted = { text, actionRef, appUrl: "https://p.example", editUrl: "https://github.com/edit" };

test.each([
  ["the current one", text, "ok"],
  ["with other line ends", text.replaceAll("\n", "\r\n"), "ok"],
  ["with a line more", `# mine\n${text}`, "warning"],
  ["another commit", text.replace("@a", "@b"), "fault"],
  ["another action", text.replace("acme/phasegate", "evil/phasegate"), "fault"],
  ["another app", text.replace("p.example", "q.example"), "fault"],
  ["no YAML", "jobs: [", "fault"],
  ["nothing", "", "fault"],
])("a workflow file: %s", (_name, found, level) => {
  expect(workflowFindings(found, wanted).map((finding) => finding.level)).toEqual([level]);
});

const publicUrl = { publicUrl: "https://p.example", webhookPath: "/api/github/webhooks" };

test("PUBLIC_URL is right only where this app answers, webhooks included", async () => {
  const level = async (health: Response, hook: Response) => {
    const answers = [health, hook];
    const fetch = async () => answers.shift() ?? Response.error();
    return (await examinePublicUrl({ ...publicUrl, fetch })).map((finding) => finding.level);
  };
  const healthy = () => Response.json({ status: "ok" });
  expect(await level(healthy(), new Response("", { status: 400 }))).toEqual(["ok"]);
  expect(await level(healthy(), new Response("", { status: 404 }))).toEqual(["fault"]);
  expect(await level(new Response("welcome"), new Response(""))).toEqual(["fault"]);
  const refused = async () => {
    throw new TypeError("fetch failed", { cause: new Error("certificate has expired") });
  };
  const [finding] = await examinePublicUrl({ ...publicUrl, fetch: refused });
  expect(finding?.message).toContain("certificate has expired");
});

test("the action's protocol is held against those that the app serves; what cannot be read is a warning", async () => {
  const level = async (answer: Response) => {
    const fetch = async () => answer;
    const options = {
      actionRef,
      apiUrl: "https://api.github.com",
      webUrl: "https://github.com",
      served: [2, 1],
      fetch,
    };
    return (await examineAction(options)).map((finding) => finding.level);
  };
  expect(await level(new Response("export const protocolVersion = 1;"))).toEqual(["ok"]);
  expect(await level(new Response("export const protocolVersion = 3;"))).toEqual(["fault"]);
  expect(await level(new Response("", { status: 404 }))).toEqual(["warning"]);
});

test.each([
  ["open, so there is nothing that a runner must be able to do", "open", ["self-hosted"], []],
  ["closed, on runners of GitHub's", "none", [], ["ok"]],
  [
    "closed, on a runner of somebody's own, of which nobody sees here what it can",
    "registries",
    ["self-hosted"],
    ["warning"],
  ],
] as const)("a network is %s", (_claim, network, own, levels) => {
  const findings = networkFindings(network, own);
  expect(findings.map(({ level }) => level)).toEqual(levels);
  if (levels[0] === "warning") expect(findings[0]?.mend).toContain("nft list ruleset");
});
