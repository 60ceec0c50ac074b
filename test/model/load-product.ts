import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** What the scripted model knows to make: the deliverables of every step, as files. */
export interface ProductScript {
  /** In the order of the work. */
  readonly steps: readonly ProductStep[];
}

export interface ProductStep {
  readonly phase: string;
  readonly slug: string;
  readonly files: readonly ProductFile[];
  /** What is written at the first try instead of the file with the same path. */
  readonly firstTries: readonly ProductFile[];
  /** Paths that the model reads before it writes. */
  readonly reads: readonly string[];
  /** Whether the model runs the product's tests after writing. */
  readonly runsTests: boolean;
  /** What the model says at the end. */
  readonly closing: string;
}

export interface ProductFile {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

const PHASES = ["planning", "design", "development", "test"];
const FIRST_TRY_SUFFIX = ".first";

const StepHead = z.strictObject({
  reads: z.array(z.string()).default([]),
  tests: z.boolean().default(false),
});

/**
 * Reads `<folder>/<phase>/<slug>.md` (the closing words, with front matter), `<slug>/` (its files, by their path in the
 * repository) and, where it exists, `<slug>.first/`. Steps of a phase come in the order of their slugs.
 */
export async function loadProduct(folder: string): Promise<ProductScript> {
  const steps: ProductStep[] = [];
  for (const phase of PHASES) {
    const names = await readdir(join(folder, phase));
    const slugs = names.filter((name) => name.endsWith(".md")).map((name) => name.slice(0, -".md".length));
    for (const slug of slugs.sort()) steps.push(await loadStep(folder, { phase, slug }));
  }
  return { steps };
}

async function loadStep(folder: string, { phase, slug }: { phase: string; slug: string }): Promise<ProductStep> {
  const base = join(folder, phase, slug);
  try {
    const { head, closing } = parseClosing(await readFile(`${base}.md`, "utf8"));
    const files = await readFiles(base);
    const firstTries = await readFiles(base + FIRST_TRY_SUFFIX).catch(emptyWhenMissing);
    if (files.length === 0) throw new Error("the step has no files");
    return { phase, slug, files, firstTries, reads: head.reads, runsTests: head.tests, closing };
  } catch (cause) {
    throw new Error(`reading the canned step "${phase}/${slug}"`, { cause });
  }
}

function parseClosing(text: string): { head: z.infer<typeof StepHead>; closing: string } {
  const match = /^---\n(.*?)^---\n(.*)$/ms.exec(text);
  if (match === null) throw new Error("the closing words have no front matter");
  return { head: StepHead.parse(parse(match[1] ?? "") ?? {}), closing: (match[2] ?? "").trim() };
}

async function readFiles(folder: string): Promise<readonly ProductFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return Promise.all(paths.sort().map(async (path) => ({ path, text: await readFile(join(folder, path), "utf8") })));
}

function emptyWhenMissing(error: unknown): readonly ProductFile[] {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
  throw error;
}
