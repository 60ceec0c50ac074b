import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const Package = z.object({ scripts: z.object({ start: z.string() }) });

/** Those of `npm start` that are for Node's engine. */
export function startFlags(): readonly string[] {
  const file = path.join(import.meta.dirname, "..", "..", "package.json");
  const { scripts } = Package.parse(JSON.parse(readFileSync(file, "utf8")));
  return scripts.start.split(" ").filter((word) => word.startsWith("--max-"));
}
