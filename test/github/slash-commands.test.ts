import { describe, expect, test } from "vitest";
import { parseCommand } from "../../src/github/slash-commands.ts";

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
    expect(parseCommand(comment)).toEqual({ name });
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
