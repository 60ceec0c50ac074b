import { readFileSync } from "node:fs";
import path from "node:path";
import type { Clock, Log, NewId } from "./control/ports/surroundings.ts";
import { listen, webhookPath } from "./http/server.ts";
import { readAppRights } from "./setup/app-manifest.ts";
import { createOneTimeCode, type Random } from "./setup/one-time-code.ts";
import { setupApp } from "./setup/setup-app.ts";
import { isLoopbackHost, type SetupSettings } from "./setup/setup-settings.ts";

const appYml = path.join(import.meta.dirname, "..", "app.yml");

export interface RunningSetup {
  readonly port: number;
  /** What the person at the terminal has to know, the one-time code included: not for a log. */
  readonly instructions: string;
  stop(): Promise<void>;
}

/** Serves the pages that make an App, where nobody has set one up yet. */
export async function startSetup(
  settings: SetupSettings,
  surroundings: {
    readonly clock: Clock;
    readonly newId: NewId;
    readonly random: Random;
    readonly log: Log;
    /** Absolute path of the environment file to write. */
    readonly envFile: string;
  },
): Promise<RunningSetup> {
  const rights = readAppRights(readFileSync(appYml, "utf8"));
  const code = isLoopbackHost(settings.host) ? null : createOneTimeCode(surroundings.random);
  const app = setupApp({ ...surroundings, settings, rights, webhookPath, code, fetch });
  const server = await listen(app, settings.host, settings.port);
  const lines =
    code === null
      ? [`Open http://localhost:${server.port}/setup in a browser on this machine.`]
      : [
          `Open https://<address of this host>/setup, or http://localhost:${server.port}/setup through a tunnel or a mapped port.`,
          `One-time code: ${code.text}`,
        ];
  return {
    port: server.port,
    instructions: ["Phasegate is not set up yet, so this is set-up mode.", ...lines, ""].join("\n"),
    stop: () => server.close(),
  };
}
