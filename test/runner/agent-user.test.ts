import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { createAgentUser, type AgentUser } from "../../src/runner/agent-user.ts";
import { proveSeparation } from "../../src/runner/prove-separation.ts";
import { trustedPath } from "../../src/runner/trusted-path.ts";
import { canHaveSecondUser, makeFolder } from "./run-world.ts";

const path = "/usr/sbin:/usr/bin:/sbin:/bin";
const runner = { uid: 0, pid: process.pid, platform: "linux" };

async function withAgent(id: string, work: (agent: AgentUser) => Promise<void>): Promise<void> {
  const agent = await createAgentUser({ id, home: "/nonexistent", runner, path, unsafeSameUser: false });
  try {
    await work(agent);
  } finally {
    await agent.remove();
  }
}

async function runAs(agent: AgentUser, script: string): Promise<string> {
  const { file, args } = agent.command("/bin/sh", ["-c", script]);
  return (await execa(file, args, { cwd: "/", reject: false, stdin: "ignore" })).stdout;
}

/** Waits until the script has said "ready"; it and what it started run on. */
async function startAs(agent: AgentUser, script: string): Promise<void> {
  const { file, args } = agent.command("/bin/sh", ["-c", script]);
  const child = spawn(file, args, { cwd: "/", stdio: ["ignore", "pipe", "ignore"], detached: true });
  await once(child.stdout, "data");
  child.stdout.destroy();
}

test("where no second user can be had, nothing starts, and the error says what to do", async () => {
  const order = { id: "0000000a", home: "/nonexistent", path, unsafeSameUser: false };
  const plain = createAgentUser({ ...order, runner: { ...runner, uid: 1000 } });
  await expect(plain).rejects.toThrow(/passwordless sudo.*PHASEGATE_UNSAFE_SAME_USER=1/);
  const mac = createAgentUser({ ...order, runner: { ...runner, platform: "darwin" } });
  await expect(mac).rejects.toThrow(/passwordless sudo/);
  const withoutTools = createAgentUser({ ...order, runner, path: "/nonexistent" });
  await expect(withoutTools).rejects.toThrow(/looking for setpriv.*setpriv installed/);
});

