/** The app, or its database, is killed at moments that only look random: between two of its awaits, wherever they are. */
import type { Exchange } from "../sandbox/state.ts";
import { Random } from "../simulation/random.ts";
import { startPostgres } from "../store/postgres-server.ts";
import type { Killed, KillOptions } from "./kill-runs.ts";
import { mainJobAgent, play } from "./play.ts";
import { stageAsProcess } from "./stage.ts";

/** What the next kill waits for: some time after the start, or a write that GitHub has carried out and not answered yet. */
type Plan = { readonly after: "start"; readonly ms: number } | { readonly after: "write"; readonly count: number };

/** An app that is never left alone for longer gets nothing done. */
const aliveMsMax = 1_000;
const writesMax = 4;

/** `database`: null for the embedded one. */
export async function killApp({
  kills,
  seed,
  phases,
  say,
  database,
}: KillOptions & { readonly database: string | null }): Promise<Killed> {
  const random = new Random(seed);
  let killed = 0;
  let isOver = false;
  let onWrite: () => void = () => undefined;
  const stage = await stageAsProcess({
    decide: await mainJobAgent(),
    databaseUrl: database,
    onExchange: (exchange) => {
      if (isWrite(exchange)) onWrite();
    },
  });
  const moment = (plan: Plan): Promise<void> =>
    new Promise((resolve) => {
      if (plan.after === "start") {
        setTimeout(resolve, plan.ms);
        return;
      }
      let writes = 0;
      onWrite = () => {
        writes += 1;
        if (writes === plan.count) resolve();
      };
      // Where it writes no more, as in a wait, time decides.
      setTimeout(resolve, aliveMsMax);
    });
  const killing = async (): Promise<void> => {
    while (killed < kills) {
      const plan: Plan =
        random.below(2) === 0
          ? { after: "start", ms: random.below(aliveMsMax) }
          : { after: "write", count: 1 + random.below(writesMax) };
      await moment(plan);
      if (isOver) return;
      killed += 1;
      say(
        `${killed}/${kills} killed the app ${plan.after === "start" ? `${plan.ms} ms after its start` : `at write ${plan.count}`}`,
      );
      await stage.killApp();
    }
  };
  try {
    const trouble = killing();
    const outcome = await Promise.race([
      play(stage, phases, kills),
      trouble.then(() => new Promise<never>(() => undefined)),
    ]);
    isOver = true;
    await trouble;
    return { ...outcome, kills: killed };
  } finally {
    isOver = true;
    await stage.close();
  }
}

/** Kills the database as the loss of power does, and lets it start again by itself. */
export async function killDatabase({ kills, seed, phases, say }: KillOptions): Promise<Killed> {
  const random = new Random(seed);
  const server = await startPostgres({ durable: true });
  let killed = 0;
  let timer: NodeJS.Timeout | undefined;
  try {
    const stage = await stageAsProcess({
      decide: await mainJobAgent(),
      databaseUrl: server.url,
      databaseGoesAway: true,
    });
    const killing = async (): Promise<void> => {
      while (killed < kills) {
        await new Promise((resolve) => {
          timer = setTimeout(resolve, 500 + random.below(4 * aliveMsMax));
        });
        killed += 1;
        say(`${killed}/${kills} killed PostgreSQL`);
        await server.crash();
      }
    };
    try {
      void killing();
      const outcome = await play(stage, phases, kills);
      return { ...outcome, kills: killed };
    } finally {
      clearTimeout(timer);
      await stage.close();
    }
  } finally {
    await server.stop();
  }
}

function isWrite({ method, url, status }: Exchange): boolean {
  return method !== "GET" && status < 300 && !url.includes("/access_tokens");
}
