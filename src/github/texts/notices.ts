import type { Notice } from "../../control/ports.ts";
import type { Dependency, Question } from "../../core/dialogue.ts";
import { workflowPath } from "../workflow-file.ts";
import { answerVerdict } from "./answers.ts";
import { ciWords, failedChecks } from "./ci.ts";
import { blockText, sentence, type BlockContext, type BlockText } from "./blocked.ts";
import { commandTable } from "./commands.ts";
import { faultList } from "./configuration.ts";
import { configText } from "./config.ts";
import { block, code, link, person, plain } from "./escape.ts";
import { findingsCount, findingsList } from "./findings-list.ts";
import { count, shaCharacters } from "./format.ts";
import type { Links } from "./links.ts";
import { calling, needsPeople } from "./mention.ts";
import { listed } from "./places.ts";
import { howToAnswer } from "./questions.ts";
import { rippleSettledText, rippleText } from "./ripple.ts";
import { summaryText } from "./summary.ts";

const questionCharactersMax = 500;
const fileCharactersMax = 20_000;

/** A comment that is written once and never edited: what happened, why, and what to do next. */
export function noticeText(notice: Notice, context: BlockContext): string {
  switch (notice.kind) {
    case "blocked": {
      const { what, why, next, file } = blockText(notice.reason, notice.task, context, {
        forecast: notice.forecast,
        awaited: notice.awaited,
      });
      const told = needsPeople(notice.reason) ? calling(lines(what, why, next), notice.task) : lines(what, why, next);
      return file === undefined ? told : `${told}\n\n${fileToCopy(file)}`;
    }
    case "second-label":
      return lines(
        `The label ${code(notice.label, 50)} starts nothing: ${code(notice.running, 50)} is at work on this issue.`,
        "One task runs on an issue at a time.",
        `let it end or comment \`/cancel\` here, then take ${code(notice.label, 50)} off and set it again. For two tasks at once, open a second issue.`,
      );
    case "playbook-faulty":
      return lines(
        `The label ${code(notice.label, 50)} starts nothing: its playbook has ${count(notice.faults.length, "fault", "faults")} in this repository.`,
        "",
        `mend what stands below in the default branch, then take ${code(notice.label, 50)} off and set it again.`,
      ).concat(`\n\n${faultList(notice.faults)}`);
    case "help":
      return help;
    case "doctor":
      return `**Phasegate looked at this repository: ${findingsCount(notice.findings)}.**\n\n${findingsList(notice.findings)}`;
    case "config":
      return configText(notice, context);
    case "unknown-command":
      return `Phasegate knows no command ${code(notice.typed, 60)}, so nothing was done. These are the commands:\n\n${help}`;
    case "refused":
      return lines(
        sentence(`${code(notice.command, 60)} was not carried out: ${plain(context.say.of(notice.reason), 400)}`),
        "",
        "the status comment of the issue says how the task stands and what it waits for; `/help` lists the commands.",
      );
    case "feedback-answered":
      return feedbackAnswered(notice.answers, context);
    case "review-required": {
      const pull = link(`#${notice.pullRequest}`, context.links.pull(notice.pullRequest));
      return lines(
        `Your approval is recorded, but GitHub does not let ${pull} be merged yet.`,
        "A rule of its base branch wants an approving review, and GitHub counts only one that is given on the pull request itself. The app cannot give it for you.",
        `open ${link("*Files changed*", context.links.files(notice.pullRequest))}, choose *Approve* under *Review changes*, submit it, then merge ${pull}.`,
      );
    }
    case "unverified-head": {
      const pull = link(`#${notice.pullRequest}`, context.links.pull(notice.pullRequest));
      const commit = link(code(notice.headSha.slice(0, shaCharacters)), context.links.commit(notice.headSha));
      return lines(
        `${person(notice.by)} approved ${commit}, which holds commits that were not verified, so the app does not merge ${pull} by itself.`,
        "They were pushed on top of what the app verified. This repository's settings say `merge: auto`, which merges nothing that nobody verified.",
        `merge ${pull} yourself, or comment \`/rework\` with what to change to have all of it verified.`,
      );
    }
    case "action-outdated":
      return actionOutdated(notice, context);
    case "question-reminder":
      return questionReminder(notice.questions);
    case "answer-not-yours":
      return lines(
        `${person(notice.login)} answered a question of the agent, but that answer was not taken.`,
        `Answers to this task count from people with write access to the repository, and from ${person(notice.author)}, who opened the issue.`,
        "if the answer is right, one of them says it again: `/answer` and the answer. This is said once.",
      );
    case "value-refused":
      return valueRefused(notice.dependency, context.links);
    case "secret-pasted":
      return secretPasted(notice, context.links);
    case "veto-reason":
      return lines(
        `${person(notice.by)} vetoed decision ${notice.number}: ${plain(notice.decision, questionCharactersMax)}`,
        "Without a reason the agent could only guess what would be better, so nothing is changed yet.",
        `comment ${code(`/veto ${notice.number} because …`)} here, with your reason. Or take the tick away to let the decision stand.`,
      );
    case "ci":
      return ciNotice(notice, context.links);
    case "ripple":
      return rippleText(notice, context.links);
    case "ripple-settled":
      return rippleSettledText(notice);
    case "summary":
      return summaryText(notice.task, context);
    case "conflict":
      return conflictNotice(notice);
  }
}

