/** Runs one phase as a process of its own, so that its environment and its files are those of a real runner. */

import { runPhase } from "../../src/runner/run-phase.ts";
import { runOptions } from "./run-world.ts";

const { TEST_ROOT = "", TEST_APP_URL = "", TEST_MODEL_URL = "" } = process.env;
const log: string[] = [];
const options = runOptions(TEST_ROOT, { appUrl: TEST_APP_URL, modelUrl: TEST_MODEL_URL }, log);
const end = await runPhase({ ...options, unwritable: [process.env["GITHUB_ENV"] ?? ""] });
process.stdout.write(JSON.stringify({ end, log }));
process.exit();
