import { describe, expect, test } from "vitest";
import { readOptions } from "./options.ts";

const possible = () => true;
const impossible = () => false;

describe("readOptions", () => {
  test("says first that the model and GitHub are not real, and that all else is", () => {
    const options = readOptions([], {}, possible);
    expect(options).toMatchObject({ model: { kind: "scripted" }, keep: false, json: false, sameUser: false });
    expect(options === "help" ? "" : options.notes.join(" ")).toMatch(/canned.*simulated.*All else is real/u);
  });

  test("without a second user says so in one line and goes on, since the model is scripted", () => {
    const options = readOptions([], {}, impossible);
    expect(options === "help" ? [] : options.notes.filter((note) => note.includes("second user")).length).toBe(1);
    expect(options).toMatchObject({ sameUser: true });
  });

  test("with a real model but no second user wants --unsafe", () => {
    const environment = { ANTHROPIC_API_KEY: "sk-ant-key" };
    expect(() => readOptions(["--model", "real"], environment, impossible)).toThrow("--unsafe");
    expect(readOptions(["--model", "real", "--unsafe"], environment, impossible)).toMatchObject({ sameUser: true });
  });

  test("takes either credential for a real model, and says where to get one", () => {
    expect(readOptions(["--model", "real"], { CLAUDE_CODE_OAUTH_TOKEN: "token" }, possible)).toMatchObject({
      budgetUsd: 5,
      model: { kind: "real", baseUrl: null, secret: { name: "CLAUDE_CODE_OAUTH_TOKEN", value: "token" } },
    });
    expect(() => readOptions(["--model", "real"], {}, possible)).toThrow("claude setup-token");
  });

  test("takes the type of the task, and create_app where none is given", () => {
    expect(readOptions([], {}, possible)).toMatchObject({ type: "create_app" });
    expect(readOptions(["--type", "plan"], {}, possible)).toMatchObject({ type: "plan" });
    expect(() => readOptions(["--type", "novel"], {}, possible)).toThrow(/create_app.*plan.*got "novel"/u);
  });

  test.each([
    [["--budget", "none"], "--budget"],
    [["--budget", "-1"], "--budget"],
    [["--model", "gpt"], "--model"],
    [["--speed"], "--speed"],
  ])("refuses %j by name", (args, name) => {
    expect(() => readOptions(args, {}, possible)).toThrow(name);
  });
});
