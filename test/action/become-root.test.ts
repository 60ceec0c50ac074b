import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { execa } from "execa";
import { runAsRoot } from "../../action/become-root.ts";
import { MachineTakenAway } from "../../src/runner/run-phase.ts";
import { makeFolder } from "../runner/run-world.ts";

const action = join(import.meta.dirname, "../../action/become-root.ts");
const never = new AbortController().signal;

/** Stands in for sudo: drops its own flags and starts the rest with an empty environment. */
async function fakeSudo(folder: string, allows: boolean): Promise<string> {
  const path = join(folder, "sudo");
  await writeFile(path, `#!/bin/sh\n${allows ? 'shift; [ "$1" = -- ] && shift; exec env -i "$@"' : "exit 1"}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A second process that takes over the environment, writes it down, and ends as it is told. */
function secondProcess(path: string, ending: string): readonly string[] {
  const script = `
    import { receiveEnvironment } from ${JSON.stringify(action)};
    import { writeFileSync } from "node:fs";
    const ended = Promise.withResolvers();
    const env = await receiveEnvironment(ended.resolve);
    writeFileSync(${JSON.stringify(path)}, JSON.stringify({ env, args: process.argv, own: process.env }));
    ${ending}
  `;
  return [process.execPath, "--input-type=module", "-e", script, "--"];
}

test("the environment reaches the second process through stdin alone, and its exit code comes back", async () => {
  await using folder = await makeFolder();
  const seen = join(folder.path, "seen");
  const env = { INPUT_ANTHROPIC_API_KEY: "sk-ant-key\nwith a line", EMPTY: undefined };
  const sudo = await fakeSudo(folder.path, true);

  const code = await runAsRoot({ command: secondProcess(seen, "process.exit(7)"), env, stop: never, sudo });

  expect(code).toBe(7);
  const second: { env: object; args: unknown; own: unknown } = JSON.parse(await readFile(seen, "utf8"));
  expect(second.env).toEqual({ INPUT_ANTHROPIC_API_KEY: "sk-ant-key\nwith a line" });
  expect(JSON.stringify([second.args, second.own])).not.toContain("sk-ant-key");
});

test.each([
  ["that a person cancelled the job", new Error("SIGINT"), "Error"],
  ["that the machine is taken away", new MachineTakenAway("SIGTERM"), "MachineTakenAway"],
])("the second process learns %s", async (_what, reason, name) => {
  await using folder = await makeFolder();
  const sudo = await fakeSudo(folder.path, true);
  const stop = new AbortController();
  const ending = `const why = await ended.promise; process.exit(why.name === ${JSON.stringify(name)} ? 3 : 4);`;
  const command = secondProcess(join(folder.path, "seen"), ending);
  const code = runAsRoot({ command, env: {}, stop: stop.signal, sudo });
  stop.abort(reason);
  expect(await code).toBe(3);
});

test("a first process that is killed was taken away, too: nobody cancels a job so", async () => {
  await using folder = await makeFolder();
  const [file = "", ...args] = secondProcess(
    join(folder.path, "seen"),
    "const why = await ended.promise; process.exit(why.name === 'MachineTakenAway' ? 3 : 4);",
  );
  const run = await execa(file, args, { input: "{}\n", reject: false });
  expect(run.exitCode).toBe(3);
});

test("without sudo, or with one that asks for a password, there is no second process", async () => {
  await using folder = await makeFolder();
  const order = { command: ["/bin/true"], env: {}, stop: never };
  expect(await runAsRoot({ ...order, sudo: await fakeSudo(folder.path, false) })).toBeNull();
  expect(await runAsRoot({ ...order, sudo: join(folder.path, "missing") })).toBeNull();
});
