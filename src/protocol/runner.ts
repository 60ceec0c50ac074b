import { z } from "zod";

/**
 * What crosses between the app and the runner over HTTP, in both directions.
 * The app serves this version and the one before it (Q32); a runner says which one it speaks.
 */
export const protocolVersion = 5;
export const protocolVersionsServed: readonly number[] = [5, 4];

export const runnerRoutes = {
  session: "/runner/session",
  events: "/runner/events",
  step: "/runner/step",
  /** What the agent asks for, as soon as it asks. Since version 3, like the next. */
  request: "/runner/request",
  /** PUT: the newest takes the place of the one before. GET: what the run goes on from, as it was put. */
  checkpoint: "/runner/checkpoint",
  outcome: "/runner/outcome",
} as const;

/** The audience that the runner asks for in its OIDC token: the app's own address, so that no other app's token fits. */
export function audienceOf(appUrl: string): string {
  return `phasegate:${appUrl.replace(/\/+$/u, "")}`;
}

export const limits = {
  /** Body of one hand-over: a changeset of 20 MiB in base64 and what is around it. */
  stepBodyBytesMax: 32 * 1024 * 1024,
  eventsPerBatchMax: 200,
  eventTextCharactersMax: 4_000,
  findingsMax: 50,
  /** Far above any purse; sums of it stay finite. */
  costUsdMax: 100_000,
  pathCharactersMax: 1_000,
  /** Threads, reviews and commands that one rework takes up. */
  feedbackMax: 100,
  feedbackCommentsMax: 50,
  feedbackTextCharactersMax: 10_000,
  answerTextCharactersMax: 2_000,
  /** Of one turn of a conversation, and of the agent's reply. */
  turnCharactersMax: 10_000,
  replyCharactersMax: 30_000,
  /** That one run hears at once, and that it is told again where its conversation is lost. */
  turnsMax: 50,
  /** In one message, as in one call of the agent's tool. */
  questionsMax: 4,
  questionCharactersMax: 2_000,
  optionsMax: 10,
  optionCharactersMax: 300,
  nameCharactersMax: 100,
  /** Of a shell's command that people are asked for: all of it is shown. */
  commandCharactersMax: 1_000,
  /** Of what is shown of any other tool's call. */
  toolInputCharactersMax: 600,
  descriptionCharactersMax: 2_000,
  errorMessageCharactersMax: 1_000,
  errorDetailsCharactersMax: 4_000,
  /** That one run may send: whoever asks more is stuck. */
  requestsMax: 20,
  /** Of a checkpoint's JSON; what is inside is packed. */
  checkpointBytesMax: 24 * 1024 * 1024,
  /** Paths that a checkpoint names without having them. */
  leftOutMax: 100,
  /** What people answered; the newest are kept. */
  answersMax: 100,
  personAnswerCharactersMax: 10_000,
  criteriaMax: 40,
  decisionsMax: 12,
  decisionCharactersMax: 500,
  decisionFilesMax: 20,
  verdictReasonCharactersMax: 1_000,
  evidenceMax: 5,
  evidenceCharactersMax: 300,
  testTailCharactersMax: 4_000,
  securityExampleCharactersMax: 200,
} as const;

const SecurityKind = z.enum([
  "path-refused",
  "secret-in-file",
  "too-much",
  "secret-masked",
  "tool-denied",
  "model-refused",
  "dialogue-forged",
  "process-ended",
  "network-refused",
  "identity-refused",
  "token-refused",
  "message-refused",
  "person-refused",
  "other",
]);

/** What was refused, taken away or contained since the last hand-over. An app that knows less passes over it, and what it can't read fails no work. */
export const SecurityNotes = z
  .array(
    z.object({
      kind: SecurityKind.catch("other"),
      count: z.int().positive().max(1_000_000),
      example: z.string().max(limits.securityExampleCharactersMax),
    }),
  )
  .max(SecurityKind.options.length)
  .optional()
  .catch(undefined);

const Usage = z.object({
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  cacheCreationInputTokens: z.int().nonnegative(),
  cacheReadInputTokens: z.int().nonnegative(),
});

export const Spent = z.object({ usage: Usage, costUsd: z.number().nonnegative().max(limits.costUsdMax) });

