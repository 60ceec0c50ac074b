import type { RequestShown } from "../../control/ports/notices.ts";
import { isSettled, type ExistingTask } from "../../core/state.ts";
import type { BlockContext } from "./blocked.ts";
import { dependencyText } from "./dependency.ts";
import { person } from "./escape.ts";
import { calling } from "./mention.ts";
import { questionsText } from "./questions.ts";
import { replyText } from "./reply.ts";
import { reportedErrorText } from "./reported-error.ts";

/** The comment of what the agent asked for, as it stands now: edited in place, so that it never says what is no longer so. */
export function requestText(request: RequestShown, task: ExistingTask, context: BlockContext): string {
  if (task.erasedBy !== null) {
    return context.say`${person(task.erasedBy)} had this task deleted, and with it what the agent asked here.`;
  }
  switch (request.kind) {
    case "questions": {
      const text = questionsText(request.questions, task, context.say);
      const isOpen = request.questions.some(({ required, answer }) => required && answer === null);
      return isOpen && !isSettled(task) ? calling(text, task) : text;
    }
    case "dependency": {
      const text = dependencyText(request, task, context);
      const { required, state } = request.dependency;
      return required && state === "open" && !isSettled(task) ? calling(text, task) : text;
    }
    case "error":
      return reportedErrorText(request, task, context.say);
    case "reply":
      return replyText(request, task, context);
  }
}
