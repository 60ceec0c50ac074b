import { describe, expect, test } from "vitest";
import type { Change } from "../../src/core/change.ts";
import type { JobDependency } from "../../src/protocol/runner.ts";
import { createGrants, type JobGrants } from "../../src/runner/grants.ts";

const key = "vRy7Kq2mZ8wXt4Lp9Nc3Bd6F";

function dependency(given: Partial<JobDependency>): JobDependency {
  const name = given.name ?? "PAYMENT_KEY";
  return { name, askedAs: name, type: "api_key", state: "granted", steps: ["01_idea"], slot: 1, ...given };
}

function grantsOf(dependencies: readonly JobDependency[], values: Readonly<Record<number, string>>): JobGrants {
  const bySlot = new Map(Object.entries(values).map(([slot, value]) => [Number(slot), value]));
  return createGrants({ dependencies, values: bySlot, log: () => {} });
}

function written(path: string, content: string): Change {
  return { kind: "written", path, mode: "100644", content: Buffer.from(content) };
}

describe("granted values", () => {
  test("go to the steps that asked, and to others once they ask", () => {
    const grants = grantsOf([dependency({})], { 1: key });
    expect(grants.environmentOf("01_idea")).toEqual({ PAYMENT_KEY: key });
    expect(grants.environmentOf("02_market")).toEqual({});
    expect(grants.lend("02_market", "payment_key")).toBe(true);
    expect(grants.environmentOf("02_market")).toEqual({ PAYMENT_KEY: key });
    expect(grants.lend("02_market", "OTHER_KEY")).toBe(false);
  });

  test.each<readonly [what: string, given: Partial<JobDependency>]>([
    ["was not granted", { state: "open" }],
    ["was skipped", { state: "skipped" }],
    ["has no value to it", { type: "service" }],
    ["has no slot", { slot: null }],
  ])("are none where what was asked for %s, and nobody is told of a fault", (_what, given) => {
    const grants = grantsOf([dependency(given)], { 1: key });
    expect(grants.names).toEqual([]);
    expect(grants.missingFor("01_idea")).toEqual([]);
    // It came along all the same, so it may show nowhere.
    expect(grants.secrets).toEqual([key]);
  });

  test.each<
    readonly [what: string, given: Partial<JobDependency>, values: Readonly<Record<number, string>>, says: RegExp]
  >([
    ["nobody put there", {}, { 1: " " }, /^GitHub gave no value for PAYMENT_KEY/u],
    ["an older workflow file does not hand over", {}, {}, /hands over no value .* update \.github\/workflows/u],
    ["are too short for a key", {}, { 1: "abcde" }, /too short for a key/u],
    ["would steer the agent's program", { name: "NODE_OPTIONS" }, { 1: key }, /no name that can be lent/u],
    ["would pay for the agent", { name: "ANTHROPIC_API_KEY" }, { 1: key }, /no name that can be lent/u],
  ])("that %s are not lent, and the step that asked says why", (_what, given, values, says) => {
    const grants = grantsOf([dependency(given)], values);
    expect(grants.environmentOf("01_idea")).toEqual({});
    expect(grants.missingFor("01_idea").map(({ message }) => message)).toEqual([expect.stringMatching(says)]);
    expect(grants.missingFor("02_market")).toEqual([]);
  });

  test("of a variable may be short or a plain word: it is lent, and not hidden", () => {
    const types = { type: "env_variable" as const };
    const dependencies = [
      dependency({ ...types, name: "PORT", slot: 1 }),
      dependency({ ...types, name: "STAGE", slot: 2 }),
      dependency({ ...types, name: "HOOK_ADDRESS", slot: 3 }),
    ];
    const hook = "https://hooks.example.org/T0/B1/zZ9yY8xX7";
    const grants = grantsOf(dependencies, { 1: "3000", 2: "production", 3: hook });
    expect(grants.environmentOf("01_idea")).toEqual({ PORT: "3000", STAGE: "production", HOOK_ADDRESS: hook });
    expect(grants.secrets).toEqual([hook]);
    expect(grants.findingsIn([written("docs/a.md", "In production it listens on 3000.")], "01_idea")).toEqual([]);
    expect(grants.findingsIn([written("docs/a.md", `Call ${hook}.`)], "01_idea")).toHaveLength(1);
  });
});

describe("a change that holds a granted value", () => {
  const grants = grantsOf([dependency({})], { 1: key });

  test.each<readonly [form: string, encoded: string]>([
    ["as it is", key],
    ["cut", key.slice(0, 18)],
    ["backwards", Array.from(key).reverse().join("")],
    ["cut and backwards", Array.from(key).reverse().join("").slice(2, 20)],
    ["in base64", Buffer.from(`user:${key}`).toString("base64")],
    ["in hexadecimal", Buffer.from(key).toString("hex")],
    ["over two lines", `${key.slice(0, 10)}\n${key.slice(10)}`],
  ])("%s is a fault that names it and not its value", (_form, encoded) => {
    const changes = [written("docs/a.md", "nothing"), written("src/pay.js", `const key = "${encoded}";`)];
    const findings = grants.findingsIn(changes, "01_idea");
    expect(findings).toEqual([
      {
        check: "no-secrets",
        step: "01_idea",
        path: "src/pay.js",
        line: null,
        message: "the value of PAYMENT_KEY stands in the file: read it from the environment, and take it out.",
      },
    ]);
  });

  test("in the file's name alone is one too", () => {
    expect(grants.findingsIn([{ kind: "deleted", path: `docs/${key}.md` }], "01_idea")).toHaveLength(1);
  });
});