const CheckId = z.enum([
  "outputs-exist",
  "long-enough",
  "sections-present",
  "no-placeholder",
  "env-ignored",
  "no-secrets",
  "tests-exist",
  "paths-allowed",
  "links-resolve",
  "code-exists",
  "ids-known",
  "ids-cited",
  "plan-shape",
  "spec-valid",
  "workflow-valid",
  "plan-tables",
  "tests-pass",
]);

const CriterionId = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/u)
  .max(limits.nameCharactersMax);

/** `judged:` and the criterion's id. Since version 4. */
const JudgedCheck = z.templateLiteral(["judged:", CriterionId]);

const Finding = z.object({
  check: z.union([CheckId, JudgedCheck]),
  step: z.string().max(200).nullable(),
  path: z.string().max(limits.pathCharactersMax).nullable(),
  line: z.int().positive().nullable(),
  message: z.string().max(2_000),
});

const Step = z.object({
  slug: z.string(),
  title: z.string(),
  guide: z.string(),
  outputs: z.array(z.string()),
  sections: z.array(z.string()),
  minCharacters: z.int(),
  allowedPaths: z.array(z.string()),
  tools: z.array(z.string()),
  /** Since version 5, like the two that follow. */
  source: z.string(),
  /** Of the job's `roles`. */
  role: z.string().nullable(),
  questionRoundsMax: z.int().positive().nullable(),
  /** Done one after the other, in one conversation. Since version 5, like the next. */
  turns: z
    .array(z.object({ id: z.string(), title: z.string(), guide: z.string(), output: z.string() }))
    .readonly()
    .exactOptional(),
  planned: z.object({ run: z.string(), phase: z.string(), stage: z.string(), subStage: z.string() }).exactOptional(),
  turnsFor: z.enum(["phases", "stages", "sub-stages"]).exactOptional(),
});

const criterionBase = { id: CriterionId, text: z.string().max(1_000), severity: z.enum(["must", "should"]) };
const Criterion = z.discriminatedUnion("kind", [
  z.object({ ...criterionBase, kind: z.literal("deterministic"), check: CheckId }),
  z.object({ ...criterionBase, kind: z.literal("judged") }),
]);

const Phase = z.object({
  number: z.int(),
  name: z.string(),
  title: z.string(),
  /** Since version 5, like the four that follow. */
  mode: z.enum(["steps", "conversation"]),
  plans: z.literal("tables").nullable(),
  root: z.string(),
  reviewers: z.array(z.string()),
  afterFailure: z.string().nullable(),
  allowedPaths: z.array(z.string()),
  criteria: z.array(Criterion).max(limits.criteriaMax),
  verifierGuide: z.string(),
  testCommand: z.string().max(500).nullable(),
  mayBeSkipped: z.boolean(),
  budgetUsd: z.number(),
  steps: z.array(Step),
});

/** What a reviewer said. Data, never instructions of ours; framed like the issue's text. */
export const Feedback = z.object({
  id: z.string().max(200),
  request: z.enum(["change", "comment"]),
  /** The step that takes it up. */
  step: z.string().max(200),
  path: z.string().max(limits.pathCharactersMax).nullable(),
  line: z.int().positive().nullable(),
  /** The lines of the diff that the thread stands at, as GitHub cut them. */
  hunk: z.string().max(limits.feedbackTextCharactersMax).nullable(),
  /** The first remark and all replies, oldest first. */
  comments: z
    .array(z.object({ by: z.string().max(100), text: z.string().max(limits.feedbackTextCharactersMax) }))
    .max(limits.feedbackCommentsMax),
});
export type Feedback = z.infer<typeof Feedback>;

/** What the agent says about one piece of feedback. */
export const Answer = z.object({
  id: z.string().max(200),
  kind: z.enum(["fixed", "declined", "question"]),
  text: z.string().max(limits.answerTextCharactersMax),
});
export type Answer = z.infer<typeof Answer>;

const Question = z.object({
  category: z.enum(["business", "clarification", "choice", "confirmation"]),
  question: z.string().min(1).max(limits.questionCharactersMax),
  options: z.array(z.string().min(1).max(limits.optionCharactersMax)).max(limits.optionsMax),
  /** What the agent goes on with where nobody answers. */
  default: z.string().max(limits.optionCharactersMax).nullable(),
  required: z.boolean(),
});

const Dependency = z.object({
  type: z.enum(["api_key", "env_variable", "service", "file", "permission", "package"]),
  /** As the agent wrote it. */
  name: z.string().min(1).max(limits.nameCharactersMax),
  description: z.string().max(limits.descriptionCharactersMax),
  required: z.boolean(),
});

