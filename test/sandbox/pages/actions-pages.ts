import type { CheckRun, Conclusion, CheckStatus, Repository, WorkflowJob, WorkflowRun } from "../state.ts";
import { repositoryPath } from "./addresses.ts";
import { html, nothing } from "./html.ts";
import type { Html } from "./html.ts";
import { commentPlace, counted, duration, note, person, time } from "./layout.ts";
import type { Page } from "./layout.ts";
import { logView } from "./log-view.ts";
import { renderMarkdown } from "./markdown.ts";

const LISTED_MAX = 200;
const ANNOTATIONS_MAX = 100;

/** Runs, newest first; of one workflow when its file is named. */
export function runsPage(repository: Repository, file: string | null): Page | null {
  const workflows = [...repository.workflows.values()];
  const workflow = workflows.find((each) => each.path.split("/").at(-1) === file);
  if (file !== null && workflow === undefined) return null;
  const all = [...repository.runs.values()].reverse();
  const found = workflow === undefined ? all : all.filter((run) => run.workflowId === workflow.id);
  const disabled = workflow !== undefined && workflow.state !== "active";
  const body = html`<h1>${workflow?.name ?? "Workflow runs"}</h1>
    ${repository.actionsEnabled ? nothing : note("GitHub Actions is switched off in this repository.")}${disabled ? note("This workflow is disabled.") : nothing}
    <div class="box">
      ${
        found.length === 0
          ? html`<div class="inside dim">No runs yet.</div>`
          : html`<ul class="list">
              ${found.slice(0, LISTED_MAX).map((run) => runItem(repository, run))}
            </ul>`
      }
    </div>
    ${found.length > LISTED_MAX ? note(`${counted(found.length - LISTED_MAX, "older run")} are not shown.`) : nothing}`;
  return { title: workflow?.name ?? "Actions", body, repository, tab: "actions" };
}

export function runItem(repository: Repository, run: WorkflowRun): Html {
  const end = run.status === "completed" ? run.updatedAt : null;
  return html`<li>
    ${checkMark(run.status, run.conclusion)}
    <a href="${repositoryPath(repository, "actions/runs", run.id)}"><b>${run.displayTitle}</b></a>
    <div class="under">
      ${run.name} #${run.runNumber} · <code>${run.headBranch}</code> · ${time(run.createdAt)}${took(run.startedAt, end)}
    </div>
  </li>`;
}

/** A run with its jobs, their steps and logs; with `jobId` that job only. */
export function runPage(repository: Repository, run: WorkflowRun, jobId: number | null): Page | null {
  const jobs = run.jobs.filter((job) => (jobId === null ? job.attempt === run.attempt : job.id === jobId));
  if (jobId !== null && jobs.length === 0) return null;
  const end = run.status === "completed" ? run.updatedAt : null;
  const artifacts = [...repository.artifacts.values()].filter((artifact) => artifact.runId === run.id);
  const body = html`<h1>${run.displayTitle} <span class="number">#${run.runNumber}</span></h1>
    <p>
      ${standing(run.status, run.conclusion)}
      <span class="dim"
        >${run.name} · ${run.event}${run.attempt > 1 ? ` · attempt ${run.attempt}` : ""} ·
        ${person(run.triggeringActor)} · ${time(run.createdAt)}${took(run.startedAt, end)}</span
      >
    </p>
    <p class="dim">
      <code>${run.headBranch}</code> at
      <a href="${repositoryPath(repository, "commit", run.headSha)}"><code>${run.headSha.slice(0, 7)}</code></a> ·
      <a href="${repositoryPath(repository, "blob", run.headSha, run.workflowPath)}">workflow file</a>
    </p>
    ${jobs.map((job) => jobView(repository, run, job))}${
      artifacts.length === 0
        ? nothing
        : html`<h2>Artifacts</h2>
            <div class="box">
              <ul class="list">
                ${artifacts.map(
                  (artifact) =>
                    html`<li>
                      ${artifact.name} <span class="dim">${counted(artifact.content.length, "byte")}</span>
                    </li>`,
                )}
              </ul>
            </div>`
    }`;
  return { title: `${run.displayTitle} · Run #${run.runNumber}`, body, repository, tab: "actions" };
}

