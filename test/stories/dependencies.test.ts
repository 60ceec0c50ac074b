/** What only people can provide, told with the real CLI: keys, variables, services, files, permissions, packages. */
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { afterAll, describe, expect } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";
import { databasePlace, findValue, placesOnGitHub, postgresPlace, type Place } from "../support/where-it-stands.ts";
import {
  dependency,
  fingerprints,
  guideFolder,
  needs,
  notesAgent,
  request,
  runs,
  says,
  writes,
} from "./notes/agent.ts";
import { commentsOf, commentWith, fingerprintOf, labelsOf, noteOf } from "./notes/looks.ts";

/** Everything that is left: on GitHub, in the app's database and files, and where the jobs ran. */
async function everyPlace(told: Story): Promise<readonly Place[]> {
  const { DATA_DIR: dataDir = "", DATABASE_URL: databaseUrl } = told.appEnvironment;
  const jobs = path.join(path.dirname(dataDir), "jobs");
  const files = (await readdir(jobs, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return [
    ...(await placesOnGitHub(told.sandbox)),
    databaseUrl === undefined ? await databasePlace(dataDir) : await postgresPlace(databaseUrl),
    { name: "events", texts: [JSON.stringify(told.events)] },
    {
      name: "files of jobs",
      texts: await Promise.all(files.map((file) => readFile(path.join(file.parentPath, file.name)))),
    },
  ];
}

const inWords = ([type, name]: readonly [string, string]) =>
  `[DEPENDENCY_REQUEST]\ntype: ${type}\nname: ${name}\ndescription: needed for ${name}\nrequired: true\n[/DEPENDENCY_REQUEST]`;

/** Stands in for a well-known service. */
const services = { asked: [] as string[] };
const standIn = createServer((request, response) => {
  services.asked.push(`${request.method} ${request.url}`);
  const isGood = request.headers.authorization === "Bearer sk_test_good_0123456789";
  response.writeHead(isGood ? 200 : 401, { "content-type": "application/json" }).end("{}");
});
await once(standIn.listen(0, "127.0.0.1"), "listening");
afterAll(() => void standIn.close());

function standInUrl(): string {
  const address = standIn.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

describe("a secret that the agent needs", () => {
  const value = "ledger-9f2c7d41b8e6a503";
  const pasted = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
  story(
    "is noticed by itself once it is added, reaches the step that asked alone, and shows nowhere",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [
          needs(dependency("LEDGER_KEY")),
          fingerprints("LEDGER_KEY"),
          writes(({ result }) => `Key: ${result}`),
          // What an agent might do that was told to: the job's records of it must not have the value.
          runs(`echo "the key is $LEDGER_KEY, $(echo "$LEDGER_KEY" | rev), $(echo "$LEDGER_KEY" | base64)"`),
        ],
        "notes/02_second": [fingerprints("LEDGER_KEY"), writes(({ result }) => `Key here: ${result}`)],
      }),
    },
    async (told) => {
      const { owner, sandbox } = told;
      await owner.openIssue(request);
      expect((await told.next("TaskPaused")).reason).toEqual({ kind: "waiting-dependency" });
      const { body } = await commentWith(told, "The agent needs `LEDGER_KEY`");
      expect(body).toContain(`${sandbox.url}/acme/links/settings/secrets/actions/new`);
      expect(await labelsOf(told)).toContain("phasegate:waiting-dependency");

      const { id } = await owner.comment(1, `Here it is: ${pasted}`);
      await told.settled();
      expect(sandbox.repositoryOf(repositoryName).issueComments.get(id)?.minimizedReason).not.toBeNull();
      const warnings = (await commentsOf(told)).filter((comment) => /revoke|rotate/iu.test(comment.body));
      expect(warnings).toHaveLength(1);
      expect(warnings[0]?.body).not.toContain(pasted);

      owner.setSecret("LEDGER_KEY", value);
      told.pass(1);
      expect(await told.next("DependencyGranted")).toMatchObject({ name: "LEDGER_KEY", by: null });
      await told.next("ReviewCreated");
      await told.settled();

      expect(noteOf(told, "notes/01_first")).toContain(`Key: ${fingerprintOf(value)}`);
      expect(noteOf(told, "notes/02_second")).toContain(`Key here: ${fingerprintOf("nothing")}`);
      expect(findValue(value, await everyPlace(told))).toEqual([]);
    },
  );

  const old = "value-of-a-name-that-was-there-before";
  story(
    "is not lent where its name existed before, until somebody with write says so",
    {
      guideFolder,
      prepare: ({ owner }) => owner.setSecret("OLD_KEY", old),
      decide: notesAgent({
        "notes/01_first": [
          needs(dependency("OLD_KEY")),
          fingerprints("OLD_KEY"),
          writes(({ result }) => `Key: ${result}`),
        ],
      }),
    },
    async (told) => {
      const { owner, stranger } = told;
      await owner.openIssue(request);
      await told.next("TaskPaused");
      told.pass(1);
      await told.settled();
      await stranger.comment(1, "/provided OLD_KEY");
      await told.settled();
      expect(told.events.filter(({ type }) => type === "DependencyGranted")).toEqual([]);
      await owner.comment(1, "/provided OLD_KEY");
      expect(await told.next("DependencyGranted")).toMatchObject({ by: "owner" });
      await told.next("ReviewCreated");
      expect(noteOf(told, "notes/01_first")).toContain(`Key: ${fingerprintOf(old)}`);
    },
  );

  story(
    "of a known service is tried before the agent gets it: a wrong one is reported and not gone on with",
    {
      guideFolder,
      jobEnvironment: {
        NODE_OPTIONS: `--import=${path.join(guideFolder, "stand-in-services.ts")}`,
        STAND_IN_SERVICES: standInUrl(),
      },
      decide: notesAgent({
        "notes/01_first": [
          needs(dependency("STRIPE_API_KEY")),
          fingerprints("STRIPE_API_KEY"),
          writes(({ result }) => `Key: ${result}`),
        ],
      }),
    },
    async (told) => {
      services.asked = [];
      const { owner } = told;
      await owner.openIssue(request);
      await told.next("TaskPaused");
      owner.setSecret("STRIPE_API_KEY", "sk_test_wrong_0123456789");
      told.pass(1);
      await told.next("DependencyGranted");
      expect(await told.next("DependencyRefused")).toMatchObject({ name: "STRIPE_API_KEY" });
      expect((await told.next("TaskPaused")).reason).toEqual({ kind: "waiting-dependency" });
      await commentWith(told, "### The value of `STRIPE_API_KEY` does not work");
      // An edited comment alone calls nobody.
      await commentWith(told, "**The value of `STRIPE_API_KEY` was tried");

      told.pass(1);
      owner.setSecret("STRIPE_API_KEY", "sk_test_good_0123456789");
      told.pass(1);
      await told.next("DependencyGranted");
      await told.next("ReviewCreated");
      expect(noteOf(told, "notes/01_first")).toContain(`Key: ${fingerprintOf("sk_test_good_0123456789")}`);
      expect(services.asked).toEqual(["GET /v1/balance", "GET /v1/balance"]);
    },
  );
});

