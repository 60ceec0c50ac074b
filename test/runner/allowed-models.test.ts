import { expect, test } from "vitest";
import { allowedModelsOf } from "../../src/runner/allowed-models.ts";

const role = (model: string) => ({ name: "reviewer", model, tools: [], prompt: "" });

test.each([
  ["a full name is its family, beside the CLI's small model", "claude-opus-4-1", [], ["claude-opus", "claude-haiku"]],
  ["a full name that begins with no family is itself", "claude-3-5-x", [], ["claude-3-5-x", "claude-haiku"]],
  ["a short name is its family", "sonnet", [], ["claude-sonnet", "claude-haiku"]],
  ["capital letters are small ones", "Sonnet", ["CLAUDE-OPUS-4-1"], ["claude-sonnet", "claude-opus", "claude-haiku"]],
  ["a size of the context is no part of a name", "opus[1m]", [], ["claude-opus", "claude-haiku"]],
  [
    "models of roles count as well, each once",
    "sonnet",
    ["opus", "sonnet"],
    ["claude-sonnet", "claude-opus", "claude-haiku"],
  ],
  ["a name of another provider is itself", "Other-4.6", [], ["Other-4.6", "claude-haiku"]],
  ["a name that may mean any model leaves all of them", "sonnet", ["best"], undefined],
  ["so does a short name that is not known here", "saga", [], undefined],
])("%s", (_claim, model, roles, allowed) => {
  expect(allowedModelsOf({ model, roles: roles.map(role) })).toEqual(allowed);
});
