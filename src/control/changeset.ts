import { z } from "zod";
import type { ChangesetId } from "../core/ids.ts";
import { FileChange } from "../protocol/runner.ts";
import type { Change } from "../core/change.ts";

const Stored = z.array(FileChange);

/** How a changeset lies in the store: the form in which the runner sent it. */
export function storedChangesetFrom(changes: readonly FileChange[]): string {
  return JSON.stringify(changes);
}

export function readStoredChangeset(json: string | null, id: ChangesetId): readonly Change[] {
  if (json === null) throw new Error(`reading changeset ${id}: not stored`);
  return Stored.parse(JSON.parse(json)).map((change) =>
    change.kind === "deleted"
      ? change
      : { kind: "written", path: change.path, mode: change.mode, content: Buffer.from(change.contentBase64, "base64") },
  );
}
