import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** A JavaScript action, read from its action.yml. */
export type ActionManifest = {
  readonly folder: string;
  readonly name: string;
  /** Defaults by input name, with `${{ }}` in them; "" without one, as the runner does. */
  readonly inputDefaults: Readonly<Record<string, string>>;
  readonly main: string;
  readonly pre: string | undefined;
  readonly preCondition: string;
  readonly post: string | undefined;
  readonly postCondition: string;
};

const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Manifest = z.object({
  name: z.string(),
  inputs: z.record(z.string(), z.object({ default: Text.optional() }).nullable()).nullish(),
  runs: z.object({
    using: z.literal("node24", "the sandbox's runner runs only JavaScript actions with `using: node24`"),
    main: z.string(),
    pre: z.string().optional(),
    "pre-if": Text.optional(),
    post: z.string().optional(),
    "post-if": Text.optional(),
  }),
});

export async function readActionManifest(folder: string): Promise<ActionManifest> {
  const path = join(folder, "action.yml");
  try {
    const { name, inputs, runs } = Manifest.parse(parse(await readFile(path, "utf8")));
    return {
      folder,
      name,
      inputDefaults: Object.fromEntries(
        Object.entries(inputs ?? {}).map(([input, definition]) => [input, definition?.default ?? ""]),
      ),
      main: runs.main,
      pre: runs.pre,
      preCondition: runs["pre-if"] ?? "always()",
      post: runs.post,
      postCondition: runs["post-if"] ?? "always()",
    };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new Error(`reading action "${path}": ${reason}`, { cause });
  }
}
