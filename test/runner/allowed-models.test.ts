import { expect, test } from "vitest";
import { allowedModelsOf } from "../../src/runner/allowed-models.ts";

const role = (model: string) => ({ name: "reviewer", model, tools: [], prompt: "" });

test.each([
  [
    "a full name is itself, beside the CLI's small model",
    "claude-sonnet-5-5",
    [],
    ["claude-sonnet-5-5", "claude-haiku"],
  ],
  ["a short name is its family", "sonnet", [], ["claude-sonnet", "claude-haiku"]],
  ["a size of the context is no part of a name", "opus[1m]", [], ["claude-opus", "claude-haiku"]],
  [
    "models of roles count as well, each once",
    "sonnet",
    ["opus", "sonnet"],
    ["claude-sonnet", "claude-opus", "claude-haiku"],
  ],
  ["a name of another provider is itself", "other-4.6", [], ["other-4.6", "claude-haiku"]],
  ["a name that may mean any model leaves all of them", "sonnet", ["best"], undefined],
])("%s", (_claim, model, roles, allowed) => {
  expect(allowedModelsOf({ model, roles: roles.map(role) })).toEqual(allowed);
});
