import { isLiftedByWords, outlastsDone, type Conversation, type TurnReply } from "../conversation.ts";
import type { EventOf } from "../events.ts";
import type { ChangesetId } from "../ids.ts";
import { liveRunOf, type ExistingTask, type PhaseProgress, type TaskFacts } from "../state.ts";
import { countersAfresh } from "./counters.ts";
import { factsOf } from "./facts.ts";
import { onPhase, withoutMerge } from "./phases.ts";

/** Said after `/done` it takes the conversation up again: what was presented, or about to be, is none any more. */
export function turnSaid(state: ExistingTask, event: EventOf<"TurnSaid">): ExistingTask {
  const facts = factsOf(state);
  const { blockedBy } = facts;
  const { by, commentId, textHash } = event;
  const wasDone = facts.phases.some(({ phase, conversation }) => phase === event.phase && conversation?.doneBy != null);
  const phases = onPhase(facts, event.phase, (phase) => {
    if (phase.conversation === null) return phase;
    const { said } = phase.conversation;
    const known = said.find((turn) => turn.commentId === commentId);
    const number = known?.number ?? said.length + 1;
    const turn = { number, by, commentId, textHash, carried: false, settled: false };
    return {
      ...phase,
      ...countersAfresh,
      accepted: null,
      conversation: {
        ...phase.conversation,
        said: known === undefined ? [...said, turn] : said.map((each) => (each === known ? turn : each)),
        doneBy: null,
      },
    };
  });
  const next = { ...facts, phases, blockedBy: blockedBy !== null && isLiftedByWords(blockedBy) ? null : blockedBy };
  const isShown = state.status === "review" || (wasDone && state.status === "in_progress" && state.run === null);
  return isShown ? { ...next, status: "pending", run: null } : { ...state, ...next };
}

export function turnAnswered(state: ExistingTask, event: EventOf<"TurnAnswered">): ExistingTask {
  return {
    ...state,
    phases: inConversation(state, event.phase, (conversation) => {
      const { changesetId, textHash, changed } = event;
      const heard = conversation.said.filter((turn) => turn.carried).at(-1)?.number ?? 0;
      const reply = { number: conversation.replies.length + 1, textHash, changesetId, changed, heard, ...unseen };
      return {
        ...conversation,
        said: conversation.said.map((turn) => (turn.carried ? { ...turn, settled: true } : turn)),
        replies: [...conversation.replies, reply],
      };
    }),
  };
}

/** Before anybody has looked at it. */
const unseen = { commitSha: null, findings: [] } as const;

export function onReply(
  { conversation }: PhaseProgress,
  changesetId: ChangesetId | null,
  known: Partial<Pick<TurnReply, "commitSha" | "findings">>,
): Conversation | null {
  if (conversation === null || changesetId === null) return conversation;
  const replies = conversation.replies.map((reply) =>
    reply.changesetId === changesetId ? { ...reply, ...known } : reply,
  );
  return { ...conversation, replies };
}

/** A run that is at work goes on to its end; nothing else starts. */
export function conversationClosed(state: ExistingTask, event: EventOf<"ConversationClosed">): ExistingTask {
  const isAtWork = liveRunOf(state) !== null;
  const facts = factsOf(state);
  const { blockedBy } = facts;
  const closed = {
    ...facts,
    blockedBy: blockedBy === null || outlastsDone(blockedBy) ? blockedBy : null,
    phases: onPhase(facts, event.phase, (phase) => ({
      ...phase,
      conversation:
        phase.conversation === null
          ? null
          : {
              ...phase.conversation,
              doneBy: event.by,
              said: phase.conversation.said.map((turn) =>
                isAtWork && turn.carried ? turn : { ...turn, settled: true },
              ),
            },
    })),
  };
  return isAtWork ? { ...state, ...closed } : { ...closed, status: "in_progress", run: null };
}

export function conversationSettled(state: ExistingTask, event: EventOf<"ConversationSettled">): ExistingTask {
  return { ...withoutMerge(state, event, ""), blockedBy: null };
}

export function inConversation(
  facts: TaskFacts,
  phase: number,
  change: (conversation: Conversation) => Conversation,
): readonly PhaseProgress[] {
  return onPhase(facts, phase, (progress) =>
    progress.conversation === null ? progress : { ...progress, conversation: change(progress.conversation) },
  );
}
