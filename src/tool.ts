/** What the programs that a person starts by hand have in common. */
import { ConfigError } from "./control/config.ts";
import { StoreLocked } from "./store/data-folder.ts";

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

/** What went wrong and why. Where the error names the next step, its cause would only blur that. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error && !(error instanceof StoreLocked) ? `${message}: ${sentenceOf(cause)}` : message;
}
