import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";

/** One file that Actions can run as it is. Not minified, so that it can be reviewed. */
export default defineConfig({
  input: fileURLToPath(new URL("main.ts", import.meta.url)),
  platform: "node",
  output: {
    file: fileURLToPath(new URL("dist/index.js", import.meta.url)),
    format: "esm",
    codeSplitting: false,
    comments: { legal: true, jsdoc: false, annotation: false },
  },
});