// Reason to skip: only root can make a second user.
describe.skipIf(!canHaveSecondUser)("the agent's user", () => {
  test("has one group, no capability and no way to more", async () => {
    await withAgent("0000000b", async (agent) => {
      const status = await runAs(agent, "id -nG; grep -E '^(Groups|Cap|NoNewPrivs)' /proc/self/status");
      expect(status).toContain("phasegate-0000000b\n");
      expect(status).toMatch(/^Groups:\s*$/m);
      expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
        expect(status).toMatch(new RegExp(`^${set}:\\s*0+$`, "m"));
      }
    });
  });

  test("is kept out of a folder that is shut, also one that it opened to all, until it owns it again", async () => {
    await using folder = await makeFolder();
    const home = join(folder.path, "home");
    await mkdir(home);
    await writeFile(join(home, "note.md"), "a note");
    await withAgent("0000000d", async (agent) => {
      await agent.ownFolder(home);
      const look = `chmod 777 ${home} 2>/dev/null; cat ${home}/note.md`;
      expect(await runAs(agent, look)).toBe("a note");
      await agent.shut([home]);
      expect(await runAs(agent, look)).toBe("");
      await agent.own([home]);
      expect(await runAs(agent, look)).toBe("a note");
    });
  });

  test.each([
    ["processes in sessions of their own", "setsid sleep 100 & sleep 100 & echo ready; wait"],
    // exit(2) ends the first thread alone: 60 on x86-64, 93 on arm64.
    [
      "a process whose first thread has ended",
      `setsid perl -Mthreads -e 'threads->create(sub { sleep 100 })->detach; syscall(${process.arch === "x64" ? 60 : 93}, 0)' & ` +
        "until grep -q '^State:.*Z' /proc/$!/status; do :; done; echo ready",
    ],
    ["one that stops whoever comes to end it", "setsid sh -c 'echo ready; while :; do kill -STOP -1; done' &"],
    ["one that kills whoever comes to end it", "setsid sh -c 'echo ready; while :; do kill -KILL -1; done' &"],
  ])("loses every process at once: %s", async (_what, script) => {
    await withAgent("0000000c", async (agent) => {
      await startAs(agent, script);
      await agent.killAll();
      const uid = /^phasegate-0000000c:x:(\d+)/m.exec(await readFile("/etc/passwd", "utf8"))?.[1];
      const threads = await Promise.all(
        (await readdir("/proc"))
          .filter((name) => /^\d+$/.test(name))
          .flatMap(async (pid) => {
            const ids = await readdir(`/proc/${pid}/task`).catch(() => []);
            return await Promise.all(
              ids.map(async (id) => await readFile(`/proc/${pid}/task/${id}/status`, "utf8").catch(() => "")),
            );
          }),
      );
      const left = threads
        .flat()
        .filter((status) => status.includes(`Uid:\t${uid}\t`) && !/^State:\s+[ZX]/m.test(status));
      expect(left).toEqual([]);
    });
  });

  test("is gone afterwards, with what it left in shared folders", async () => {
    await withAgent("0000000d", async (agent) => {
      await runAs(agent, "mkdir -p /tmp/left-0000000d/deep; echo x > /tmp/left-0000000d/deep/file");
    });
    await expect(stat("/tmp/left-0000000d")).rejects.toThrow("ENOENT");
    expect(await readFile("/etc/passwd", "utf8")).not.toContain("phasegate-0000000d");
  });

  test("has an id that no agent had a moment ago: another run may still be deleting what is left of that one", async () => {
    const ids: string[] = [];
    for (const id of ["00000011", "00000012", "00000013"]) {
      await withAgent(id, async (agent) => {
        ids.push(await runAs(agent, "echo $(id -u):$(id -g)"));
      });
    }
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^([345]\d{4}):\1$/);
  });

  test("is removed by the next run where its runner was killed", async () => {
    await createAgentUser({
      id: "0000000e",
      home: "/nonexistent",
      runner: { ...runner, pid: 1 },
      path,
      unsafeSameUser: false,
    });
    await execa("/usr/sbin/usermod", ["--comment", "runner 1 1", "phasegate-0000000e"], { env: { PATH: path } });
    await withAgent("0000000f", async () => {
      expect(await readFile("/etc/passwd", "utf8")).not.toContain("phasegate-0000000e");
    });
  });

  test("is proved to be kept apart, and every breach is named", async () => {
    await using folder = await makeFolder();
    const at = (name: string): string => join(folder.path, name);
    await mkdir(at("private"), { mode: 0o700 });
    await mkdir(at("own"), { mode: 0o700 });
    await writeFile(at("open"), "x", { mode: 0o644 });
    await execa("chmod", ["666", at("open")]);
    await withAgent("0000001a", async (agent) => {
      await agent.ownFolder(at("own"));
      const order = {
        path,
        runnerPid: process.pid,
        unreadable: [at("private")],
        unwritable: [at("private")],
        writable: [at("own")],
        executable: "/bin/sh",
      };
      await expect(proveSeparation(agent, order)).resolves.toBeUndefined();
      const leaky = {
        ...order,
        unreadable: [at("open")],
        unwritable: [at("open")],
        writable: [at("private")],
        executable: at("open"),
      };
      await expect(proveSeparation(agent, leaky)).rejects.toThrow(
        `it can't execute ${at("open")}; it reads ${at("open")}; it writes ${at("open")}; it can't write in ${at("private")}`,
      );
    });
  });

  test("is refused where it could put another folder in the way of the runner's", async () => {
    await using folder = await makeFolder();
    await mkdir(join(folder.path, "shared/job"), { recursive: true });
    await execa("chmod", ["777", join(folder.path, "shared")]);
    await withAgent("0000001b", async (agent) => {
      const paths = { unreadable: [], unwritable: [join(folder.path, "shared/job")], writable: [] };
      const order = { path, runnerPid: process.pid, executable: "/bin/sh", ...paths };
      await expect(proveSeparation(agent, order)).rejects.toThrow(
        `it writes ${folder.path}/shared, on the way to ${folder.path}/shared/job`,
      );
      // As in /tmp, where everybody keeps what is theirs.
      await execa("chmod", ["1777", join(folder.path, "shared")]);
      await expect(proveSeparation(agent, order)).resolves.toBeUndefined();
    });
  });
});

test("folders that everybody may write in are no part of the runner's own PATH", async () => {
  await using folder = await makeFolder();
  await mkdir(join(folder.path, "open/bin"), { recursive: true });
  await execa("chmod", ["777", join(folder.path, "open")]);
  await mkdir(join(folder.path, "closed"), { mode: 0o755 });
  const found = await trustedPath(
    `relative:${folder.path}/open:${folder.path}/open/bin:${folder.path}/closed:/missing:/tmp`,
  );
  expect(found.split(":")).toEqual([`${folder.path}/closed`, "/usr/sbin", "/usr/bin", "/sbin", "/bin"]);
});