function jobView(repository: Repository, run: WorkflowRun, job: WorkflowJob): Html {
  const steps = job.steps.map(
    (step) =>
      html`<li>
        ${checkMark(step.status, step.conclusion)} ${step.name}
        <span class="dim">${duration(step.startedAt, step.completedAt)}</span>
      </li>`,
  );
  return html`<h2 id="job-${job.id}">
      ${checkMark(job.status, job.conclusion)}
      <a href="${repositoryPath(repository, "actions/runs", run.id, "job", job.id)}">${job.name}</a>
      <span class="dim">${duration(job.startedAt, job.completedAt)}</span>
    </h2>
    <div class="box">
      <ul class="list">
        ${steps}
      </ul>
    </div>
    ${logView(job.log)}`;
}

/** What an App said of a commit. */
export function checkPage(repository: Repository, check: CheckRun): Page {
  const { title, summary, text } = check.output;
  const markdown = (body: string | null) =>
    body === null ? nothing : html`<div class="md">${renderMarkdown(body, commentPlace(repository))}</div>`;
  const annotations = check.annotations
    .slice(0, ANNOTATIONS_MAX)
    .map(({ path, start_line, message }) => html`<li><code>${path}:${start_line}</code> ${message}</li>`);
  const body = html`<h1>${check.name}</h1>
    <p>
      ${standing(check.status, check.conclusion)}
      <span class="dim"
        >on
        <a href="${repositoryPath(repository, "commit", check.headSha)}"><code>${check.headSha.slice(0, 7)}</code></a> ·
        ${time(check.startedAt)}${took(check.startedAt, check.completedAt)}</span
      >
    </p>
    ${title === null ? nothing : html`<h2>${title}</h2>`}${markdown(summary)}${markdown(text)}${
      annotations.length === 0
        ? nothing
        : html`<h2>Annotations</h2>
            <div class="box">
              <ul class="list">
                ${annotations}
              </ul>
            </div>`
    }`;
  return { title: check.name, body, repository, tab: "actions" };
}

function took(from: string, to: string | null): string {
  const text = duration(from, to);
  return text === "" ? "" : ` · ${text}`;
}

type Verdict = { readonly word: string; readonly mark: string; readonly style: string; readonly badge: string };

function verdictOf(status: CheckStatus, conclusion: Conclusion | null): Verdict {
  if (status === "queued") return { word: "Queued", mark: "○", style: "dim", badge: "" };
  if (status === "in_progress") return { word: "In progress", mark: "●", style: "busy", badge: "" };
  switch (conclusion) {
    case "success":
      return { word: "Success", mark: "✔", style: "good", badge: "open" };
    case "failure":
    case "startup_failure":
    case "timed_out":
    case "action_required":
      return {
        word: conclusion === "failure" ? "Failure" : conclusion.replaceAll("_", " "),
        mark: "✖",
        style: "bad",
        badge: "closed",
      };
    case "cancelled":
    case "skipped":
    case "neutral":
    case "stale":
    case null:
      return { word: conclusion ?? "Completed", mark: "◌", style: "dim", badge: "" };
  }
}

export function checkMark(status: CheckStatus, conclusion: Conclusion | null): Html {
  const { word, mark, style } = verdictOf(status, conclusion);
  return html`<span class="mark ${style}" title="${word}">${mark}</span>`;
}

function standing(status: CheckStatus, conclusion: Conclusion | null): Html {
  const { word, badge } = verdictOf(status, conclusion);
  return html`<span class="state ${badge}">${word}</span>`;
}
