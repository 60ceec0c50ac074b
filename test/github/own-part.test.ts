import { describe, expect, test } from "vitest";
import { withOwnPart } from "../../src/github/own-part.ts";
import { sayIn } from "../../src/github/texts/words.ts";

const say = sayIn("en");
const own = (text: string) => `<!-- phasegate:gate -->\n${text}\n<!-- /phasegate:gate -->`;

describe("the app's part of a body", () => {
  test.each<readonly [claim: string, current: string, body: string]>([
    ["stands alone in a new one", "", own("new")],
    ["takes the place of one without marks", "old\nwords", own("new")],
    ["takes the place of one whose end somebody deleted", "<!-- phasegate:gate -->\nold", own("new")],
    ["leaves what people wrote around it", `Before\r\n${own("old")}\r\nAfter`, `Before\r\n${own("new")}\r\nAfter`],
    ["replaces the first of two", `${own("old")}\n${own("copied")}`, `${own("new")}\n${own("copied")}`],
  ])("%s", (_claim, current, body) => {
    expect(withOwnPart("new", say, current)).toBe(body);
    expect(withOwnPart("new", say, body)).toBe(body);
  });

  test("is cut at a line's end where people's words leave it no room, and then their words are", () => {
    const text = Array.from({ length: 3_000 }, () => "A line of 20 letters").join("\n");
    const few = withOwnPart(text, say, `${own("")}${"w".repeat(10_000)}`);
    expect(few).toMatch(/letters\n\nThe rest is too long for this page\.\n<!-- \/phasegate:gate -->w{10000}$/u);
    const many = withOwnPart(text, say, `${"v".repeat(9_000)}${own("")}${"w".repeat(40_000)}`);
    for (const body of [few, many]) expect(body.length).toBeLessThanOrEqual(65_536);
    expect(many).toMatch(/^v{9000}<!-- phasegate:gate -->\n(?:A line of 20 letters\n){2000}/u);
    expect(many).toMatch(/<!-- \/phasegate:gate -->w+$/u);
  });
});
