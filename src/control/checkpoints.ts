/** Seals what a run may go on from before the store has it: it holds a whole conversation. */
import type { TaskId } from "../core/ids.ts";
import { Checkpoint } from "../protocol/checkpoint.ts";
import { limits } from "../protocol/runner.ts";
import type { CheckpointKey } from "./checkpoint-keys.ts";
import { createSeal, type Sealed } from "./seal.ts";

/** Throws where no key has this id, and where somebody changed what was sealed. */
export interface CheckpointSeal {
  seal(checkpoint: Checkpoint): Sealed;
  open(sealed: Sealed & { readonly taskId: TaskId; readonly checkpointId: string }): Checkpoint;
  knows(keyId: string): boolean;
}

/** As it was taken, and what its shape adds. */
const bytesMax = 2 * limits.checkpointBytesMax;

/** `keys` must not be empty. */
export function createCheckpointSeal(keys: readonly CheckpointKey[]): CheckpointSeal {
  const own = createSeal(keys);
  return {
    seal: (checkpoint) => own.seal(JSON.stringify(checkpoint), [checkpoint.taskId, checkpoint.checkpointId]),
    open({ taskId, checkpointId, ...sealed }) {
      const text = own.open(sealed, [taskId, checkpointId], { doing: `opening checkpoint ${checkpointId}`, bytesMax });
      return Checkpoint.parse(JSON.parse(text));
    },
    knows: (keyId) => own.knows(keyId),
  };
}