/** The agent can't bring the two together, or must not. */
function conflictNotice({ base, why, paths, reworks }: Extract<Notice, { kind: "conflict" }>): string {
  const branch = code(base, 100);
  const what = `This pull request conflicts with ${branch}, and can't be merged as it is.`;
  const byHand = `merge ${branch} into this branch by hand and push it here`;
  switch (why) {
    case "again":
      return lines(
        what,
        `The agent has brought the two together ${count(reworks, "time", "times")}, and ${branch} went on. It does not try again by itself.`,
        `${byHand}; or comment ${code("/rework <what to change>")} here, after which the agent resolves conflicts again.`,
      );
    case "not-ours":
      return lines(
        what,
        `Both sides changed what the agent may not change in this phase, or what can't be merged as text: ${listed(paths.map((path) => code(path, 200)))}.`,
        `${byHand}.`,
      );
    case "unclear":
      return lines(what, "No file was found that both sides changed, so the agent has nothing to go by.", `${byHand}.`);
  }
}

/** A person is needed: the checks never started, or the agent could not make them pass. */
function ciNotice({ ci, reworks, headSha }: Extract<Notice, { kind: "ci" }>, links: Links): string {
  const sha = link(code(headSha.slice(0, shaCharacters)), links.commit(headSha));
  const reason = ci.reason === null ? "" : sentence(plain(ci.reason, questionCharactersMax));
  if (ci.kind === "never-started") {
    return lines(
      `The repository's own checks never started on ${sha}.`,
      `${reason}${ci.failed.length === 0 ? "" : ` See ${failedChecks(ci)}.`}`,
      "mend that and push a commit to this branch, which makes them start; or review the pull request without them and merge it.",
    );
  }
  if (ci.kind === "red") {
    const failed = ci.failed.length === 0 ? "" : `: ${failedChecks(ci)}`;
    const tried = reworks === 0 ? "" : `The agent was sent back for them ${count(reworks, "time", "times")}. `;
    return lines(
      sentence(`The repository's own checks failed on ${sha}${failed}`),
      `${tried}${reason === "" ? "The agent does not go at them again by itself." : reason}`,
      `have the failed ones run again if they fail now and then; comment ${code("/rework <what to change>")} here to send the agent back with your words; push the repair to this branch yourself; or merge all the same.`,
    );
  }
  return lines(`The repository's own checks on ${sha}: ${ciWords(ci)}.`, "", "nothing to do now.");
}

function questionReminder(questions: readonly Question[]): string {
  const asked = questions.map(
    ({ number, question }) => `- **Question ${number}:** ${plain(question, questionCharactersMax)}`,
  );
  return lines(
    `The agent has waited for a day for ${questions.length === 1 ? "an answer" : "answers"}:`,
    asked.join("\n"),
    `${howToAnswer(questions)}\n\nThis is the only reminder: the task waits for as long as it takes.`,
  );
}