describe("what is not a secret", () => {
  story(
    "each kind has its own way: a variable is noticed, a service, a file and a permission are confirmed, a package is skipped",
    {
      guideFolder,
      decide: notesAgent({
        "notes/01_first": [
          says(
            [
              ["env_variable", "GITHUB_REGION"],
              ["service", "a mail server"],
              ["file", "assets/logo.svg"],
              ["permission", "read access to acme/brand"],
              ["package", "libvips"],
            ]
              .map((pair) => inWords(pair as [string, string]))
              .join("\n\n"),
          ),
          fingerprints("APP_GITHUB_REGION"),
          writes(({ result, messages }) => `Region: ${result}\n${messages.at(-3)?.text ?? ""}`.slice(0, 2_000)),
        ],
      }),
    },
    async (told) => {
      const { owner } = told;
      await owner.openIssue(request);
      await told.next("TaskPaused");
      const comments = (await commentsOf(told)).filter(({ body }) => body.includes("### The agent needs"));
      expect(comments).toHaveLength(5);
      expect(comments.map(({ body }) => body).join("\n")).toContain("`APP_GITHUB_REGION`");
      owner.setVariable("APP_GITHUB_REGION", "eu-west-1");
      told.pass(1);
      await told.next("DependencyGranted");
      await owner.comment(1, "/provided a mail server\n/provided assets/logo.svg");
      await told.settled();
      await commentWith(told, "there is no file assets/logo.svg");
      await owner.push({ branch: "main", message: "Add the logo", files: { "assets/logo.svg": "<svg/>" } });
      await owner.comment(1, "/provided assets/logo.svg");
      await owner.comment(1, "/provided read access to acme/brand");
      await told.settled();
      expect(told.events.filter(({ type }) => type === "RunRequested")).toHaveLength(1);
      await owner.comment(1, "/skip libvips");
      await told.next("DependencySkipped");
      await told.next("ReviewCreated");
      const note = noteOf(told, "notes/01_first");
      expect(note).toContain(`Region: ${fingerprintOf("eu-west-1")}`);
      const granted = told.events.flatMap((event) => (event.type === "DependencyGranted" ? [event.name] : []));
      expect(granted.toSorted()).toEqual([
        "APP_GITHUB_REGION",
        "a mail server",
        "assets/logo.svg",
        "read access to acme/brand",
      ]);
    },
  );
});
