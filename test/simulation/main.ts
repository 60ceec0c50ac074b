import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { inFolder } from "./in-folder.ts";
import { mutants } from "./mutants.ts";