function valueRefused({ name, refused }: Dependency, { secrets, variables }: Links): string {
  return lines(
    `**The value of ${code(name, 100)} was tried before the agent got it, and does not work.** ${sentence(plain(refused ?? "", 500))}`,
    "The task waits for another one.",
    `*Next:* give it a new value among the ${link("repository secrets", secrets)} or ${link("variables", variables)}. It is tried again as soon as it is there; the request for it says more.`,
  );
}

/** Hiding undoes nothing: whoever got the mail has it. */
function secretPasted({ what, hidden, names }: Extract<Notice, { kind: "secret-pasted" }>, links: Links): string {
  const where = names.length === 0 ? "" : ` with the name ${listed(names.map((name) => code(name, 100)))}`;
  const hiding = hidden
    ? "Phasegate hid the comment. Everybody can still unfold it"
    : "GitHub did not let Phasegate hide the comment. Everybody can still read it";
  return lines(
    `**A comment here holds what looks like a credential: ${plain(what, 100)}.** It was not taken as an answer, and the agent did not get it.`,
    `${hiding}, and GitHub has sent it out by mail: whoever follows this repository may have it.`,
    [
      "whoever it belongs to",
      "",
      "1. revokes it where it was made, and makes a new one,",
      "2. deletes the comment (*⋯*, then *Delete*),",
      `3. adds the new one as ${link("a repository secret", links.newSecret)}${where}, never as a comment.`,
    ].join("\n"),
  );
}

/** Folded, since nobody reads it; with the button that copies it. */
function fileToCopy({ path, text }: NonNullable<BlockText["file"]>): string {
  return `<details><summary>The current ${path}, to be copied</summary>\n\n${block(text, fileCharactersMax)}\n\n</details>`;
}

const help = [
  "Write a command at the start of a line of its own, in a comment on the issue or on a pull request of its task. People with write access may give commands; questions may also be answered by whoever opened the issue.",
  "",
  commandTable(),
].join("\n");

const answerCharactersMax = 2_000;

function feedbackAnswered(
  answers: Extract<Notice, { kind: "feedback-answered" }>["answers"],
  { links }: BlockContext,
): string {
  return lines(
    "What was asked for outside of threads is answered:",
    answers
      .map((answer) => {
        const words = plain(answer.text, answerCharactersMax);
        return `- ${whoAsked(answer)}: ${answerVerdict(answer, links)}${words === "" ? "" : ` ${words}`}`;
      })
      .join("\n"),
    "look at the changes in the pull request. Where something is still missing, request changes in a review or comment `/rework` with what to change.",
  );
}

function whoAsked({ id, by }: { readonly id: string; readonly by: string }): string {
  if (id.startsWith("ci:")) return "The repository's own checks";
  if (id.startsWith("conflict:")) return "A conflict with the base branch";
  const number = /^veto:\d+:\d+:(\d+)$/u.exec(id)?.[1];
  if (id.startsWith("ripple:")) return "What follows from a changed item";
  if (number !== undefined) return `${person(by)}, who vetoed decision ${number}`;
  return `${person(by)} ${id.startsWith("review:") ? "in a review" : "with `/rework`"}`;
}

function actionOutdated(
  { spoken, current }: Extract<Notice, { kind: "action-outdated" }>,
  { links, defaultBranch, actionRef }: BlockContext,
): string {
  return lines(
    `This repository runs an older Phasegate action than the app: it speaks version ${spoken} of their protocol, the app version ${current}.`,
    "Runs still work, but what came with the newer version is missing, and an app after this one may refuse the old action.",
    `${link(`edit ${code(workflowPath)}`, links.editFile(defaultBranch, workflowPath))}: let the line with ${code("uses:")} say ${code(`uses: ${actionRef}`)}, and commit it to ${code(defaultBranch)}. The next run takes it.`,
  );
}

function lines(what: string, why: string, next: string): string {
  return [what, why, `*Next:* ${next}`].filter((line) => line !== "").join("\n\n");
}
