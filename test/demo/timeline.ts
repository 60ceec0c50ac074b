import { styleText } from "node:util";
import type { DemoEvent } from "./demo-event.ts";

type Style = Parameters<typeof styleText>[0];

/** How wide a line may be where the terminal does not say. */
const columnsDefault = 100;
const descriptionColumns = 84;

export interface Terminal {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number | undefined;
}

export interface Timeline {
  show(event: DemoEvent): void;
  stop(): void;
}

/** Prints what happens as lines that stay, and, on a terminal, what the agent does right now as one line that goes. */
export function createTimeline(terminal: Terminal, now: () => number): Timeline {
  const startedAt = now();
  let current = "";
  let currentSince = 0;
  let drawn = false;

  const paint = (style: Style, text: string) => (terminal.isTTY ? styleText(style, text) : text);
  const clock = () => {
    const seconds = Math.floor((now() - startedAt) / 1_000);
    return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}`;
  };

  function line(text: string): void {
    erase();
    terminal.write(`${text === "" ? "" : `${paint("dim", clock())}  ${text}`}\n`);
    draw();
  }

  function bare(text: string): void {
    erase();
    terminal.write(`${text}\n`);
  }

  function erase(): void {
    if (drawn) terminal.write("\r\u001B[2K");
    drawn = false;
  }

  function draw(): void {
    if (!terminal.isTTY || current === "") return;
    const seconds = ((now() - currentSince) / 1_000).toFixed(0);
    const text = `${clock()}      ${current} (${seconds} s)`.slice(0, (terminal.columns ?? columnsDefault) - 1);
    terminal.write(paint("dim", text));
    drawn = true;
  }

  function doing(text: string): void {
    erase();
    current = text;
    currentSince = now();
    draw();
  }

  const ticker = terminal.isTTY
    ? setInterval(() => {
        erase();
        draw();
      }, 1_000)
    : null;
  ticker?.unref();

  function show(event: DemoEvent): void {
    switch (event.type) {
      case "demo-started":
        bare(paint("bold", "Phasegate demo"));
        for (const note of event.notes) bare(note);
        bare("");
        return;
      case "ready":
        line(`GitHub in a box ${event.github} · app ${event.app} · model ${event.model}`);
        return;
      case "issue-opened":
        line(
          `issue #${event.number} "${event.title}" labelled ${paint("bold", event.label)}  ${paint("dim", event.url)}`,
        );
        return;
      case "phase-started":
        line("");
        line(paint("bold", `Phase ${event.phase} of ${event.phases} · ${event.title}`) + ` · ${event.steps} steps`);
        return;
      case "run-started":
        line(`  run dispatched${howItGoesOn(event)}  ${paint("dim", event.url)}`);
        doing("waiting for the runner");
        return;
      case "step-started":
        doing(`${event.number}/${event.total} ${event.title}`);
        return;
      case "action":
        doing(`${event.step}: ${event.text}`);
        return;
      case "round":
        line(`  ${paint("yellow", "↻")} ${event.step} goes back to the agent: ${event.missing.join("; ")}`);
        return;
      case "step-completed": {
        current = "";
        const facts = [
          `${(event.elapsedMs / 1_000).toFixed(1)} s`,
          `${thousands(event.tokens)} tokens`,
          dollars(event.costUsd),
          `${event.files} ${event.files === 1 ? "file" : "files"}`,
        ];
        line(`  ${paint("green", "✓")} ${event.title.padEnd(26)} ${facts.join(" · ")}`);
        return;
      }
      case "gate-opened":
        line(`  draft pull request #${event.pullRequest}  ${paint("dim", event.url)}`);
        return;
      case "verified":
        current = "";
        if (event.passed) line(`  ${paint("green", "✓")} ${event.checks} checks passed${judged(event)}`);
        else for (const finding of event.findings) showFinding(finding);
        return;
      case "sent-back":
        line(
          `  ${paint("yellow", "↻")} the agent gets exactly ${event.findings === 1 ? "this" : `these ${event.findings}`} to mend: attempt ${event.attempt}`,
        );
        return;
      case "gate-ready":
        line(`  pull request #${event.pullRequest} is ready for review: it opens with ${event.decisions} decisions`);
        return;
      case "reviewed":
        line(`  #${event.pullRequest} ${event.verdict} by the scripted reviewer (${event.by})`);
        for (const { path, line: at, text } of event.remarks) line(`      ${path}:${at}  ${text}`);
        return;
      case "rework-requested":
        line(`  ${paint("yellow", "↻")} the agent takes up ${takenUp(event)}`);
        return;
      case "vetoed":
        if (event.reason === null) {
          line(`  ${event.by} ticks the veto of decision ${event.number}: ${paint("bold", event.decision)}`);
          line("      the app asks why");
        } else {
          line(`      ${event.by} says: ${event.reason}`);
        }
        return;
      case "feedback-answered":
        line(`  ${paint("green", "✓")} ${event.answer}: ${event.place}`);
        return;
      case "question-asked":
        current = "";
        line("");
        line(`  ${paint("yellow", "?")} ${paint("bold", event.question)}`);
        for (const [at, option] of event.options.entries()) line(`      ${at + 1}. ${option}`);
        line(`      asked in ${event.step}${event.required ? "" : "; the agent goes on meanwhile"}`);
        return;
      case "waiting":
        current = "";
        line("      the job is over, and nothing runs or costs while the task waits for a person");
        return;
      case "question-answered":
        line(`  ${paint("green", "✓")} ${event.by} answers question ${event.number}: ${paint("bold", event.answer)}`);
        return;
      case "dependency-requested":
        current = "";
        line("");
        line(`  ${paint("yellow", "?")} ${paint("bold", `the agent needs ${event.name}`)}, asked for in ${event.step}`);
        for (const part of wrapped(event.description, descriptionColumns)) line(`      ${part}`);
        return;
      case "secret-added":
        line(`      ${event.by} adds the secret ${event.name} on the settings page, and tells nobody`);
        doing("waiting until the app notices");
        return;
      case "file-added":
        line(`  ${paint("yellow", "?")} the app may not write ${event.path}: ${event.by} copies it from the comment`);
        return;
      case "dependency-granted":
        current = "";
        line(
          event.by === null
            ? `  ${paint("green", "✓")} the app noticed ${paint("bold", event.name)} by itself: only the step that asked gets it`
            : `  ${paint("green", "✓")} ${event.name} is provided by ${event.by}`,
        );
        return;
      case "dependency-skipped":
        line(`  ${event.by} lets the agent go on without ${event.name}`);
        return;
      case "secrets-searched":
        line("");
        line(
          event.found.length === 0
            ? `${paint("green", "✓")} the secret's value stands in none of ${listed(event.places)}`
            : `${paint("red", "✗")} the secret's value stands in ${listed(event.found)}`,
        );
        return;
      case "merged":
        line(`  ${paint("green", "✓")} #${event.pullRequest} merged by ${event.by}`);
        return;
      case "paused":
        current = "";
        line(paint("yellow", `the task waits for a person: ${event.reason}`));
        return;
      case "problem":
        line(paint("red", event.message));
        return;
      case "tests-run":
        line("");
        line(
          event.passed
            ? `${paint("green", "✓")} the application's own tests pass`
            : `${paint("red", "✗")} the application's tests fail:\n${event.output}`,
        );
        return;
      case "demo-finished":
        return finished(event);
    }
  }

  /** What is wrong, and below it where to look. */
  function showFinding({ place, judged, message }: VerifiedFinding): void {
    line(`  ${paint("red", "✗")} ${judged ? "the verifier: " : ""}${place}`);
    for (const part of wrapped(message, descriptionColumns)) line(`      ${part}`);
  }

  function finished(event: Extract<DemoEvent, { type: "demo-finished" }>): void {
    current = "";
    bare("");
    if (event.status !== "completed") {
      bare(
        paint(
          event.status === "stopped" ? "yellow" : "red",
          event.status === "stopped" ? "Stopped." : "The demo did not complete.",
        ),
      );
      return;
    }
    const merged = event.phases.filter((phase) => phase.merged).length;
    const facts = `${merged} phases merged in ${(event.elapsedMs / 1_000).toFixed(0)} s · ${thousands(event.tokens)} tokens · ${dollars(event.costUsd)}`;
    bare(paint("bold", `Completed: ${facts}`));
    bare(`The result is a git work tree: ${event.repository}`);
    bare("");
    bare(paint("dim", "$ git log --oneline"));
    for (const commit of event.log) bare(commit);
  }

  return {
    show,
    stop() {
      if (ticker !== null) clearInterval(ticker);
      erase();
    },
  };
}

