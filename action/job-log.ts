/** The job's log. GitHub reads commands from it, and agents can write into it: their text must never begin a line or look like a command. */

export interface JobLog {
  log(level: "info" | "warn" | "error", text: string): void;
  hide(secret: string): void;
}

const lineLengthMax = 4_000;

export function createJobLog(write: (line: string) => void): JobLog {
  return {
    log(level, text) {
      const [first = "", ...others] = plain(text).split("\n");
      if (level === "info") write(`| ${first}\n`);
      else write(`::${level === "warn" ? "warning" : "error"}::${escapeData([first, ...others].join("\n"))}\n`);
      if (level === "info") for (const line of others) write(`| ${line}\n`);
    },
    hide(secret) {
      // Each line by itself: GitHub hides line by line.
      for (const line of secret.split(/\r?\n/)) if (line.trim() !== "") write(`::add-mask::${escapeData(line)}\n`);
    },
  };
}

/** Without control characters, and without the older form of commands, which counts anywhere in a line. */
function plain(text: string): string {
  return (
    text
      .slice(0, lineLengthMax)
      .toWellFormed()
      .replaceAll(/\r\n?/g, "\n")
      // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
      .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, " ")
      .replaceAll("##[", "# #[")
  );
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
