import type { Finding, Tree } from "../core/report.ts";
import { isNobodys, isSourceFile } from "./code-files.ts";
import { isIgnored } from "./gitignore.ts";
import type { Looked } from "./tree-check.ts";

/** What says of a folder that it is a project, in whatever language. */
const MANIFEST =
  /(?:^|\/)(?:package\.json|deno\.jsonc?|pyproject\.toml|requirements(?:[-_.][^/]*)?\.(?:txt|in)|setup\.(?:py|cfg)|Pipfile|environment\.ya?ml|Cargo\.toml|go\.mod|pom\.xml|build\.gradle(?:\.kts)?|build\.sbt|build\.xml|Gemfile|Rakefile|[^/]+\.gemspec|composer\.json|mix\.exs|rebar\.config|pubspec\.ya?ml|Package\.swift|CMakeLists\.txt|[Mm]akefile|GNUmakefile|[Jj]ustfile|meson\.build|configure\.ac|[^/]+\.(?:csproj|fsproj|vbproj|sln|slnx|cabal|nimble|rockspec|opam)|project\.clj|deps\.edn|stack\.yaml|dune-project|build\.zig|shard\.yml|DESCRIPTION|Project\.toml|cpanfile|MODULE\.bazel|WORKSPACE|flake\.nix|elm\.json|foundry\.toml|project\.godot|index\.html)$/u;

/** Source files that are opened to find one with content. */
const SOURCES_READ_MAX = 50;

/** A repository of many packages is looked through up to here. */
const PACKAGES_READ_MAX = 20;

/** Folders that a build writes: what a manifest names in them is not there before. */
const BUILT =
  /^(?:dist|build|built|out|output|lib|libs|es|esm|cjs|umd|target|generated|\.[^/]+|coverage|node_modules|vendor)(?:\/|$)/u;

/** What `require` adds to a name. */
const ENDINGS = [
  "",
  ".js",
  ".cjs",
  ".mjs",
  ".json",
  ".node",
  ".ts",
  ".mts",
  ".cts",
  ".tsx",
  ".jsx",
  "/index.js",
  "/index.cjs",
  "/index.mjs",
  "/index.ts",
  "/index.tsx",
];

/**
 * A manifest of some ecosystem, at least one source file that is no test, and the files that a `package.json` starts with.
 * Of other manifests only that they are there is asked: what they name is found by rules of their tools.
 * Costs a source file where the first has content (50 at most), and one for each `package.json` (20 at most).
 */
export async function checkCodeExists(tree: Tree): Promise<Looked> {
  const findings: Finding[] = [];
  const add = (path: string | null, line: number | null, message: string): void => {
    findings.push({ check: "code-exists", step: null, path, line, message });
  };
  const manifests = tree.paths.filter((path) => MANIFEST.test(path) && !isNobodys(path) && !path.startsWith("docs/"));
  if (manifests.length === 0) {
    add(
      null,
      null,
      'there is no manifest of a project: write the one of the stack, such as "package.json", "pyproject.toml" or "go.mod".',
    );
  }
  if (!(await hasSource(tree))) {
    add(null, null, "there is no source file with content beside the tests: write the code of the product.");
  }
  const paths = new Set(tree.paths);
  const packages = manifests.filter((path) => path === "package.json" || path.endsWith("/package.json"));
  const gitignore = packages.length > 0 && paths.has(".gitignore") ? ((await tree.read(".gitignore")) ?? "") : "";
  for (const path of packages.slice(0, PACKAGES_READ_MAX)) {
    const text = await tree.read(path);
    if (text === null) continue;
    const named = filesNamedIn(text);
    if (named === null) {
      add(path, null, "the manifest is not valid JSON, so nothing installs or starts: correct it.");
      continue;
    }
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    for (const { file, by } of named) {
      const plain = withinFolder(file);
      if (plain === null || BUILT.test(plain) || isIgnored(gitignore, folder + plain)) continue;
      if (ENDINGS.some((ending) => paths.has(folder + plain + ending))) continue;
      add(
        path,
        lineOf(text, file),
        `"${by}" names the file "${file}", which does not exist: write "${folder}${plain}", or name the right one.`,
      );
    }
  }
  return { findings, looked: tree.paths.length };
}

async function hasSource(tree: Tree): Promise<boolean> {
  for (const path of tree.paths.filter(isSourceFile).slice(0, SOURCES_READ_MAX)) {
    const text = await tree.read(path);
    if (text === null || text.trim() !== "") return true;
  }
  return false;
}

interface NamedFile {
  readonly file: string;
  /** The field that names it. */
  readonly by: string;
}

const NAMED_MAX = 50;

/** Null where the text is no JSON object. */
function filesNamedIn(text: string): readonly NamedFile[] | null {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/u, ""));
  } catch {
    return null;
  }
  if (!isRecord(manifest)) return null;
  const { main, bin, scripts } = manifest;
  const named: NamedFile[] = [];
  if (typeof main === "string") named.push({ file: main, by: "main" });
  if (typeof bin === "string") named.push({ file: bin, by: "bin" });
  if (isRecord(bin)) {
    for (const [name, file] of Object.entries(bin))
      if (typeof file === "string") named.push({ file, by: `bin.${name}` });
  }
  if (isRecord(scripts)) {
    for (const [name, script] of Object.entries(scripts)) {
      if (typeof script !== "string") continue;
      for (const file of filesOfScript(script)) named.push({ file, by: `scripts.${name}` });
    }
  }
  return named.slice(0, NAMED_MAX);
}

/** Programs whose first argument that looks like a file is one. */
const INTERPRETERS: ReadonlySet<string> = new Set([
  "node",
  "nodemon",
  "tsx",
  "ts-node",
  "bun",
  "python",
  "python3",
  "bash",
  "sh",
]);

const SCRIPT_LENGTH_MAX = 2_000;

/** The files that a script starts; nothing where it changes folder or quotes, since then we would guess. */
function filesOfScript(script: string): readonly string[] {
  if (script.length > SCRIPT_LENGTH_MAX || /["'`$*?{}[\]()<>\\]|(?:^|[\s&;|])(?:cd|pushd)\s/u.test(script)) return [];
  return script.split(/[;&|]+/u).flatMap((command) => {
    const words = command
      .trim()
      .split(/\s+/u)
      .filter((word) => !/^\w+=/u.test(word) && word !== "npx" && word !== "cross-env");
    const [program = "", ...others] = words;
    if (!INTERPRETERS.has(program)) return [];
    const file = others.find((word) => !word.startsWith("-") && /\.(?:[cm]?[jt]sx?|py|sh)$/u.test(word));
    return file === undefined ? [] : [file];
  });
}

/** The path below its manifest, plainly; null where it lies elsewhere. */
function withinFolder(file: string): string | null {
  const segments: string[] = [];
  if (file.startsWith("/") || file.includes("*")) return null;
  for (const segment of file.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.length === 0 ? null : segments.join("/");
}

/** The line that names the file, from 1; null where it is written another way. */
function lineOf(text: string, file: string): number | null {
  const at = text.indexOf(file);
  return at === -1 ? null : text.slice(0, at).split("\n").length;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
