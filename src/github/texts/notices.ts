import type { Notice } from "../../control/ports/notices.ts";
import type { Dependency, Question } from "../../core/dialogue.ts";
import { workflowPath } from "../workflow-file.ts";
import { answerVerdict } from "./answers.ts";
import { ciWords, failedChecks } from "./ci.ts";
import { blockText, sentence, type BlockContext, type BlockText } from "./blocked.ts";
import { commandTable } from "./commands.ts";
import { faultList } from "./configuration.ts";
import { configText } from "./config.ts";
import { vetoUsage } from "./decisions.ts";
import { block, code, link, person, plain } from "./escape.ts";
import { findingsCount, findingsList } from "./findings-list.ts";
import { shaCharacters } from "./format.ts";
import { reworkUsage } from "./gate.ts";
import { calling, needsPeople } from "./mention.ts";
import { listed } from "./places.ts";
import { howToAnswer } from "./questions.ts";
import { rippleSettledText, rippleText } from "./ripple.ts";
import { summaryText } from "./summary.ts";
import type { Say } from "./words.ts";

const questionCharactersMax = 500;
const fileCharactersMax = 20_000;

/** A comment that is written once and never edited: what happened, why, and what to do next. */
export function noticeText(notice: Notice, context: BlockContext): string {
  const { say, links } = context;
  switch (notice.kind) {
    case "blocked": {
      const { what, why, next, file } = blockText(notice.reason, notice.task, context, {
        forecast: notice.forecast,
        awaited: notice.awaited,
      });
      const said = lines(say, what, why, next);
      const told = needsPeople(notice.reason) ? calling(said, notice.task) : said;
      return file === undefined ? told : `${told}\n\n${fileToCopy(file, say)}`;
    }
    case "second-label":
      return lines(
        say,
        say`The label ${code(notice.label, 50)} starts nothing: ${code(notice.running, 50)} is at work on this issue.`,
        say`One task runs on an issue at a time.`,
        say`let it end or comment \`/cancel\` here, then take ${code(notice.label, 50)} off and set it again. For two tasks at once, open a second issue.`,
      );
    case "not-taken-up":
      return lines(
        say,
        say`The label ${code(notice.label, 50)} started nothing: what a task needs could not be looked up, however often the app tried.`,
        say`The last try ended with: ${plain(notice.why, 400)}`,
        say`comment ${"`/doctor`"} here to see what is missing, mend it, then take ${code(notice.label, 50)} off and set it again.`,
      );
    case "playbook-faulty":
      return lines(
        say,
        say`The label ${code(notice.label, 50)} starts nothing: its playbook has ${say.count(notice.faults.length, "fault", "faults")} in this repository.`,
        "",
        say`mend what stands below in the default branch, then take ${code(notice.label, 50)} off and set it again.`,
      ).concat(`\n\n${faultList(notice.faults, say)}`);
    case "help":
      return help(say);
    case "doctor":
      return `${say`**Phasegate looked at this repository: ${findingsCount(notice.findings, say)}.**`}\n\n${findingsList(notice.findings, say)}`;
    case "config":
      return configText(notice, context);
    case "unknown-command":
      return `${say`Phasegate knows no command ${code(notice.typed, 60)}, so nothing was done. These are the commands:`}\n\n${help(say)}`;
    case "refused":
      return lines(
        say,
        sentence(say`${code(notice.command, 60)} was not carried out: ${plain(say.of(notice.reason), 400)}`),
        "",
        say`the status comment of the issue says how the task stands and what it waits for; \`/help\` lists the commands.`,
      );
    case "feedback-answered":
      return feedbackAnswered(notice.answers, context);
    case "review-required": {
      const pull = link(`#${notice.pullRequest}`, links.pull(notice.pullRequest));
      return lines(
        say,
        say`Your approval is recorded, but GitHub does not let ${pull} be merged yet.`,
        say`A rule of its base branch wants an approving review, and GitHub counts only one that is given on the pull request itself. The app cannot give it for you.`,
        say`open ${link("*Files changed*", links.files(notice.pullRequest))}, choose *Approve* under *Review changes*, submit it, then merge ${pull}.`,
      );
    }
    case "unverified-head": {
      const pull = link(`#${notice.pullRequest}`, links.pull(notice.pullRequest));
      const commit = link(code(notice.headSha.slice(0, shaCharacters)), links.commit(notice.headSha));
      return lines(
        say,
        say`${person(notice.by)} approved ${commit}, which holds commits that were not verified, so the app does not merge ${pull} by itself.`,
        say`They were pushed on top of what the app verified. This repository's settings say \`merge: auto\`, which merges nothing that nobody verified.`,
        say`merge ${pull} yourself, or comment \`/rework\` with what to change to have all of it verified.`,
      );
    }
    case "action-outdated":
      return actionOutdated(notice, context);
    case "question-reminder":
      return questionReminder(notice.questions, say);
    case "answer-not-yours":
      return lines(
        say,
        say`${person(notice.login)} answered a question of the agent, but that answer was not taken.`,
        say`Answers to this task count from people with write access to the repository, and from ${person(notice.author)}, who opened the issue.`,
        say`if the answer is right, one of them says it again: \`/answer\` and the answer. This is said once.`,
      );
    case "value-refused":
      return valueRefused(notice.dependency, context);
    case "secret-pasted":
      return secretPasted(notice, context);
    case "veto-reason":
      return lines(
        say,
        say`${person(notice.by)} vetoed decision ${notice.number}: ${plain(notice.decision, questionCharactersMax)}`,
        say`Without a reason the agent could only guess what would be better, so nothing is changed yet.`,
        say`comment ${code(vetoUsage(notice.number, say))} here, with your reason. Or take the tick away to let the decision stand.`,
      );
    case "ci":
      return ciNotice(notice, context);
    case "ripple":
      return rippleText(notice, context);
    case "ripple-settled":
      return rippleSettledText(notice, say);
    case "summary":
      return summaryText(notice.task, context);
    case "conflict":
      return conflictNotice(notice, say);
  }
}