const ReportedError = z.object({
  type: z.enum(["missing_file", "execution_failed", "validation_error"]),
  message: z.string().min(1).max(limits.errorMessageCharactersMax),
  details: z.string().max(limits.errorDetailsCharactersMax),
});

/** Tools that people may allow. Whatever else Claude Code has outlives its step, and is refused whoever allows it. */
export const AskableTool = z.enum([
  "Read",
  "Write",
  "Edit",
  "Glob",
  "Grep",
  "Bash",
  "NotebookEdit",
  "WebSearch",
  "WebFetch",
]);
export type AskableTool = z.infer<typeof AskableTool>;

/** `id` is the runner's: the run's id, a slash and a number, so that what is sent twice counts once. */
const requestBase = { id: z.string().min(1).max(240), step: z.string().max(200) };

/** What the agent asks of people. It is stored before it is acknowledged, and whether to wait for it is the outcome's. */
export const RunnerRequest = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("questions"),
    ...requestBase,
    questions: z.array(Question).min(1).max(limits.questionsMax),
  }),
  z.object({ kind: z.literal("dependency"), ...requestBase, dependency: Dependency }),
  z.object({ kind: z.literal("error"), ...requestBase, error: ReportedError }),
  /** A granted value that is not there, or that its service refused when it was tried. */
  z.object({
    kind: z.literal("value-refused"),
    ...requestBase,
    name: z.string().min(1).max(limits.nameCharactersMax),
    message: z.string().max(limits.errorMessageCharactersMax),
  }),
  /** A tool outside the step's list that the agent called: from the runner itself, and only where the job has `permissions`. */
  z.object({
    kind: z.literal("permission"),
    ...requestBase,
    tool: AskableTool,
    command: z.string().min(1).max(limits.commandCharactersMax).nullable(),
    /** What the call holds, cut and without secrets. */
    input: z.string().max(limits.toolInputCharactersMax),
  }),
]);
export type RunnerRequest = z.infer<typeof RunnerRequest>;

/** What a person said to a question. Words of a person: data, like the issue. */
export const PersonAnswer = z.object({
  number: z.int().positive(),
  /** Of the request, and the place in it: from these the runner knows the call of the tool. */
  requestId: z.string().max(240),
  index: z.int().nonnegative(),
  question: z.string().max(limits.questionCharactersMax),
  text: z.string().max(limits.personAnswerCharactersMax),
  by: z.string().max(100),
  at: z.iso.datetime(),
});
export type PersonAnswer = z.infer<typeof PersonAnswer>;

/** What the agent asked for in this task, and what came of it. */
export const JobDependency = z.object({
  name: z.string().max(limits.nameCharactersMax),
  askedAs: z.string().max(limits.nameCharactersMax),
  type: Dependency.shape.type,
  state: z.enum(["open", "granted", "skipped"]),
  /** Steps of this job's phase that asked: only these get its value (Q28). */
  steps: z.array(z.string().max(200)),
  /** Where the job has its value: `PHASEGATE_SECRET_<slot>`, from 1. Null where there is no value to it. */
  slot: z.int().min(1).max(10).nullable(),
});
export type JobDependency = z.infer<typeof JobDependency>;

/** US dollars for a million tokens; takes the place of the runner's own table for models whose name begins so. */
export const PriceOverride = z.object({
  model: z.string().min(1).max(100),
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  cacheRead: z.number().nonnegative(),
});
export type PriceOverride = z.infer<typeof PriceOverride>;

/** What was said on the issue. Words of a person or, where `by` is null, of the agent: data. */
const Turn = z.object({ by: z.string().max(100).nullable(), text: z.string().max(limits.replyCharactersMax) });

const Confidence = z.enum(["high", "medium", "low"]);

const DecisionTaken = z.object({
  decision: z.string().min(1).max(limits.decisionCharactersMax),
  alternative: z.string().max(limits.decisionCharactersMax),
  reason: z.string().max(limits.decisionCharactersMax),
  confidence: Confidence,
  files: z.array(z.string().max(limits.pathCharactersMax)).max(limits.decisionFilesMax),
});

