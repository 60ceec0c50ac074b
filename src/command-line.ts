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

/** Runs one and says what went wrong in a sentence, with exit code 1; 2 where the call or a setting is at fault. */
export async function runTool(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`phasegate: ${sentenceOf(error)}\n`);
    process.exitCode = error instanceof ConfigError || error instanceof WrongCall ? 2 : 1;
  }
}

class WrongCall extends Error {}

/** The one name that it is given, and whether the option was. Throws what shows the usage. */
export function readCall(
  given: readonly string[],
  usage: string,
  option: string | null = null,
): { readonly name: string; readonly hasOption: boolean } {
  const names = given.filter((argument) => argument !== option);
  const [name] = names;
  if (name === undefined || name.startsWith("-") || names.length > 1) throw new WrongCall(`usage: ${usage}`);
  return { name, hasOption: names.length < given.length };
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