/** The agent can't bring the two together, or must not. */
function conflictNotice({ base, why, paths, reworks }: Extract<Notice, { kind: "conflict" }>, say: Say): string {
  const branch = code(base, 100);
  const what = say`This pull request conflicts with ${branch}, and can't be merged as it is.`;
  const byHand = say`merge ${branch} into this branch by hand and push it here.`;
  switch (why) {
    case "again":
      return lines(
        say,
        what,
        say`The agent has brought the two together ${say.count(reworks, "time", "times")}, and ${branch} went on. It does not try again by itself.`,
        say`merge ${branch} into this branch by hand and push it here; or comment ${code(reworkUsage(say))} here, after which the agent resolves conflicts again.`,
      );
    case "not-ours":
      return lines(
        say,
        what,
        say`Both sides changed what the agent may not change in this phase, or what can't be merged as text: ${listed(
          paths.map((path) => code(path, 200)),
          say,
        )}.`,
        byHand,
      );
    case "unclear":
      return lines(
        say,
        what,
        say`No file was found that both sides changed, so the agent has nothing to go by.`,
        byHand,
      );
  }
}

/** A person is needed: the checks never started, or the agent could not make them pass. */
function ciNotice({ ci, reworks, headSha }: Extract<Notice, { kind: "ci" }>, { links, say }: BlockContext): string {
  const sha = link(code(headSha.slice(0, shaCharacters)), links.commit(headSha));
  const reason = ci.reason === null ? "" : sentence(plain(ci.reason, questionCharactersMax));
  if (ci.kind === "never-started") {
    return lines(
      say,
      say`The repository's own checks never started on ${sha}.`,
      [reason, ci.failed.length === 0 ? "" : say`See ${failedChecks(ci, say)}.`]
        .filter((part) => part !== "")
        .join(" "),
      say`mend that and push a commit to this branch, which makes them start; or review the pull request without them and merge it.`,
    );
  }
  if (ci.kind === "red") {
    const why = reason === "" ? say`The agent does not go at them again by itself.` : reason;
    const tried = say.count(reworks, "time", "times");
    return lines(
      say,
      ci.failed.length === 0
        ? say`The repository's own checks failed on ${sha}.`
        : sentence(say`The repository's own checks failed on ${sha}: ${failedChecks(ci, say)}`),
      reworks === 0 ? why : `${say`The agent was sent back for them ${tried}.`} ${why}`,
      say`have the failed ones run again if they fail now and then; comment ${code(reworkUsage(say))} here to send the agent back with your words; push the repair to this branch yourself; or merge all the same.`,
    );
  }
  return lines(say, say`The repository's own checks on ${sha}: ${ciWords(ci, say)}.`, "", say`nothing to do now.`);
}

function questionReminder(questions: readonly Question[], say: Say): string {
  const asked = questions.map(
    ({ number, question }) => say`- **Question ${number}:** ${plain(question, questionCharactersMax)}`,
  );
  return lines(
    say,
    questions.length === 1
      ? say`The agent has waited for a day for an answer:`
      : say`The agent has waited for a day for answers:`,
    asked.join("\n"),
    `${howToAnswer(questions, say)}\n\n${say`This is the only reminder: the task waits for as long as it takes.`}`,
  );
}