/** Everything that one run needs to know. The job's inputs carry nothing but ids and the app's address. */
export const Job = z.object({
  runId: z.string(),
  taskId: z.string(),
  attempt: z.int().positive(),
  repository: z.object({ owner: z.string(), name: z.string() }),
  issueNumber: z.int(),
  phase: Phase,
  /** Slugs of the steps that this run must do, in order; the others are on the branch already. */
  stepsToDo: z.array(z.string()),
  /** The commit whose tree is the work tree: the head of the phase branch, or of the base. */
  headSha: z.string(),
  /** The commit that the repository's own configuration for agents comes from. */
  baseSha: z.string(),
  /** The issue's frozen text. Data, never instructions of ours. */
  prompt: z.object({ title: z.string(), text: z.string() }),
  /** What a rework must mend. */
  findings: z.array(Finding),
  /** What reviewers ask of this rework and nobody answered yet; empty for any other run. Since version 2. */
  feedback: z.array(Feedback).max(limits.feedbackMax),
  /** Answers that the agent may not have heard; those that its conversation had are told apart by number and moment. Since version 3, like what follows. */
  answers: z.array(PersonAnswer).max(limits.answersMax),
  dependencies: z.array(JobDependency),
  /** How often each step of the phase has asked questions in earlier runs; steps that never did are missing. Since version 5. */
  questionRounds: z.record(z.string(), z.int().positive()),
  /** What the run goes on from, to be fetched; null where it starts afresh. */
  checkpoint: z.object({ checkpointId: z.string().max(200) }).nullable(),
  prices: z.array(PriceOverride),
  model: z.string(),
  /**
   * Where the phase is one: what the run replies to, and what was said before, the newest last. Null for any other phase.
   * Since version 5.
   */
  conversation: z
    .object({ turns: z.array(Turn).max(limits.turnsMax), earlier: z.array(Turn).max(limits.turnsMax) })
    .nullable(),
  /** What stands in every prompt, and what is told with the first value of a service. Since version 5, like the next. */
  guides: z.object({
    common: z.string(),
    integrations: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        secrets: z.array(z.string()),
        guide: z.string(),
      }),
    ),
  }),
  /**
   * What the repository's settings say of services: `name` is what lies there in the place of a guide's `insteadOf`, and the values
   * are no secrets. Absent where they say nothing, and ignored by a runner that came before it.
   */
  services: z
    .object({
      names: z.array(
        z.object({
          service: z.string(),
          type: z.enum(["api_key", "env_variable"]),
          name: z.string().max(limits.nameCharactersMax),
          insteadOf: z.string(),
        }),
      ),
      values: z.array(z.object({ service: z.string(), name: z.string(), value: z.string() })),
    })
    .exactOptional(),
  /**
   * Servers of tools over HTTP that the settings give to the agent, on hosts that the operator allows at this moment; `tokenSecret`
   * names what is asked for like any other dependency. Absent where there are none, and ignored by a runner that came before it.
   */
  mcpServers: z
    .array(
      z.object({
        name: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/u),
        url: z.url(),
        tokenSecret: z.string().max(limits.nameCharactersMax).nullable(),
      }),
    )
    .exactOptional(),
  /**
   * Where people are asked for tools outside a step's list: what they said so far in the phase. Absent where such tools are refused
   * without a question, and ignored by a runner that came before it, which refuses them all.
   */
  permissions: z
    .array(
      z.object({
        requestId: z.string().max(240),
        tool: z.string().max(limits.nameCharactersMax),
        command: z.string().max(limits.commandCharactersMax).nullable(),
        isAllowed: z.boolean(),
      }),
    )
    .exactOptional(),
  /** Most that one reply of the model may hold; null where the agent says. */
  maxTokens: z.int().positive().nullable(),
  /** Who does the steps of the phase, and who looks at them: `model` as the repository's settings have it. */
  roles: z.array(z.object({ name: z.string(), model: z.string(), tools: z.array(z.string()), prompt: z.string() })),
  language: z.enum(["en", "ko"]),
  /** US dollars that are left for this run. */
  budgetUsd: z.number(),
  /** The verifier's own limits; its money is part of the run's. */
  verification: z.object({
    budgetUsd: z.number().nonnegative(),
    minutes: z.number().positive(),
    testMinutes: z.number().positive(),
  }),
  /**
   * Where the programs of the run may connect to, and hosts beside the registries. Absent: anywhere.
   * Only for a runner that says `limitsNetwork`: another one would pass over it.
   */
  network: z
    .object({ access: z.enum(["open", "registries", "none"]), hosts: z.array(z.string().max(253)).max(100) })
    .exactOptional(),
  /** The same findings came back: the agent is told to go about it another way. */
  isRepeated: z.boolean(),
  /** Those of the attempt before, so that what stays the same is named the same. */
  decisions: z.array(DecisionTaken).max(limits.decisionsMax),
  /** The base that the first changeset is to be merged with, and where the two parted; null for most runs. */
  merge: z.object({ baseSha: z.string(), mergeBaseSha: z.string() }).nullable(),
  limits: z.object({
    /** Rounds in one step after the first, for what a quick check misses. */
    moreRoundsMax: z.int().nonnegative(),
    stepMinutes: z.number().positive(),
    noOutputMinutes: z.number().positive(),
    heartbeatSeconds: z.number().positive(),
    /** After which the run ends with a checkpoint, and another goes on. */
    sliceMinutes: z.number().positive(),
  }),
});
export type Job = z.infer<typeof Job>;