type VerifiedFinding = Extract<DemoEvent, { type: "verified" }>["findings"][number];

function judged({ judged: count }: Extract<DemoEvent, { type: "verified" }>): string {
  return count === 0 ? "" : `, ${count} of them judged by a session that only reads`;
}

function takenUp({ source, points }: Extract<DemoEvent, { type: "rework-requested" }>): string {
  switch (source) {
    case "ripple":
      return `${points} parts that follow from a changed item`;
    case "review":
      return `${points} points of the review`;
    case "veto":
      return points === 1 ? "the veto" : `${points} vetoes`;
    case "ci":
      return "what the repository's own checks say";
    case "command":
      return "what was asked with /rework";
    case "conflict":
      return "a conflict with the base branch";
  }
}

function howItGoesOn({ goesOn, attempt }: Extract<DemoEvent, { type: "run-started" }>): string {
  if (goesOn) return ": another machine goes on in the same conversation";
  return attempt > 1 ? `, attempt ${attempt}` : "";
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/u)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function thousands(count: number): string {
  return count < 1_000 ? String(count) : `${(count / 1_000).toFixed(count < 100_000 ? 1 : 0)}k`;
}

function dollars(amount: number): string {
  return `$${amount.toFixed(amount < 1 ? 3 : 2)}`;
}
