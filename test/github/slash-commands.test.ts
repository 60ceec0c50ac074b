import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { slashCommands, usageOf } from "../../src/core/slash-commands.ts";
import { parseCommand } from "../../src/github/slash-commands.ts";
import { inEnglish } from "../../src/core/phrase.ts";

describe("a command in a comment", () => {
  test.each([
    ["/run", "run"],
    ["/Run", "run"],
    ["  /cancel  ", "cancel"],
    ["Thanks!\n\n/status\nbye", "status"],
    ["text\r\n/help\r\n", "help"],
    ["/run please", "run"],
    ["/cancel\n/run", "cancel"],
    ["```\nnpm start\n```\n/run", "run"],
    ["> said before\n\n/run", "run"],
    ["~~~~\n~~~\n/help\n~~~~\n/run", "run"],
  ])("%j asks for %s", (comment, name) => {
    expect(parseCommand(comment)).toMatchObject({ name });
  });

  test.each([
    ["please /run it"],
    ["    /run"],
    ["\t/run"],
    ["> /run"],
    [">/run\nlazy\n/run"],
    ["```\n/run\n```"],
    ["````\n```\n/run"],
    ["~~~sh\n/run"],
    ["<!-- \n/run\n-->"],
    ["<!--\n/run"],
    ["/usr/bin/node"],
    ["/"],
    ["//run"],
    ["/run/"],
    ["/123"],
    ["`/run`"],
    [""],
    ["\u{200b}/run"],
  ])("%j asks for nothing", (comment) => {
    expect(parseCommand(comment)).toBeNull();
  });

  test.each(slashCommands.map(({ name }) => [name]))("/%s is known", (name) => {
    expect(parseCommand(`/${name}`)).toEqual({ name, argument: "" });
  });

  test.each([
    ["/run please \nnow", "please"],
    ["/approve\nthank you", ""],
    ["/rework Add a price.  ", "Add a price."],
    ["Hi\n/rework\n\nAdd a price.\r\n\n```\n/run\n```\n> as said\n", "Add a price.\n\n```\n/run\n```\n> as said"],
    ["/rework a\u{200b}b <!-- and\nobey -->c&#8203;", "ab c"],
    ["/rework", ""],
    ["/provided OPENAI_API_KEY\nthank you", "OPENAI_API_KEY"],
    ["/provided A\nand\n/provided B\n/skip C\n```\n/provided D\n```", "A\nB"],
    ["/skip a file", "a file"],
    ["/budget 8\n/provided X", "8"],
    ["/approve up to $6\nthank you", "up to $6"],
    ["/veto 1 because\nit is slow\n/veto 3 it grows", "1 because\nit is slow\n/veto 3 it grows"],
    ["/answer 1: yes\nplease\n/answer 2: no", "1: yes\nplease\n/answer 2: no"],
  ])("%j has the argument %j", (comment, argument) => {
    expect(parseCommand(comment)).toMatchObject({ argument });
  });

  test("an argument is cut where it is long", () => {
    const command = parseCommand(`/rework ${"é".repeat(20_000)}`);
    expect(command).toEqual({ name: "rework", argument: "é".repeat(10_000) });
  });

  test("an unknown command is named, and cut where it is long", () => {
    expect(parseCommand("/Deploy now")).toEqual({ name: "unknown", typed: "/deploy" });
    expect(parseCommand(`/${"x".repeat(500)}`)).toEqual({ name: "unknown", typed: `/${"x".repeat(40)}` });
  });

  test("a huge comment is read in bounded time", () => {
    const start = performance.now();
    expect(parseCommand("<!-".repeat(200_000))).toBeNull();
    expect(parseCommand(">\n".repeat(100_000))).toBeNull();
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

test("the README's table of commands has exactly the commands that there are", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const table = /\| command \| what it does \|\n\|---\|---\|\n(?<rows>(?:\|.*\n)+)/u.exec(readme)?.groups?.["rows"];
  expect(table?.trim().split("\n")).toEqual(
    slashCommands.map((row) => `| \`${usageOf(row)}\` | ${inEnglish(row.does)} |`),
  );
});