export const SessionRequest = z.object({
  protocol: z.int(),
  oidcToken: z.string().max(16_384),
  runId: z.string().max(200),
  /** It keeps to the job's `network`, or does not start. */
  limitsNetwork: z.boolean().optional(),
  /** Fingerprint of the model credential: what a limit or a bad key holds back. Since version 3. */
  account: z
    .string()
    .regex(/^[0-9a-f]{16}$/u)
    .nullable()
    .default(null),
});
export type SessionRequest = z.infer<typeof SessionRequest>;

export const SessionAnswer = z.object({
  protocol: z.int(),
  runToken: z.string(),
  /** 32 bytes in base64: seals the envelope that goes out as an artifact where the app can't be reached. */
  sealKey: z.base64(),
  job: Job,
});
export type SessionAnswer = z.infer<typeof SessionAnswer>;

type StepOfVersion4 = Omit<Job["phase"]["steps"][number], "source" | "role" | "questionRoundsMax">;

/** Without what came in version 5. Its findings and criteria know the checks of then. */
export type SessionAnswerOfVersion4 = Omit<SessionAnswer, "job"> & {
  readonly job: Omit<Job, "guides" | "maxTokens" | "roles" | "questionRounds" | "conversation" | "phase"> & {
    readonly phase: Omit<Job["phase"], "mode" | "plans" | "root" | "reviewers" | "afterFailure" | "steps"> & {
      readonly steps: readonly StepOfVersion4[];
    };
  };
};

const Text = z.string().max(limits.eventTextCharactersMax);

/** Live telemetry (Q27). Not events of the task: nothing is decided on it. */
export const LiveEvent = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("log"), level: z.enum(["info", "warn", "error"]), text: Text }),
  z.object({ kind: z.literal("step-started"), step: z.string().max(200), number: z.int(), total: z.int() }),
  /** What the agent does right now, e.g. `Write docs/planning/01_idea.md`. */
  z.object({
    kind: z.literal("action"),
    step: z.string().max(200),
    text: Text,
    /** The document that is being written (F2.1), relative to the root. Since version 3. */
    document: z.string().max(limits.pathCharactersMax).nullable().default(null),
  }),
  z.object({
    kind: z.literal("round"),
    step: z.string().max(200),
    round: z.int(),
    findings: z.array(Finding).max(limits.findingsMax),
  }),
  /** Totals of the run so far. */
  z.object({ kind: z.literal("usage"), spent: Spent }),
  z.object({ kind: z.literal("verifying") }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;

export const EventsRequest = z.object({
  /** Each numbered from 1 in the run; an empty list is a heartbeat. */
  events: z
    .array(z.object({ number: z.int().positive(), at: z.iso.datetime(), event: LiveEvent }))
    .max(limits.eventsPerBatchMax),
});
export type EventsRequest = z.infer<typeof EventsRequest>;

export const EventsAnswer = z.object({
  /** Highest number that is stored; what is at or below it need not be sent again. */
  acknowledged: z.int().nonnegative(),
  /** True when the run should stop at once: it was cancelled, or it is no longer the task's run. */
  stop: z.boolean(),
});
export type EventsAnswer = z.infer<typeof EventsAnswer>;

export const FileChange = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("written"),
    path: z.string().max(limits.pathCharactersMax),
    mode: z.enum(["100644", "100755", "120000"]),
    contentBase64: z.string(),
  }),
  z.object({ kind: z.literal("deleted"), path: z.string().max(1_000) }),
]);
export type FileChange = z.infer<typeof FileChange>;

