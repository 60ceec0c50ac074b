import { expect, test } from "vitest";
import type { RunnerRequest } from "../../src/protocol/runner.ts";
import { AppRefused, AppUnreachable } from "../../src/runner/app-client.ts";
import { createRedactor } from "../../src/core/redact.ts";
import { createRequests, type SentRequests } from "../../src/runner/send-requests.ts";

const secret = "vRy7Kq2mZ8wXt4Lp9Nc3Bd6F";
const error = {
  kind: "error",
  step: "01_idea",
  error: { type: "missing_file", message: "gone", details: "" },
} as const;

function given(faults: readonly Error[] = []): { readonly requests: SentRequests; readonly sent: RunnerRequest[] } {
  const sent: RunnerRequest[] = [];
  const left = [...faults];
  const session = {
    ask: async (request: RunnerRequest) => {
      const fault = left.shift();
      if (fault !== undefined) throw fault;
      sent.push(request);
      return await Promise.resolve({ acknowledged: true as const, stop: false, answers: [] });
    },
  };
  const { signal } = new AbortController();
  return { requests: createRequests({ runId: "run-1", session, redact: createRedactor([secret]), signal }), sent };
}

test("requests go under ids of the run's own, in their order, without secrets", async () => {
  const { requests, sent } = given();
  const question = { category: "choice", options: [secret, "b"], default: secret, required: true } as const;
  const ids = [
    await requests.send({
      kind: "questions",
      step: "01_idea",
      questions: [{ ...question, options: [secret, "b"], question: secret }],
    }),
    await requests.send({
      kind: "dependency",
      step: "01_idea",
      dependency: { type: "api_key", name: "KEY", description: `instead of ${secret}`, required: true },
    }),
    await requests.send({ ...error, error: { ...error.error, message: secret, details: `at ${secret}` } }),
  ];
  expect(ids).toEqual(["run-1/1", "run-1/2", "run-1/3"]);
  expect(sent.map(({ id }) => id)).toEqual(ids);
  expect(JSON.stringify(sent)).not.toContain(secret);
  expect(sent[2]).toMatchObject({ error: { message: "***", details: "at ***" } });
  expect(requests.left()).toBe(17);
});

test("what nobody answers is kept, and so is all that comes after it", async () => {
  const { requests, sent } = given([new AppUnreachable("nobody")]);
  expect(await requests.send(error)).toBe("run-1/1");
  expect(await requests.send(error)).toBe("run-1/2");
  expect(sent).toEqual([]);
  expect(requests.undelivered.map(({ id }) => id)).toEqual(["run-1/1", "run-1/2"]);
});

test("what the app refuses is not kept", async () => {
  const { requests } = given([new AppRefused("token-refused", "the run is over")]);
  await expect(requests.send(error)).rejects.toThrow("the run is over");
  expect(requests.undelivered).toEqual([]);
});

test("a run asks so many times and no more", async () => {
  const { requests, sent } = given();
  for (let asked = 0; asked < 20; asked += 1) await requests.send(error);
  expect(requests.left()).toBe(0);
  await expect(requests.send(error)).rejects.toThrow("asked 20 times");
  expect(sent).toHaveLength(20);
});
