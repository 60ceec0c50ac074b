/** `npm run rotate-key` as the operator starts it, where one repository takes nothing any more. */
import { execFile } from "node:child_process";
import path from "node:path";
import { expect } from "vitest";
import { repositoryName } from "../support/github-world.ts";
import { story, type Story } from "../support/story.ts";
import { asks, guideFolder, notesAgent, question, request } from "./notes/agent.ts";

const program = path.join(import.meta.dirname, "..", "..", "src", "rotate-key.ts");
const [k1, k2] = ["k1", "k2"].map((id, number) => `${id}:${Buffer.alloc(32, number + 1).toString("base64")}`);

function rotateKey({ appEnvironment }: Story): Promise<{ readonly code: number; readonly said: string }> {
  const env = { ...appEnvironment, CHECKPOINT_KEYS: `${k2},${k1}` };
  return new Promise((resolve) => {
    execFile(process.execPath, [program], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, said: stdout + stderr }),
    );
  });
}

story(
  "given a repository that is archived, then changing the key comes to its end, and says what stays under the older one",
  {
    guideFolder,
    environment: { CHECKPOINT_KEYS: `${k1},${k2}` },
    decide: notesAgent({
      "notes/01_first": [asks(question("Which colour should it have?", { options: ["red"], default: "red" }))],
    }),
  },
  async (told) => {
    await told.owner.openIssue(request);
    await told.next("TaskPaused");
    await told.settled();
    // The app that runs would go on trying to say that it waits.
    await told.restart(async () => {
      told.sandbox.settings.archive(repositoryName);
      const { code, said } = await rotateKey(told);
      expect(said).toContain(`${repositoryName} is out of reach: it is archived`);
      expect(said).toContain("records of tasks out of reach: 1; they stay as they are. Keep the older keys as long as");
      expect(said).toMatch(
        /nothing uses k1, app-\S+ any more, but .*, records out of reach and backups from before\n$/u,
      );
      expect(code).toBe(0);
      told.sandbox.settings.unarchive(repositoryName);
    });
  },
);