export const StepRequest = z.object({
  step: z.string().max(200),
  changes: z.array(FileChange).max(2_000),
  spent: Spent,
  /** Findings of the quick checks that were left after the last round. */
  findings: z.array(Finding).max(limits.findingsMax),
  answers: z.array(Answer).max(limits.feedbackMax).default([]),
  /** Answers of people that the conversation had. Since version 3. */
  told: z
    .array(z.object({ number: z.int().positive(), at: z.iso.datetime() }))
    .max(limits.answersMax)
    .default([]),
  /** To the people of a conversation: the agent's last message. Absent in any other phase. Since version 5. */
  reply: z.string().max(limits.replyCharactersMax).optional(),
  security: SecurityNotes,
});
export type StepRequest = z.infer<typeof StepRequest>;

const Outcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("completed") }),
  z.object({ kind: z.literal("nothing-to-do") }),
  z.object({ kind: z.literal("rate-limited"), resetsAt: z.iso.datetime().nullable(), message: z.string() }),
  z.object({ kind: z.literal("budget-exhausted"), spentUsd: z.number(), budgetUsd: z.number() }),
  z.object({ kind: z.literal("slice-ended") }),
  /** What it waits for came before, as requests. Since version 3, like the next two. */
  z.object({ kind: z.literal("waiting-question") }),
  z.object({ kind: z.literal("waiting-dependency") }),
  z.object({
    kind: z.literal("provider-refused"),
    why: z.enum(["authentication", "billing", "model-not-found"]),
    message: z.string(),
  }),
  z.object({
    kind: z.literal("failed"),
    message: z.string(),
    findings: z.array(Finding).max(limits.findingsMax),
  }),
  z.object({ kind: z.literal("lost"), message: z.string() }),
  z.object({ kind: z.literal("cancelled") }),
]);

const Verdict = z.object({
  criterion: CriterionId,
  passed: z.boolean(),
  confidence: Confidence,
  reason: z.string().max(limits.verdictReasonCharactersMax),
  evidence: z
    .array(
      z.object({
        path: z.string().max(limits.pathCharactersMax),
        line: z.int().positive().nullable(),
        quote: z.string().max(limits.evidenceCharactersMax),
      }),
    )
    .max(limits.evidenceMax),
});

const TestRun = z.object({
  command: z.string().max(500),
  result: z.enum(["passed", "failed", "timed-out", "could-not-run"]),
  exitCode: z.int().nullable(),
  seconds: z.number().nonnegative(),
  tail: z.string().max(limits.testTailCharactersMax),
});

/** What only the run can tell of its work; redacted. The app adds its own look to it. */
export const RunnerReport = z.object({
  verdicts: z.array(Verdict).max(limits.criteriaMax),
  judgeFault: z.string().max(limits.errorMessageCharactersMax).nullable(),
  tests: TestRun.nullable(),
  decisions: z.array(DecisionTaken).max(limits.decisionsMax),
});
export type RunnerReport = z.infer<typeof RunnerReport>;

export const OutcomeRequest = z.object({
  outcome: Outcome,
  /** With an outcome that ends the work of a phase; null with all others. Since version 4. */
  report: RunnerReport.nullable().default(null),
  /** Spent since the last step that was handed over. */
  spent: Spent,
  security: SecurityNotes,
});
export type OutcomeRequest = z.infer<typeof OutcomeRequest>;

export const Acknowledged = z.object({
  acknowledged: z.literal(true),
  stop: z.boolean(),
  /** After a step: answers that came since, for the next one (Q11). */
  answers: z.array(PersonAnswer).max(limits.answersMax).default([]),
});
export type Acknowledged = z.infer<typeof Acknowledged>;
/** As it is sent: what there is none of is left out, and version 2 knows no more. */
export type Acknowledgement = z.input<typeof Acknowledged>;

/** Every refusal of the app to a runner. `message` names the next step for the person who reads the job's log. */
export const RunnerError = z.object({
  error: z.enum([
    "bad-request",
    "unsupported-protocol",
    "identity-refused",
    "unknown-run",
    "already-started",
    "token-refused",
    "too-large",
    /** There is nothing to go on from: the phase goes on from its branch. */
    "no-checkpoint",
    "unavailable",
  ]),
  message: z.string(),
});
export type RunnerError = z.infer<typeof RunnerError>;
