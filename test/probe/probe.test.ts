import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { graphql, rest } from "../sandbox/faults.ts";
import { repositoryName, startWorld, type World } from "../support/github-world.ts";
import { readRows, rowOf } from "./assumption.ts";
import { assumptions } from "./assumptions.ts";

const program = path.join(import.meta.dirname, "main.ts");

async function world(): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), "phasegate-probe-"));
  const made = await startWorld({ folder });
  // Whether workflow files are refused can only be asked where the App may not write them.
  for (const installation of made.sandbox.context.state.installations.values()) {
    const { workflows: _, ...permissions } = installation.permissions;
    installation.permissions = permissions;
  }
  // More than come on one page.
  for (let index = 0; index < 11; index += 1) made.owner.setVariable(`V${index}`, "x");
  onTestFinished(async () => {
    await made.sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return made;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start({ appEnvironment }: World, ...options: readonly string[]) {
  const child = spawn(process.execPath, [program, ...options, repositoryName], {
    env: { ...appEnvironment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, out, err }));
  });
  return { ended, interrupt: () => child.kill("SIGINT") };
}

/** What a probe leaves behind: closed issues at most. */
async function leftovers({ sandbox }: World): Promise<unknown> {
  const repository = sandbox.repositoryOf(repositoryName);
  const refs = await sandbox.context.git(repository).refs("refs/");
  return {
    refs: refs.map(({ ref }) => ref),
    open: [...repository.issues.values()].filter(({ state }) => state === "open").map(({ title }) => title),
    labels: [...repository.labels.keys()],
  };
}

const nothing = { refs: ["refs/heads/main"], open: [], labels: [] };

test("every assumption of the probe is one row of ASSUMPTIONS.md, and no row is asked twice", () => {
  const rows = readRows();
  const named = assumptions.map((assumption) => rowOf(assumption, rows));
  expect(new Set(named).size).toBe(assumptions.length);
});

describe("the probe", () => {
  test("finds that the sandbox does what it assumes, and leaves nothing behind", async () => {
    const made = await world();
    // Here there are no drafts, so that every assumption can be asked about.
    made.sandbox.repositoryOf(repositoryName).private = true;
    const { code, out, err } = await start(made, "--yes").ended;
    const lines = out.trim().split("\n");
    expect(lines.filter((line) => !line.startsWith("holds: "))).toEqual([
      "",
      `${assumptions.length} hold, 0 differ, 0 could not be checked`,
    ]);
    expect([code, err]).toEqual([0, ""]);
    expect(await leftovers(made)).toEqual(nothing);
  });

  test("names the one that differs, and the one that could not be asked, and goes on", async () => {
    const made = await world();
    const { faults } = made.sandbox;
    faults.add({
      kind: "error-before",
      status: 409,
      matches: (request) => rest("PATCH", /\/git\/refs\//u)(request) && JSON.stringify(request.body).includes("false"),
      times: 1,
    });
    faults.add({ kind: "cut", when: "before", matches: graphql("updateRefs"), times: 1 });
    const { code, out } = await start(made, "--yes", "--json").ended;
    const results = JSON.parse(out) as { row: string; kind: string; how?: string; why?: string }[];
    expect(results.length).toBe(assumptions.length);
    expect(results.filter(({ kind }) => kind === "differs")).toEqual([
      {
        row: expect.stringMatching(/^A ref update that is no fast forward/u),
        kind: "differs",
        how: "no fast forward: expected 422, got 409",
      },
    ]);
    expect(results.filter(({ kind }) => kind === "unchecked").map(({ row, why }) => [row.slice(0, 12), why])).toEqual([
      ["`updateRefs`", expect.stringMatching(/^no answer from http.*\/graphql$/u)],
      ["Drafts in a ", "public repositories have drafts on every plan"],
    ]);
    expect(code).toBe(1);
    expect(await leftovers(made)).toEqual(nothing);
  });

  test("cleans up when it is interrupted in the midst", async () => {
    const made = await world();
    const gate = Promise.withResolvers<void>();
    const held = made.sandbox.faults.add({
      kind: "held",
      until: gate.promise,
      matches: rest("POST", /\/reactions$/u),
      times: 1,
    });
    const { ended, interrupt } = start(made, "--yes");
    await held.struck;
    expect(await leftovers(made)).not.toEqual(nothing);
    interrupt();
    gate.resolve();
    const { code, out, err } = await ended;
    expect([code, err]).toEqual([130, "stopping, and cleaning up\n"]);
    expect(out).toMatch(/^holds: The same reaction twice/mu);
    expect(out).not.toContain("No commits between");
    expect(await leftovers(made)).toEqual(nothing);
  });

  test("cleans up when it cannot even prepare its place", async () => {
    const made = await world();
    const refused = { kind: "error-before", status: 422, message: "Validation Failed" } as const;
    made.sandbox.faults.add({ ...refused, matches: rest("POST", /\/issues$/u), times: 1 });
    const { code, err } = await start(made, "--yes").ended;
    expect([code, err]).toEqual([2, "opening an issue: GitHub answered 422: Validation Failed\n"]);
    expect(await leftovers(made)).toEqual(nothing);
  });

  test("asks nothing more once GitHub wants it to wait, but cleans up", async () => {
    const made = await world();
    const reacting = rest("POST", /\/reactions$/u);
    made.sandbox.faults.add({
      kind: "secondary-limit",
      status: 403,
      retryAfterSeconds: 60,
      matches: reacting,
      times: 1,
    });
    const { code, out } = await start(made, "--yes").ended;
    const lines = out.split("\n").filter((line) => line.startsWith("could not be checked"));
    expect(lines[0]).toContain("The same reaction twice");
    expect(lines.every((line) => line.includes("/reactions: a rate limit of GitHub is reached"))).toBe(true);
    expect(lines.length).toBeGreaterThan(10);
    expect(made.sandbox.requests.filter(({ path }) => path === "/graphql")).toEqual([]);
    expect(code).toBe(0);
    expect(await leftovers(made)).toEqual(nothing);
  });

  test("names what it could not take away", async () => {
    const made = await world();
    made.sandbox.faults.add({
      kind: "error-before",
      status: 502,
      matches: rest("DELETE", /\/labels\//u),
      times: 1,
    });
    const { code, err } = await start(made, "--yes").ended;
    const [label] = made.sandbox.repositoryOf(repositoryName).labels.keys();
    expect(err).toMatch(new RegExp(`^left behind in acme/links: the label ${label} .*502`, "u"));
    expect(code).toBe(0);
    expect(await leftovers(made)).toEqual({ ...nothing, labels: [label] });
  });

  test("writes nothing unless somebody agrees", async () => {
    const made = await world();
    const { code, err } = await start(made).ended;
    expect([code, err]).toEqual([2, expect.stringContaining("add --yes")]);
    expect(made.sandbox.requests.filter(({ method, path }) => method !== "GET" && path.startsWith("/repos/"))).toEqual(
      [],
    );
  });

  test("says what to do where the App is not installed", async () => {
    const made = await world();
    made.sandbox.settings.uninstall("acme");
    const { code, err } = await start(made, "--yes").ended;
    expect([code, err]).toEqual([2, "the App is not installed on acme/links (404): install it there\n"]);
  });
});
