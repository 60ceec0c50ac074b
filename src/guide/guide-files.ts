import { readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { GuideFault } from "./guide-error.ts";
import { plainText } from "./front-matter.ts";

/** The text files of a guide folder by their path in it, with `/` between folders. */
export type GuideFiles = ReadonlyMap<string, GuideFile>;

export interface GuideFile {
  /** As its author knows it, for faults. */
  readonly shownAs: string;
  /** With LF line ends; null where `problem` says why there is none. */
  readonly text: string | null;
  readonly problem: Pick<GuideFault, "rule" | "message"> | null;
}

/** A guide goes into a prompt whole; one larger than this is a mistake. */
const guideBytesMax = 262_144;

const ENDINGS = [".md", ".yml"];

/** Reads the Markdown and YAML files of a folder and of the folders in it, one level deep. */
export async function readGuideFolder(folder: string): Promise<GuideFiles> {
  const files = new Map<string, GuideFile>();
  let entries: readonly { readonly name: string; isDirectory(): boolean }[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new Error(`listing guides in "${folder}"`, { cause });
  }
  for (const entry of entries) {
    const names = entry.isDirectory()
      ? (await readdir(path.join(folder, entry.name))).map((name) => `${entry.name}/${name}`)
      : [entry.name];
    for (const name of names.filter((each) => ENDINGS.some((ending) => each.endsWith(ending)))) {
      files.set(name, await readGuideFile(folder, name));
    }
  }
  return files;
}

async function readGuideFile(folder: string, file: string): Promise<GuideFile> {
  const absolute = path.join(folder, file);
  try {
    const { size } = await stat(absolute);
    return size > guideBytesMax ? tooLarge(file, size) : guideFileFrom(file, await readFile(absolute));
  } catch (cause) {
    throw new Error(`reading guide "${absolute}"`, { cause });
  }
}

/** Of bytes from anywhere: whether they are a text is found out here. */
export function guideFileFrom(shownAs: string, bytes: Uint8Array): GuideFile {
  if (bytes.byteLength > guideBytesMax) return tooLarge(shownAs, bytes.byteLength);
  try {
    const text = plainText(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return { shownAs, text, problem: null };
  } catch {
    return { shownAs, text: null, problem: { rule: "not-utf8", message: "expected UTF-8 text, got other bytes" } };
  }
}

function tooLarge(shownAs: string, size: number): GuideFile {
  const message = `expected at most ${guideBytesMax} bytes, got ${size}`;
  return { shownAs, text: null, problem: { rule: "too-large", message } };
}
