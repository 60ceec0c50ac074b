/**
 * Keeps the agent's user on this machine: the kernel refuses whatever it sends beyond loopback, and names (DNS) on loopback, too.
 * By owner, so that the action, which is another user, is not touched. Fail closed: where no such rule can be had, nothing starts.
 */

import { execa } from "execa";
import type { AgentUser } from "./agent-user.ts";

export interface Firewall {
  /** How many packets were refused so far. */
  refused(): Promise<number>;
  /** Only once no process of the user is left. */
  remove(): Promise<void>;
}

export interface FirewallOrder {
  readonly agent: AgentUser;
  /** Value of PATH: only folders that no other user can write in. */
  readonly path: string;
  readonly platform: string;
}

const commandTimeoutMs = 30_000;
/** DNS, by TLS, in the local network, and in Windows' way. */
const namePorts = ["53", "853", "5353", "5355"];
const remedy =
  "Run the job as root or as a user with passwordless sudo on Linux with nft or iptables (GitHub-hosted Ubuntu runners are so; elsewhere: apt-get install nftables), " +
  "or allow the network: `network` in the playbook and in .github/phasegate.yml, NETWORK of the app.";

export async function startFirewall({ agent, path, platform }: FirewallOrder): Promise<Firewall> {
  const { uid } = agent;
  if (platform !== "linux" || !agent.isSeparate || uid === null) {
    throw new Error(`closing the network to the agent: it has no user of its own here. ${remedy}`);
  }
  const run = runner(path);
  const faults: string[] = [];
  for (const wayOf of ways) {
    const way = wayOf(uid, run);
    try {
      await way.make();
      await prove(agent, way, path);
      return way;
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
      await way.remove().catch(() => {
        // Half of it may never have been there. The next way makes rules of its own.
      });
    }
  }
  throw new Error(`closing the network to the agent: ${faults.join("; ")}. ${remedy}`);
}

/** What a killed run left of its user's rules, whichever way they were made. */
export async function removeFirewallOf(uid: number, path: string): Promise<void> {
  const run = runner(path);
  for (const wayOf of ways) {
    await wayOf(uid, run)
      .remove()
      .catch(() => {
        // It was not made in this way.
      });
  }
}

interface Way extends Firewall {
  make(): Promise<void>;
}

const ways: readonly ((uid: number, run: RunTool) => Way)[] = [withNft, withIptables];

type RunTool = (file: string, args: readonly string[], input?: string) => Promise<string>;

function runner(path: string): RunTool {
  return async (file, args, input) => {
    const result = await execa(file, args, {
      extendEnv: false,
      env: { PATH: path, LC_ALL: "C" },
      cwd: "/",
      reject: false,
      timeout: commandTimeoutMs,
      killSignal: "SIGKILL",
      ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    });
    if (result.failed) throw new Error(`${result.shortMessage} ${result.stderr}`.slice(0, 500).trim());
    return result.stdout;
  };
}

function withNft(uid: number, run: RunTool): Way {
  const table = `inet phasegate_${uid}`;
  // Looked at before and after the machine's own rules lead it elsewhere (NAT, at -100): a container's DNS, a mesh's sidecar, a port of a cluster.
  // Made, deleted and made again in one transaction: what a killed runner left is replaced.
  const rules = `
table ${table} {}
delete table ${table}
table ${table} {
  chain asked {
    type filter hook output priority -150; policy accept;
    meta skuid ${uid} jump agent
  }
  chain led {
    type filter hook output priority 0; policy accept;
    meta skuid ${uid} jump agent
  }
  chain agent {
    meta l4proto { tcp, udp } th dport { ${namePorts.join(", ")} } counter reject
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    counter reject
  }
}
`;
  return {
    async make() {
      await run("nft", ["-f", "-"], rules);
    },
    async refused() {
      const listed = await run("nft", ["list", "chain", ...table.split(" "), "agent"]);
      return [...listed.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
    },
    async remove() {
      await run("nft", ["delete", "table", ...table.split(" ")]);
    },
  };
}

function withIptables(uid: number, run: RunTool): Way {
  const chain = `phasegate-${uid}`;
  const families = [
    { tool: "iptables", loopback: "127.0.0.0/8" },
    { tool: "ip6tables", loopback: "::1/128" },
  ];
  const wait = ["-w", "10"];
  const tracked = ["-m", "conntrack"];
  const jump = ["OUTPUT", "-m", "owner", "--uid-owner", String(uid), "-j", chain];
  return {
    async make() {
      await remove().catch(() => {
        // Nothing was left by a killed runner.
      });
      for (const { tool, loopback } of families) {
        await run(tool, [...wait, "-N", chain]);
        const add = async (...rule: readonly string[]) => await run(tool, [...wait, "-A", chain, ...rule]);
        for (const protocol of ["tcp", "udp"]) {
          await add("-p", protocol, "-m", "multiport", "--dports", namePorts.join(","), "-j", "REJECT");
          for (const port of namePorts) await add("-p", protocol, ...tracked, "--ctorigdstport", port, "-j", "REJECT");
        }
        // REJECT is to be had after NAT alone, so that what was asked for before it is taken from the connection. What is not tracked is not led elsewhere.
        await add("-d", loopback, ...tracked, "--ctorigdst", loopback, "-j", "ACCEPT");
        await add("-d", loopback, ...tracked, "--ctstate", "UNTRACKED", "-j", "ACCEPT");
        await add("-j", "REJECT");
        await run(tool, [...wait, "-I", ...jump]);
      }
    },
    async refused() {
      const listed = await Promise.all(families.map(({ tool }) => run(tool, [...wait, "-nvxL", chain])));
      return listed
        .flatMap((text) => [...text.matchAll(/^\s*(\d+)\s+\d+\s+REJECT\b/gm)])
        .reduce((sum, [, packets]) => sum + Number(packets), 0);
    },
    remove,
  };

  /** Each part for itself: where one was never made, or has no tool, the others go all the same. */
  async function remove(): Promise<void> {
    const faults: unknown[] = [];
    for (const { tool } of families) {
      for (const args of [
        ["-D", ...jump],
        ["-F", chain],
        ["-X", chain],
      ]) {
        await run(tool, [...wait, ...args]).catch((error: unknown) => faults.push(error));
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}

/** As the agent, asks for a name on loopback, which has a way everywhere: the rule must have seen it. */
async function prove(agent: AgentUser, firewall: Firewall, path: string): Promise<void> {
  const before = await firewall.refused();
  const { file, args } = agent.command("/bin/bash", ["-c", "echo > /dev/udp/127.0.0.1/53"]);
  await execa(file, args, {
    extendEnv: false,
    env: { PATH: path, LC_ALL: "C" },
    cwd: "/",
    reject: false,
    stdin: "ignore",
    timeout: commandTimeoutMs,
    killSignal: "SIGKILL",
  });
  if ((await firewall.refused()) <= before) throw new Error("the rule is there, and does not hold the agent's packets");
}
