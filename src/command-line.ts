/** What programs that a person starts by hand have in common. */
import { readFileSync } from "node:fs";
import { ConfigError, parseConfig, type Config } from "./control/config.ts";

/** Ends the program with a list of all faults where the settings have any. */
export function settingsOrExit(environment: NodeJS.ProcessEnv): Config {
  try {
    return parseConfig(environment, (file) => readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`phasegate: ${error.message}\n`);
    process.exit(2);
  }
}

/** Their message names the next step; a cause would only blur that. */
const saysAll = ["StoreLocked", "AddressRefused"];

/** What went wrong and why. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause, name } = error;
  return cause instanceof Error && !saysAll.includes(name) ? `${message}: ${sentenceOf(cause)}` : message;
}

/** The folder of the embedded store, and the one file that a program to copy it was given. Ends the program where there are none. */
export function folderAndFileOrExit(
  program: "backup" | "restore",
  environment: NodeJS.ProcessEnv,
): {
  readonly dataDir: string;
  readonly file: string;
} {
  const [file, ...more] = process.argv.slice(2);
  if (file === undefined || more.length > 0) {
    process.stderr.write(`usage: npm run ${program} -- <file>\n`);
    process.exit(2);
  }
  const { dataDir, databaseUrl } = settingsOrExit(environment);
  if (databaseUrl !== null) {
    const own = program === "backup" ? "pg_dump" : "pg_restore";
    process.stderr.write(
      `phasegate: DATABASE_URL is set, so the store is in PostgreSQL; use ${own} (README, "Keeping it running")\n`,
    );
    process.exit(2);
  }
  return { dataDir, file };
}
