/** The shapes in which runners' messages and frozen texts lie in the store. */
import { z } from "zod";
import { Answer, OutcomeRequest, RunnerRequest, SecurityNotes, Spent, StepRequest } from "../protocol/runner.ts";

/** A step as a runner handed it over; the changeset lies beside it in the store. */
export const StoredStep = z.object({
  runId: z.string(),
  step: z.string(),
  files: z.int(),
  spent: Spent,
  answers: z.array(Answer).default([]),
  told: StepRequest.shape.told,
  reply: StepRequest.shape.reply,
  security: SecurityNotes,
});
export type StoredStep = z.infer<typeof StoredStep>;

/** What an agent asked for. */
export const StoredRequest = z.object({ runId: z.string(), request: RunnerRequest });
export type StoredRequest = z.infer<typeof StoredRequest>;

export const StoredOutcome = OutcomeRequest.extend({ runId: z.string() });

/** A repository that the app was installed on, to be set up. */
const RepositoryOnboarding = z.object({
  repository: z.object({
    installationId: z.int(),
    repositoryId: z.int(),
    owner: z.string(),
    name: z.string(),
  }),
  mayOpen: z.boolean(),
});

/** Or the wish to bring up to date what is open, wherever the app is installed, or in one installation. */
export const StoredOnboarding = z.union([
  RepositoryOnboarding,
  z.object({ everywhere: z.literal(true) }),
  z.object({ installationId: z.int() }),
]);
export type StoredOnboarding = z.infer<typeof StoredOnboarding>;

export const FrozenText = z.object({ title: z.string(), text: z.string() });
