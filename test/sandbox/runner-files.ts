import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The folders of one job's machine. */
export type JobFolders = {
  readonly root: string;
  readonly home: string;
  readonly workspace: string;
  readonly temp: string;
  readonly toolCache: string;
  readonly commands: string;
  readonly eventPath: string;
};

/** The files through which one step speaks to the runner. */
export type CommandFiles = {
  readonly env: string;
  readonly path: string;
  readonly output: string;
  readonly state: string;
  readonly summary: string;
};

/** What a step wrote into its files. */
export type StepResults = {
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
};

/** Readable by others, as on a hosted runner: an action may start its agent as another user. */
const FOLDER_MODE = 0o755;

export async function makeJobFolders(root: string, repositoryName: string, event: unknown): Promise<JobFolders> {
  const folders: JobFolders = {
    root,
    home: join(root, "home"),
    workspace: join(root, "work", repositoryName, repositoryName),
    temp: join(root, "work", "_temp"),
    toolCache: join(root, "tools"),
    commands: join(root, "work", "_temp", "_runner_file_commands"),
    eventPath: join(root, "work", "_temp", "_github_workflow", "event.json"),
  };
  const { home, workspace, toolCache, commands, eventPath } = folders;
  for (const folder of [home, workspace, toolCache, commands, join(eventPath, "..")]) {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  }
  await writeFile(eventPath, JSON.stringify(event, null, 2));
  return folders;
}

export async function makeCommandFiles(folders: JobFolders, id: string): Promise<CommandFiles> {
  const at = (name: string): string => join(folders.commands, `${name}_${id}`);
  const files: CommandFiles = {
    env: at("set_env"),
    path: at("add_path"),
    output: at("set_output"),
    state: at("save_state"),
    summary: at("step_summary"),
  };
  await Promise.all(Object.values(files).map((file) => writeFile(file, "")));
  return files;
}

export async function readCommandFiles(files: CommandFiles): Promise<StepResults> {
  const [env, path, output, state, summary] = await Promise.all(
    [files.env, files.path, files.output, files.state, files.summary].map(readOrEmpty),
  );
  return {
    env: parseAssignments(env ?? ""),
    path: (path ?? "").split(/\r?\n/).filter((line) => line !== ""),
    outputs: parseAssignments(output ?? ""),
    state: parseAssignments(state ?? ""),
    summary: summary ?? "",
  };
}

/** `name=value` on one line, or `name<<DELIMITER`, lines, `DELIMITER`. Throws on anything else, as the runner does. */
export function parseAssignments(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/);
  const assignments: Record<string, string> = {};
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (heredoc > 0 && (equals === -1 || heredoc < equals)) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, index + 1);
      if (delimiter === "" || end === -1) {
        throw new Error(`Unable to process file command: matching delimiter not found "${delimiter}"`);
      }
      assignments[line.slice(0, heredoc)] = lines.slice(index + 1, end).join("\n");
      index = end;
    } else if (equals > 0) assignments[line.slice(0, equals)] = line.slice(equals + 1);
    else throw new Error(`Unable to process file command: invalid format "${line}"`);
  }
  return assignments;
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    // A step may delete its own file: the runner takes that for an empty one.
    return "";
  }
}
