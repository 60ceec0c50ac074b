/**
 * The agent is another user than the runner, so that the kernel keeps it from the model key, from the job's tokens and from the runner's files.
 * Fail closed: where no such user can be had, nothing starts.
 */

import { randomInt } from "node:crypto";
import { access, chmod, constants, lchown, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { endProcesses } from "./end-processes.ts";
import { removeFirewallOf } from "./firewall.ts";

export interface AgentUser {
  readonly name: string;
  /** Null where it is the runner's own. */
  readonly uid: number | null;
  /** False where the agent is the runner's own user: then nothing is kept from it. */
  readonly isSeparate: boolean;
  /** The command that runs `file` as this user. It replaces itself, so the process id stays. */
  command(file: string, args: readonly string[]): { readonly file: string; readonly args: readonly string[] };
  /** Gives a folder and all in it to the agent. Only before the agent has run: a hard link of its making could name any file. */
  ownFolder(path: string): Promise<void>;
  /** Gives single paths to the agent. Links are given, not followed. */
  own(paths: readonly string[]): Promise<void>;
  /** Closes folders to the agent until it owns them again. What leads there must be the runner's; none of its processes may live. */
  shut(folders: readonly string[]): Promise<void>;
  /** Ends every process of this user, also those that left their group and session. Answers the names of those that there were, as far as it saw. */
  killAll(): Promise<readonly string[]>;
  /** Ends its processes, and removes the user and what it left in shared folders. */
  remove(): Promise<void>;
}

export interface AgentUserOrder {
  /** Eight hexadecimal digits that no other run has. Runs beside this one on the machine have users of their own. */
  readonly id: string;
  /** Home folder of the account; made by the caller. */
  readonly home: string;
  readonly runner: { readonly uid: number; readonly pid: number; readonly platform: string };
  /** Value of PATH, for the tools that make users: only folders that no other user can write in. */
  readonly path: string;
  /** Set by a person who knows that the agent is then as mighty as the runner. */
  readonly unsafeSameUser: boolean;
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const remedy =
  "Run the job as root or as a user with passwordless sudo on Linux (GitHub-hosted runners are so), with useradd and setpriv installed. " +
  "Only where the machine holds nothing worth stealing, set PHASEGATE_UNSAFE_SAME_USER=1.";
const commandTimeoutMs = 30_000;
const sharedFolders: readonly string[] = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/var/crash"];
const accountPrefix = "phasegate-";
/**
 * Where ids of people's accounts end and those of containers have not begun.
 * One at random and not the next free one: another run may still be clearing up after an agent that had it.
 */
const userIds = { min: 30_000, max: 59_999 } as const;
/** Tries to change the machine's accounts; where another program is at it, each of them waits some seconds by itself. */
const changesMax = 5;

export async function createAgentUser(order: AgentUserOrder): Promise<AgentUser> {
  if (order.unsafeSameUser) return sameUser();
  const { runner, path } = order;
  if (runner.platform !== "linux" || runner.uid !== 0) {
    throw new Error(`making a user for the agent: the runner may not make users here. ${remedy}`);
  }
  const tools = createTools(path);
  const setpriv = await tools.find("setpriv");
  await removeStaleUsers(tools, path);
  const account = await addAccount(order, tools);
  return separateUser(account, setpriv, tools);
}

function sameUser(): AgentUser {
  return {
    name: "the runner's own user",
    uid: null,
    isSeparate: false,
    command: (file, args) => ({ file, args }),
    ownFolder: async () => {},
    own: async () => {},
    shut: async () => {},
    // Whatever else this user runs is not ours to end; the group of the CLI is ended by whoever started it.
    killAll: async () => [],
    remove: async () => {},
  };
}

function separateUser(account: Account, setpriv: string, tools: Tools): AgentUser {
  const { name, uid, gid } = account;
  return {
    name,
    uid,
    isSeparate: true,
    command,
    ownFolder,
    own,
    shut,
    killAll: () => killAllOf(account, tools),
    remove,
  };

  function command(file: string, args: readonly string[]): { file: string; args: readonly string[] } {
    return { file: setpriv, args: [...privilegesOf(account), "--", file, ...args] };
  }

  async function ownFolder(path: string): Promise<void> {
    await tools.run("giving the work tree to the agent", "chown", ["-R", "-P", "-h", `${uid}:${gid}`, "--", path]);
  }

  async function own(paths: readonly string[]): Promise<void> {
    for (const path of paths) await lchown(path, uid, gid);
  }

  async function shut(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      await lchown(folder, 0, 0);
      // The agent may have opened it to everybody.
      await chmod(folder, 0o700);
    }
  }

  async function remove(): Promise<void> {
    await endAccount(account, tools);
  }
}

/** No groups, no capabilities, no way back by a program with the setuid bit; it dies with the runner. */
function privilegesOf({ uid, gid }: Account): readonly string[] {
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    "--clear-groups",
    "--no-new-privs",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--bounding-set=-all",
    "--pdeathsig=KILL",
  ];
}

