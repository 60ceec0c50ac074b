/** The kernel keeps the agent's user on this machine. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import { rm, symlink } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAgentUser, type AgentUser } from "../../src/runner/agent-user.ts";
import { limitEgress } from "../../src/runner/egress.ts";
import { startFirewall, type Firewall } from "../../src/runner/firewall.ts";
import { trustedPath } from "../../src/runner/trusted-path.ts";
import { canHaveSecondUser, makeFolder } from "./run-world.ts";

const path = await trustedPath(process.env["PATH"] ?? "/usr/bin:/bin");
const runner = { uid: process.getuid?.() ?? -1, pid: process.pid, platform: process.platform };
const canHaveFirewall =
  canHaveSecondUser && (await execa("nft", ["list", "ruleset"], { reject: false, env: { PATH: path } })).exitCode === 0;
const hasIptables =
  canHaveFirewall &&
  (await execa("/bin/sh", ["-c", "ip6tables -S"], { reject: false, env: { PATH: path } })).exitCode === 0;
/** Of this machine, and not on loopback: what is sent there counts as sent out. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === "IPv4" && !each.internal)?.address;

test("without a user of its own the agent is not started on a limited network, and the error says what helps", async () => {
  const agent = await createAgentUser({ id: "00000000", home: "/", runner, path, unsafeSameUser: true });
  const order = { hosts: [], agent, path, platform: "linux", note: () => {} };
  for (const network of ["registries", "none"] as const) {
    await expect(limitEgress({ ...order, network })).rejects.toThrow(/no user of its own.*NETWORK/u);
  }
  expect(await limitEgress({ ...order, network: "open" })).toMatchObject({ environment: {} });
});

// Reason to skip: it takes root and nft, which `.ci/run` installs.
describe.skipIf(!canHaveFirewall)("the firewall", () => {
  let agent: AgentUser;
  let firewall: Firewall;
  const server = createServer((_request, response) => response.end("here"));
  let port = 0;

  beforeAll(async () => {
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
    const address = server.address();
    port = typeof address === "object" ? (address?.port ?? 0) : 0;
    agent = await createAgentUser({ id: "f1aef1ae", home: "/nonexistent", runner, path, unsafeSameUser: false });
    firewall = await startFirewall({ agent, path, platform: "linux" });
  });
  afterAll(async () => {
    await agent?.remove();
    await firewall?.remove();
    server.close();
  });

  /** As the agent, or as whoever runs this. */
  async function reaches(script: string, as: "agent" | "runner"): Promise<boolean> {
    const command = ["/bin/bash", ["-c", script]] as const;
    const { file, args } = as === "agent" ? agent.command(...command) : { file: command[0], args: command[1] };
    return (await execa(file, args, { reject: false, timeout: 5_000 })).exitCode === 0;
  }

  /** A PATH with nothing else in it. */
  async function linkIptables(folder: string): Promise<void> {
    for (const tool of ["iptables", "ip6tables"]) {
      const { stdout } = await execa("/bin/sh", ["-c", `command -v ${tool}`], { env: { PATH: path } });
      await symlink(stdout, join(folder, tool));
    }
  }

  test("leaves servers of tools within reach by their names, also where the network is none", async () => {
    // Longer than a name may be, so that no resolver is asked.
    const mcpHost = `${"a".repeat(64)}.example`;
    const notes: string[] = [];
    const note = (kind: string, what = "") => void notes.push(`${kind} ${what}`);
    const order = { network: "none", agent, path, platform: "linux", note } as const;
    const closed = await limitEgress({ ...order, hosts: [] });
    expect(closed.environment).toEqual({});
    await closed.remove();
    const egress = await limitEgress({ ...order, hosts: [mcpHost] });
    const proxy = new URL(egress.environment["HTTPS_PROXY"] ?? "");
    const asks = (host: string) =>
      `exec 3<>/dev/tcp/${proxy.hostname}/${proxy.port}; printf 'CONNECT ${host}:443 HTTP/1.1\\r\\n\\r\\n' >&3; head -1 <&3 | grep -q ' 502 '`;
    // It is looked up, and not refused.
    expect(await reaches(asks(mcpHost), "agent")).toBe(true);
    expect(await reaches(asks("registry.npmjs.org"), "agent")).toBe(false);
    expect(notes).toEqual(["network-refused registry.npmjs.org:443"]);
    await egress.stop();
    await egress.remove();
    firewall = await startFirewall({ agent, path, platform: "linux" });
  });

  test("lets the agent reach loopback, where the gateway is", async () => {
    expect(await reaches(`exec 3<>/dev/tcp/127.0.0.1/${port}`, "agent")).toBe(true);
  });

  test.skipIf(outside === undefined)("lets it reach nothing else, and everybody else what they like", async () => {
    const before = await firewall.refused();
    expect(await reaches(`exec 3<>/dev/tcp/${outside}/${port}`, "runner")).toBe(true);
    expect(await reaches(`exec 3<>/dev/tcp/${outside}/${port}`, "agent")).toBe(false);
    expect(await firewall.refused()).toBeGreaterThan(before);
  });

  test("lets it resolve nothing, also on loopback", async () => {
    const before = await firewall.refused();
    await reaches("echo > /dev/udp/127.0.0.53/53; echo > /dev/tcp/127.0.0.1/53", "agent");
    expect(await firewall.refused()).toBeGreaterThan(before);
  });

  describe("looks at what was asked for, wherever the machine's own rules lead it:", () => {
    const resolver = createSocket("udp4");
    let heard = "";
    resolver.on("message", (message) => (heard += message.toString()));
    const table = `phasegate_test_${process.pid}`;
    const nft = async (input: string) => await execa("nft", ["-f", "-"], { input, env: { PATH: path } });

    beforeAll(async () => {
      resolver.bind(0, "127.0.0.11");
      await once(resolver, "listening");
      await nft(`table ip ${table} { chain out { type nat hook output priority -100; policy accept;
        meta skuid ${agent.uid} ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:${resolver.address().port}
        meta skuid ${agent.uid} ip daddr 198.51.100.0/24 tcp dport 80 redirect to :${port}
        meta skuid ${agent.uid} ip daddr 127.0.0.12 tcp dport 80 dnat to ${outside ?? "198.51.100.7"}:${port}
      }
      }`);
    });
    afterAll(async () => {
      await nft(`delete table ip ${table}`);
      resolver.close();
    });

    async function stays(): Promise<void> {
      const before = await firewall.refused();
      expect(await reaches("exec 3<>/dev/tcp/198.51.100.7/80", "agent")).toBe(false);
      expect(await reaches("exec 3<>/dev/tcp/127.0.0.12/80", "agent")).toBe(false);
      await reaches("echo name.evil.example > /dev/udp/127.0.0.11/53", "agent");
      expect(await firewall.refused()).toBeGreaterThanOrEqual(before + 3);
      // What the agent sent would have come before it.
      await reaches(`echo -n last > /dev/udp/127.0.0.11/${resolver.address().port}`, "runner");
      await expect.poll(() => heard).toBe("last");
      heard = "";
      expect(await reaches(`exec 3<>/dev/tcp/127.0.0.1/${port}`, "agent")).toBe(true);
    }

    test("with nft", stays);

    test.skipIf(!hasIptables)("with iptables", async () => {
      await using folder = await makeFolder();
      await linkIptables(folder.path);
      await firewall.remove();
      firewall = await startFirewall({ agent, path: folder.path, platform: "linux" });
      await stays();
      await firewall.remove();
      firewall = await startFirewall({ agent, path, platform: "linux" });
    });
  });

  test.skipIf(!hasIptables)("is made with iptables where there is no nft", async () => {
    await using folder = await makeFolder();
    await linkIptables(folder.path);
    // Whichever stands first refuses, and the other sees nothing.
    await firewall.remove();
    firewall = await startFirewall({ agent, path: folder.path, platform: "linux" });
    const before = await firewall.refused();
    expect(await reaches(`exec 3<>/dev/tcp/127.0.0.1/${port}`, "agent")).toBe(true);
    expect(await reaches(`exec 3<>/dev/tcp/${outside ?? "192.0.2.1"}/${port}`, "agent")).toBe(false);
    await reaches("echo > /dev/udp/127.0.0.53/53", "agent");
    expect(await firewall.refused()).toBeGreaterThan(before);
    await firewall.remove();
    for (const tool of ["iptables", "ip6tables"]) {
      expect((await execa(tool, ["-S"], { env: { PATH: path } })).stdout).not.toContain("phasegate");
    }
    firewall = await startFirewall({ agent, path, platform: "linux" });
  });

  test.skipIf(!hasIptables)("leaves no rule of a way that failed half way", async () => {
    await using folder = await makeFolder();
    await linkIptables(folder.path);
    await rm(join(folder.path, "ip6tables"));
    const half = { ...agent, uid: 61_000 };
    await expect(startFirewall({ agent: half, path: folder.path, platform: "linux" })).rejects.toThrow(/ip6tables/u);
    expect((await execa("/bin/sh", ["-c", "iptables -S"], { env: { PATH: path } })).stdout).not.toContain("61000");
  });

  test("is taken away with its user by the next run, where its own was killed", async () => {
    const gone = { uid: runner.uid, pid: 4_000_000, platform: "linux" };
    const left = await createAgentUser({
      id: "f1aef1a0",
      home: "/nonexistent",
      runner: gone,
      path,
      unsafeSameUser: false,
    });
    await startFirewall({ agent: left, path, platform: "linux" });
    // Whoever made the account is not there: that is what a killed runner leaves.
    await execa("/usr/sbin/usermod", ["--comment", "runner 4000000 1", left.name], { env: { PATH: path } });
    const next = await createAgentUser({ id: "f1aef1a1", home: "/nonexistent", runner, path, unsafeSameUser: false });
    await next.remove();
    const { stdout } = await execa("nft", ["list", "tables"], { env: { PATH: path } });
    expect(stdout).toContain(`phasegate_${agent.uid}`);
    expect(stdout).not.toContain(`phasegate_${left.uid}`);
  });

  test("is gone once it is removed, and may be made again over what a killed run left", async () => {
    const again = await startFirewall({ agent, path, platform: "linux" });
    await again.remove();
    const { stdout } = await execa("nft", ["list", "tables"], { env: { PATH: path } });
    expect(stdout).not.toContain(`phasegate_${agent.uid}`);
    firewall = await startFirewall({ agent, path, platform: "linux" });
  });
});
