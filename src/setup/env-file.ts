import { constants } from "node:fs";
import { access, link, lstat, open, readFile, rename, unlink } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";

export type EnvEntries = Readonly<Record<string, string>>;

/** `kept`: nothing was written, and `why` says what a person has to do with the lines. */
export type Written = { readonly kind: "written" } | { readonly kind: "kept"; readonly why: string };

const envBytesMax = 256 * 1024;

/** `NAME=value` lines as Node, Docker and kubectl read them alike: no quotes, line ends written as `\n`. */
export function envLines(entries: EnvEntries): string {
  return Object.entries(entries)
    .map(([name, value]) => `${name}=${value.trim().replaceAll(/\r?\n/gu, "\\n")}\n`)
    .join("");
}

/** Whether `writeEnvFile` has a chance, so that people can be told before they begin. */
export async function canWriteEnvFile(file: string): Promise<boolean> {
  try {
    await access(path.dirname(file), constants.W_OK);
    const there = await statOrNull(file);
    return there === null || there.isFile();
  } catch {
    // A folder that is missing or may not be written: the answer is no.
    return false;
  }
}

/**
 * Adds settings to an environment file, readable by this user alone, all or none.
 * A setting that has another value there already is never overwritten: then nothing is written.
 */
export async function writeEnvFile(file: string, entries: EnvEntries, newId: () => string): Promise<Written> {
  const temporary = `${file}.${newId()}.tmp`;
  try {
    const before = await readOrNull(file);
    const conflicts = conflictsOf(before ?? "", entries);
    if (conflicts.length > 0) return { kind: "kept", why: `it has ${conflicts.join(", ")} already` };
    const known = parseEnv(before ?? "");
    const missing = Object.entries(entries).filter(([name]) => (known[name]?.trim() ?? "") === "");
    const text = joined(
      withoutEmpty(before ?? "", new Set(missing.map(([name]) => name))),
      envLines(Object.fromEntries(missing)),
    );
    await writeSynced(temporary, text);
    if (before === null) {
      // Unlike a rename, a link does not replace a file that came in between.
      await link(temporary, file);
      await unlink(temporary);
    } else {
      if ((await readOrNull(file)) !== before) throw new Error("it was changed in this moment");
      await rename(temporary, file);
    }
    return { kind: "written" };
  } catch (error) {
    await unlink(temporary).catch(() => {
      // It was never made, or the folder cannot be written at all.
    });
    return { kind: "kept", why: error instanceof Error ? error.message : String(error) };
  }
}

function conflictsOf(text: string, entries: EnvEntries): readonly string[] {
  const known = parseEnv(text);
  const isOther = (name: string, value: string | undefined) => {
    const there = known[name]?.trim() ?? "";
    return there !== "" && there.replaceAll("\\n", "\n").trim() !== value?.trim();
  };
  const conflicts = Object.entries(entries).flatMap(([name, value]) => (isOther(name, value) ? [name] : []));
  // The app takes one of the two and refuses both.
  if ("PRIVATE_KEY" in entries && isOther("PRIVATE_KEY_PATH", undefined)) conflicts.push("PRIVATE_KEY_PATH");
  return conflicts;
}

/** Lines such as `APP_ID=` that wait to be filled in. */
function withoutEmpty(text: string, names: ReadonlySet<string>): string {
  return text
    .split("\n")
    .filter((line) => {
      const name = /^\s*(?:export\s+)?([A-Z_]+)\s*=\s*(?:""|''|)\s*(?:#.*)?\r?$/u.exec(line)?.[1];
      return name === undefined || !names.has(name);
    })
    .join("\n");
}

function joined(before: string, added: string): string {
  return before === "" || before.endsWith("\n") ? before + added : `${before}\n${added}`;
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readOrNull(file: string): Promise<string | null> {
  const there = await statOrNull(file);
  if (there === null) return null;
  if (!there.isFile()) throw new Error("it is no ordinary file");
  if (there.size > envBytesMax) throw new Error(`it is larger than ${envBytesMax} bytes`);
  return await readFile(file, "utf8");
}

async function statOrNull(file: string): Promise<Awaited<ReturnType<typeof lstat>> | null> {
  try {
    return await lstat(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