async function addAccount({ id, home, runner }: AgentUserOrder, tools: Tools): Promise<Account> {
  if (!/^[0-9a-f]{8}$/.test(id)) throw new Error(`making a user for the agent: "${id}" is no id`);
  const name = `${accountPrefix}${id}`;
  const comment = `runner ${runner.pid} ${(await startOf(runner.pid)) ?? "unknown"}`;
  const asked = ["--system", "--user-group", "--no-create-home", "--home-dir", home, "--shell", "/bin/sh"];
  await changeAccounts(async () => {
    const id = String(randomInt(userIds.min, userIds.max + 1));
    // The group gets the same number: useradd looks for one between these bounds.
    const bounds = ["SYS_UID_MIN", "SYS_UID_MAX", "SYS_GID_MIN", "SYS_GID_MAX"].flatMap((key) => [
      "-K",
      `${key}=${id}`,
    ]);
    const args = [...asked, "--comment", comment, "--uid", id, ...bounds, name];
    return await tools.run("making a user for the agent", "useradd", args);
  });
  const ask = async (what: string) => Number(await tools.run("asking for the agent's user", "id", [what, name]));
  const [uid, gid] = await Promise.all([ask("-u"), ask("-g")]);
  if (!Number.isSafeInteger(uid) || !Number.isSafeInteger(gid) || uid === 0 || gid === 0) {
    throw new Error(`making a user for the agent: got user ${uid} and group ${gid}. ${remedy}`);
  }
  return { name, uid, gid };
}

/** The account may have been the last thing a killed runner made. */
async function removeStaleUsers(tools: Tools, path: string): Promise<void> {
  for (const line of (await readFile("/etc/passwd", "utf8")).split("\n")) {
    const [name = "", , uid = "", gid = "", comment = ""] = line.split(":");
    const [, pid, start] = /^runner (\d+) (\d+)$/.exec(comment) ?? [];
    if (!/^phasegate-[0-9a-f]{8}$/.test(name) || pid === undefined || Number(uid) === 0) continue;
    if ((await startOf(Number(pid))) === start) continue;
    const account = { name, uid: Number(uid), gid: Number(gid) };
    try {
      // Its rules once no process of it is left, and before another can get its id.
      await killAllOf(account, tools);
      await removeFirewallOf(account.uid, path);
      await endAccount(account, tools);
    } catch {
      // Another run that starts now removes it as well, or the next one will.
    }
  }
}

async function endAccount(account: Account, tools: Tools): Promise<void> {
  await killAllOf(account, tools);
  const { name, uid } = account;
  // The next agent must not find what this one left, least of all one that happens to get its id.
  for (const folder of sharedFolders) {
    await tools
      .run("removing what the agent left", "find", [folder, "-xdev", "-uid", String(uid), "-delete"])
      .catch(() => {
        // A folder may be missing, and another process may remove a file in this moment.
      });
  }
  await changeAccounts(() => tools.run("removing the agent's user", "userdel", ["--force", name]));
}

async function killAllOf(account: Account, tools: Tools): Promise<readonly string[]> {
  return await endProcesses({ ...account, killFromInside });

  async function killFromInside(timeoutMs: number): Promise<void> {
    const args = [...privilegesOf(account), "--", "sh", "-c", "kill -KILL -1"];
    await tools.run("ending the agent's processes", "setpriv", args, timeoutMs).catch(() => {
      // The shell ends with the others, or is stopped by them and then ended by the time-out.
    });
  }
}

/** When a process started, in the kernel's ticks: together with its id it names one process for ever. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    // The command in parentheses may hold anything; the start is the 20th field after it.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    // There is no such process.
    return null;
  }
}

/** useradd's and userdel's words where another program is changing accounts, or the id has an owner. */
const isWorthAnotherTry = /cannot lock|try again later|UID \d+ is not unique|already in use|can't get unique/i;

async function changeAccounts(change: () => Promise<string>): Promise<void> {
  for (let left = changesMax; ; left--) {
    try {
      await change();
      return;
    } catch (error) {
      if (left === 1 || !(error instanceof Error) || !isWorthAnotherTry.test(error.message)) throw error;
    }
  }
}

interface Tools {
  run(doing: string, file: string, args: readonly string[], timeoutMs?: number): Promise<string>;
  /** Absolute path of a program. */
  find(file: string): Promise<string>;
}

function createTools(path: string): Tools {
  return {
    async find(file) {
      for (const folder of path.split(":")) {
        const candidate = join(folder, file);
        if (await isExecutable(candidate)) return candidate;
      }
      throw new Error(`looking for ${file}: it is in none of ${path}. ${remedy}`);
    },
    async run(doing, file, args, timeoutMs = commandTimeoutMs) {
      const result = await execa(file, args, {
        extendEnv: false,
        env: { PATH: path, LC_ALL: "C" },
        cwd: "/",
        reject: false,
        stdin: "ignore",
        timeout: timeoutMs,
        killSignal: "SIGKILL",
      });
      if (result.failed) throw new Error(`${doing}: ${result.shortMessage}: ${result.stderr}. ${remedy}`);
      return result.stdout;
    },
  };
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
