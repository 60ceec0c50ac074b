import path from "node:path";
import { describe, expect } from "vitest";
import { backUp, restore } from "../../src/store/backup.ts";
import { story } from "../support/story.ts";

describe("a store that was put back from a backup", () => {
  story(
    "hears again what people did since then, though GitHub has delivered it",
    { provokes: ["a record of something else was there; it stays among the commits before the new one"] },
    async (told) => {
      const folder = told.appEnvironment["DATA_DIR"] ?? "";
      const file = path.join(folder, "..", "backup.sqlite");
      await told.settled();
      await told.restart(() => backUp(folder, file, { force: false, id: "backup" }).then(() => undefined));
      await told.settled();
      const labels = ["create_app"];
      await told.owner.openIssue({ title: "A link shortener", body: "Paste a long URL, get a short one.", labels });
      await told.next("ReviewCreated");
      await told.settled();
      const before = told.events.length;
      await told.restart(() => restore(folder, file, { id: "restored" }).then(() => undefined));
      await told.next("TaskCreated");
      await told.settled();
      const since = told.events.slice(before).map(({ type }) => type);
      expect(since.filter((type) => type === "TaskCreated")).toHaveLength(1);
      expect(since).toContain("TaskStarted");
    },
  );
});
