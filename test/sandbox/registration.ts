import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import type { Permissions } from "./state.ts";

/** What an App asks for: its installations give that, and its webhook tells of that. */
export interface Registration {
  readonly permissions: Permissions;
  readonly events: readonly string[];
}

/** Our App as its operator registers it: `app.yml`, no more and no less. */
export const ourApp: Registration = readRegistration();

/** For the sandbox's own rules: an App that hears of all that the sandbox tells, and may not write workflows. */
export const listeningApp: Registration = {
  permissions: {
    metadata: "read",
    actions: "write",
    checks: "write",
    contents: "write",
    issues: "write",
    pull_requests: "write",
    secrets: "read",
    actions_variables: "read",
    statuses: "read",
  },
  events: [...ourApp.events, "label", "create", "delete", "check_suite", "workflow_job"],
};

function readRegistration(): Registration {
  const file = z
    .object({
      default_permissions: z.record(z.string(), z.enum(["read", "write"])),
      default_events: z.array(z.string()),
    })
    .parse(parse(readFileSync(fileURLToPath(new URL("../../app.yml", import.meta.url)), "utf8")));
  return { permissions: file.default_permissions, events: file.default_events };
}
