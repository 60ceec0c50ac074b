import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { AskedQuestion } from "../../src/runner/dialogue-tools.ts";

/** What the scripted model knows to make: the deliverables of every step, as files. */
export interface ProductScript {
  /** In the order of the work. */
  readonly steps: readonly ProductStep[];
}

/** What a person asks for, and where. */
export interface Wish {
  readonly title: string;
  readonly body: string;
  /** What the default branch holds already, by path. */
  readonly repository: Readonly<Record<string, string>>;
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
  /** What the model asks people before it writes. */
  readonly asks?: readonly AskedQuestion[];
  /** What the model says at the end. */
  readonly closing: string;
}

export interface ProductFile {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

const PRODUCTS = join(import.meta.dirname, "..", "demo", "products");
const PLAYBOOKS = join(import.meta.dirname, "..", "..", "guide", "playbooks");
const REPOSITORY = "_repository";
const WISH = "issue.md";
const FIRST_TRY_SUFFIX = ".first";

const StepHead = z.strictObject({
  reads: z.array(z.string()).default([]),
  tests: z.boolean().default(false),
  asks: z.array(AskedQuestion).default([]),
});

const WishHead = z.strictObject({
  title: z.string(),
  /** The type whose finished product is in the repository. */
  upon: z.string().optional(),
});

/** The types of tasks for which there is a product; each has the name of its label. */
export async function productTypes(): Promise<readonly string[]> {
  const folders = await readdir(PRODUCTS);
  const isWhole = await Promise.all(folders.map(async (type) => (await readdir(join(PRODUCTS, type))).includes(WISH)));
  return folders.filter((_type, at) => isWhole[at]).sort();
}

/** Reads `<type>/issue.md` (front matter with the title, then the text) and, where it exists, `<type>/_repository/`. */
export async function loadWish(type: string): Promise<Wish> {
  const { head, text } = parseHead(await readFile(join(PRODUCTS, type, WISH), "utf8"), WishHead);
  const files = await readFiles(join(PRODUCTS, type, REPOSITORY)).catch(emptyWhenMissing);
  const before = head.upon === undefined ? {} : finalTree(await loadProduct(head.upon));
  const own = Object.fromEntries(files.map((file) => [file.path, file.text]));
  return { title: head.title, body: text, repository: { ...before, ...own } };
}

/** By path, as it is when all steps are done. */
export function finalTree({ steps }: ProductScript): Readonly<Record<string, string>> {
  return Object.fromEntries(steps.flatMap(({ files }) => files).map(({ path, text }) => [path, text]));
}

/**
 * Reads `<type>/<phase>/<slug>.md` (the closing words, with front matter), `<slug>/` (its files, by their path in the
 * repository) and, where it exists, `<slug>.first/`. Phases come in the order of the playbook, behind them those that it
 * does not name; the steps of a phase in the order of their slugs.
 */
export async function loadProduct(type: string): Promise<ProductScript> {
  const steps: ProductStep[] = [];
  for (const phase of await phasesOf(type)) {
    const names = await readdir(join(PRODUCTS, type, phase));
    const slugs = names.filter((name) => name.endsWith(".md")).map((name) => name.slice(0, -".md".length));
    for (const slug of slugs.sort()) steps.push(await loadStep(join(PRODUCTS, type), { phase, slug }));
  }
  return { steps };
}

const PlaybookPhases = z.object({ phases: z.array(z.object({ name: z.string() })) });

async function phasesOf(type: string): Promise<readonly string[]> {
  const entries = await readdir(join(PRODUCTS, type), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && entry.name !== REPOSITORY).map(({ name }) => name);
  const { phases } = PlaybookPhases.parse(parse(await readFile(join(PLAYBOOKS, `${type}.yml`), "utf8")));
  const known = phases.map(({ name }) => name).filter((name) => names.includes(name));
  return [...known, ...names.filter((name) => !known.includes(name)).sort()];
}

async function loadStep(folder: string, { phase, slug }: { phase: string; slug: string }): Promise<ProductStep> {
  const base = join(folder, phase, slug);
  try {
    const { head, text } = parseHead(await readFile(`${base}.md`, "utf8"), StepHead);
    const files = await readFiles(base);
    const firstTries = await readFiles(base + FIRST_TRY_SUFFIX).catch(emptyWhenMissing);
    if (files.length === 0) throw new Error("the step has no files");
    return { phase, slug, files, firstTries, reads: head.reads, runsTests: head.tests, asks: head.asks, closing: text };
  } catch (cause) {
    throw new Error(`reading the canned step "${base}"`, { cause });
  }
}

function parseHead<Head>(file: string, schema: z.ZodType<Head>): { readonly head: Head; readonly text: string } {
  const match = /^---\n(.*?)^---\n(.*)$/ms.exec(file);
  if (match === null) throw new Error("the text has no front matter");
  return { head: schema.parse(parse(match[1] ?? "") ?? {}), text: (match[2] ?? "").trim() };
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
