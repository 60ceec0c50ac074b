import { execa } from "execa";
import type { AgentUser } from "./agent-user.ts";

export interface SeparationOrder {
  /** Value of PATH. */
  readonly path: string;
  readonly runnerPid: number;
  /** What the agent must not read. */
  readonly unreadable: readonly string[];
  /** What the agent must not write: files of the job, folders on the way to what the runner executes. */
  readonly unwritable: readonly string[];
  /** Folders that the agent needs to write in. */
  readonly writable: readonly string[];
  /** The CLI. */
  readonly executable: string;
}

/** Each line that it prints is one breach. Paths arrive as arguments, so none of them is read as a command. */
const script = `
pid=$1; executable=$2; shift 2
cat "/proc/$pid/environ" >/dev/null 2>&1 && echo "it reads the environment of the runner"
ls "/proc/$pid/fd" >/dev/null 2>&1 && echo "it sees the open files of the runner"
kill -0 "$pid" 2>/dev/null && echo "it may signal the runner"
command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1 && echo "it may use sudo"
for socket in /var/run/docker.sock /run/containerd/containerd.sock /run/podman/podman.sock; do
  [ -w "$socket" ] && echo "it may use $socket"
done
[ -x "$executable" ] || echo "it can't execute $executable"
for fd in /proc/$$/fd/*; do
  [ "\${fd##*/}" -gt 2 ] || continue
  open=$(readlink "$fd")
  # Pipes and sockets have no name, and no content that was there before.
  case "$open" in /dev/null|/proc/*) ;; /*) echo "it inherits $open, which is open";; esac
done
# Whoever may rename a folder on the way puts another in its place. In a sticky one everybody keeps what is theirs.
on_the_way() {
  way=$1
  while [ "\${way%/*}" != "$way" ] && [ -n "\${way%/*}" ]; do
    way=\${way%/*}
    [ -w "$way" ] && [ ! -k "$way" ] && echo "it writes $way, on the way to $1"
  done
}
kind=unreadable
for path in "$@"; do
  case "$path" in -unwritable|-writable) kind=\${path#-}; continue;; esac
  case "$kind" in
    unreadable) [ -r "$path" ] && echo "it reads $path"; on_the_way "$path";;
    unwritable) [ -w "$path" ] && echo "it writes $path"; on_the_way "$path";;
    writable) [ -w "$path" ] && [ -x "$path" ] || echo "it can't write in $path";;
  esac
done
exit 0
`;
const timeoutMs = 30_000;

/** Tries, as the agent, what the agent must not be able to do. Throws with every breach it finds. */
export async function proveSeparation(agent: AgentUser, order: SeparationOrder): Promise<void> {
  if (!agent.isSeparate) return;
  const { file, args } = agent.command("/bin/sh", [
    "-c",
    script,
    "sh",
    String(order.runnerPid),
    order.executable,
    ...order.unreadable,
    "-unwritable",
    ...order.unwritable,
    "-writable",
    ...order.writable,
  ]);
  const result = await execa(file, args, {
    cwd: "/",
    extendEnv: false,
    env: { PATH: `${order.path}:/usr/bin:/bin:/usr/sbin:/sbin`, LC_ALL: "C" },
    reject: false,
    stdin: "ignore",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  if (result.failed) throw new Error(`proving that the agent is kept apart: ${result.shortMessage}: ${result.stderr}`);
  const breaches = result.stdout.split("\n").filter((line) => line !== "");
  if (breaches.length > 0) {
    throw new Error(
      `proving that the agent is kept apart: ${breaches.join("; ")}. Nothing was started. Use a runner whose files other users can't reach, e.g. a GitHub-hosted one.`,
    );
  }
}