function valueRefused({ name, refused }: Dependency, { links, say }: BlockContext): string {
  return lines(
    say,
    `${say`**The value of ${code(name, 100)} was tried before the agent got it, and does not work.**`} ${sentence(plain(refused ?? "", 500))}`,
    say`The task waits for another one.`,
    say`give it a new value among the ${link(say`repository secrets`, links.secrets)} or ${link(say`variables`, links.variables)}. It is tried again as soon as it is there; the request for it says more.`,
  );
}

/** Hiding undoes nothing: whoever got the mail has it. */
function secretPasted(
  { what, hidden, names }: Extract<Notice, { kind: "secret-pasted" }>,
  { links, say }: BlockContext,
): string {
  const named = names.map((name) => code(name, 100));
  const secret = link(say`a repository secret`, links.newSecret);
  return lines(
    say,
    say`**A comment here holds what looks like a credential: ${plain(what, 100)}.** It was not taken as an answer, and the agent did not get it.`,
    hidden
      ? say`Phasegate hid the comment. Everybody can still unfold it, and GitHub has sent it out by mail: whoever follows this repository may have it.`
      : say`GitHub did not let Phasegate hide the comment. Everybody can still read it, and GitHub has sent it out by mail: whoever follows this repository may have it.`,
    [
      say`whoever it belongs to`,
      "",
      say`1. revokes it where it was made, and makes a new one,`,
      say`2. deletes the comment (*⋯*, then *Delete*),`,
      named.length === 0
        ? say`3. adds the new one as ${secret}, never as a comment.`
        : say`3. adds the new one as ${secret} with the name ${listed(named, say)}, never as a comment.`,
    ].join("\n"),
  );
}

/** Folded, since nobody reads it; with the button that copies it. */
function fileToCopy({ path, text }: NonNullable<BlockText["file"]>, say: Say): string {
  return `<details><summary>${say`The current ${path}, to be copied`}</summary>\n\n${block(text, fileCharactersMax)}\n\n</details>`;
}

function help(say: Say): string {
  return [
    say`Write a command at the start of a line of its own, in a comment on the issue or on a pull request of its task. People with write access may give commands; questions may also be answered by whoever opened the issue.`,
    commandTable(say),
  ].join("\n\n");
}

const answerCharactersMax = 2_000;

function feedbackAnswered(
  answers: Extract<Notice, { kind: "feedback-answered" }>["answers"],
  { links, say }: BlockContext,
): string {
  return lines(
    say,
    say`What was asked for outside of threads is answered:`,
    answers
      .map((answer) => {
        const words = plain(answer.text, answerCharactersMax);
        return `- ${whoAsked(answer, say)}: ${answerVerdict(answer, links, say)}${words === "" ? "" : ` ${words}`}`;
      })
      .join("\n"),
    say`look at the changes in the pull request. Where something is still missing, request changes in a review or comment \`/rework\` with what to change.`,
  );
}

function whoAsked({ id, by }: { readonly id: string; readonly by: string }, say: Say): string {
  if (id.startsWith("ci:")) return say`The repository's own checks`;
  if (id.startsWith("conflict:")) return say`A conflict with the base branch`;
  const number = /^veto:\d+:\d+:(\d+)$/u.exec(id)?.[1];
  if (id.startsWith("ripple:")) return say`What follows from a changed item`;
  if (number !== undefined) return say`${person(by)}, who vetoed decision ${number}`;
  return id.startsWith("review:") ? say`${person(by)} in a review` : say`${person(by)} with \`/rework\``;
}

function actionOutdated(
  { spoken, current }: Extract<Notice, { kind: "action-outdated" }>,
  { links, defaultBranch, actionRef, say }: BlockContext,
): string {
  const uses = code(`uses: ${actionRef}`);
  return lines(
    say,
    say`This repository runs an older Phasegate action than the app: it speaks version ${spoken} of their protocol, the app version ${current}.`,
    say`Runs still work, but what came with the newer version is missing, and an app after this one may refuse the old action.`,
    say`${link(say`edit ${code(workflowPath)}`, links.editFile(defaultBranch, workflowPath))}: let the line with ${code("uses:")} say ${uses}, and commit it to ${code(defaultBranch)}. The next run takes it.`,
  );
}

function lines(say: Say, what: string, why: string, next: string): string {
  return [what, why, say`*Next:* ${next}`].filter((line) => line !== "").join("\n\n");
}
