/** How a project's own tests are run, told by the files at its root. */

import type { Tree } from "../core/report.ts";
import { parseObject, objectAt, stringAt } from "./narrow.ts";

/** Both are lines for a shell in the work tree. */
export interface TestPlan {
  readonly command: string;
  /** Brings what the tests need; null where nothing has to be brought. */
  readonly install: string | null;
  /** Programs that must be there. */
  readonly programs: readonly string[];
}

interface Row {
  /** Any of them says that it is such a project: a file at the root, with a pattern one whose text has it. */
  readonly signs: readonly (readonly [file: RegExp, text?: RegExp])[];
  readonly install: string | null;
  readonly command: string;
  /** Where the two lines do not begin with them. */
  readonly programs?: readonly string[];
}

/** The runner puts this environment's programs first. What the machine has already need not be fetched. */
export const pythonFolder = "python";
const makeEnvironment = `python3 -m venv --system-site-packages "$TMPDIR/${pythonFolder}"`;
const pip = `"$TMPDIR/${pythonFolder}/bin/python3" -m pip install --quiet --disable-pip-version-check`;
const pythonInstall = [
  makeEnvironment,
  `for file in requirements*.txt; do [ ! -e "$file" ] || ${pip} -r "$file" || exit; done`,
  `if [ -e setup.py ] || grep -qsE "^\\[(project|build-system)\\]" pyproject.toml; then ${pip} -e . || exit; fi`,
].join(" && ");

/** The first that fits counts. */
const rows: readonly Row[] = [
  {
    signs: [[/^deno\.jsonc?$/, /"tasks"\s*:\s*\{[^}]*"test"\s*:/]],
    install: null,
    command: "deno task test",
  },
  { signs: [[/^deno\.jsonc?$/]], install: null, command: "deno test --allow-all" },
  { signs: [[/^uv\.lock$/]], install: "uv sync --frozen", command: "uv run pytest" },
  { signs: [[/^poetry\.lock$/]], install: "poetry install --no-interaction", command: "poetry run pytest" },
  {
    signs: [
      [/^(?:pytest\.ini|conftest\.py)$/],
      [/^(?:pyproject\.toml|setup\.(?:cfg|py)|tox\.ini|requirements.*\.txt)$/, /\bpytest\b/],
    ],
    install: `${pythonInstall} && ${pip} pytest`,
    command: "python3 -m pytest",
  },
  {
    signs: [[/^(?:pyproject\.toml|setup\.(?:cfg|py)|requirements.*\.txt|test_.*\.py)$/]],
    install: pythonInstall,
    command: "python3 -m unittest discover",
  },
  { signs: [[/^go\.mod$/]], install: null, command: "go test ./..." },
  { signs: [[/^Cargo\.toml$/]], install: null, command: "cargo test" },
  { signs: [[/^mix\.exs$/]], install: "mix local.hex --force --if-missing && mix deps.get", command: "mix test" },
  { signs: [[/^gradlew$/]], install: null, command: "sh gradlew --no-daemon test", programs: ["java"] },
  { signs: [[/^mvnw$/]], install: null, command: "sh mvnw --batch-mode test", programs: ["java"] },
  { signs: [[/^build\.gradle(?:\.kts)?$/]], install: null, command: "gradle --no-daemon test" },
  { signs: [[/^pom\.xml$/]], install: null, command: "mvn --batch-mode test" },
  { signs: [[/^Gemfile$/, /\brspec\b/]], install: "bundle install", command: "bundle exec rspec" },
  { signs: [[/^Rakefile$/, /\btest\b/i]], install: null, command: "rake test" },
  {
    signs: [[/^composer\.json$/, /"test"\s*:/]],
    install: "composer install --no-interaction",
    command: "composer test",
  },
  { signs: [[/\.(?:sln|slnx|csproj|fsproj)$/]], install: null, command: "dotnet test" },
  { signs: [[/^Package\.swift$/]], install: null, command: "swift test" },
  // Whatever it calls; where a tool of its own fits, that one says more.
  { signs: [[/^(?:GNUm|m|M)akefile$/, /^test\s*:(?!=)/m]], install: null, command: "make test" },
];

/** Null where nothing says how they are run. `named` is the playbook's own command; what it needs is still told by the files. */
export async function findTests(tree: Tree, named: string | null): Promise<TestPlan | null> {
  const found = (await nodePlan(tree)) ?? (await rowPlan(tree));
  if (named === null) return found;
  const install = found?.install ?? null;
  return { command: named, install, programs: programsOf(named, install) };
}

async function rowPlan(tree: Tree): Promise<TestPlan | null> {
  for (const { signs, install, command, programs = [] } of rows) {
    for (const [file, text] of signs) {
      const paths = tree.paths.filter((path) => file.test(path) && !path.includes("/"));
      if (!(await anyHolds(tree, paths, text))) continue;
      return { command, install, programs: [...programsOf(command, install), ...programs] };
    }
  }
  return null;
}

async function anyHolds(tree: Tree, paths: readonly string[], text: RegExp | undefined): Promise<boolean> {
  if (text === undefined) return paths.length > 0;
  for (const path of paths) if (text.test((await tree.read(path)) ?? "")) return true;
  return false;
}

interface PackageManager {
  readonly name: string;
  readonly lock: string;
  readonly install: string;
}

const packageManagers: readonly PackageManager[] = [
  { name: "pnpm", lock: "pnpm-lock.yaml", install: "pnpm install --frozen-lockfile" },
  { name: "yarn", lock: "yarn.lock", install: "yarn install --frozen-lockfile" },
  { name: "bun", lock: "bun.lock", install: "bun install --frozen-lockfile" },
  { name: "bun", lock: "bun.lockb", install: "bun install --frozen-lockfile" },
  { name: "npm", lock: "package-lock.json", install: "npm ci --no-audit --no-fund" },
  { name: "npm", lock: "npm-shrinkwrap.json", install: "npm ci --no-audit --no-fund" },
];
const withoutLock = "npm install --no-audit --no-fund --no-package-lock";

/** What `npm init` writes. */
const noTests = /no test specified/i;

async function nodePlan(tree: Tree): Promise<TestPlan | null> {
  if (!tree.paths.includes("package.json")) return null;
  const manifest = parseObject((await tree.read("package.json")) ?? "");
  const script = manifest === null ? null : stringAt(objectAt(manifest, "scripts") ?? {}, "test");
  if (manifest === null || script === null || script.trim() === "" || noTests.test(script)) return null;
  const locked = packageManagers.find(({ lock }) => tree.paths.includes(lock));
  const said = stringAt(manifest, "packageManager")?.split("@")[0];
  const name = locked?.name ?? packageManagers.find(({ name }) => name === said)?.name ?? "npm";
  const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
  const needsAny =
    manifest["workspaces"] !== undefined ||
    kinds.some((kind) => Object.keys(objectAt(manifest, kind) ?? {}).length > 0);
  const bring = locked?.install ?? (name === "npm" ? withoutLock : `${name} install`);
  const command = name === "bun" ? "bun run test" : `${name} test`;
  const install = needsAny ? bring : null;
  return { command, install, programs: programsOf(command, install) };
}

/** The first word of each line, without what is set for it. A path in the work tree is no program of the machine. */
function programsOf(...lines: readonly (string | null)[]): readonly string[] {
  const words = lines.flatMap((line) => /^(?:\w+=\S*\s+)*([\w.+-]+)(?=\s|$)/.exec(line?.trim() ?? "")?.[1] ?? []);
  return [...new Set(words)];
}
