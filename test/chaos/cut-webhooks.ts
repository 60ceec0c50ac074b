/** For an hour GitHub reaches nobody: no webhook arrives, and none that the app asks for again. */
import { actionsRuntimeOf } from "../sandbox/actions-runtime.ts";
import type { KillOptions } from "./kill-runs.ts";
import { mainJobAgent, play, type Outcome } from "./play.ts";
import { stageInProcess } from "./stage.ts";

const minutesCut = 60;
/** More than lies between two sweeps. */
const minutesAtOnce = 6;
const lookEveryMs = 250;
/** Nobody listens at this port. */
const nowhere = "http://127.0.0.1:9/";

/** The hour passes between the runs: what has an agent at work can't be hurried. Cut from the first gate on. */
export async function cutWebhooks({
  phases,
  say,
}: Omit<KillOptions, "kills" | "seed">): Promise<Outcome & { readonly minutes: number }> {
  // What was signed just before time moved on is refused, and tried again.
  const provokes = ["warning of the GitHub client", "performing an effect", "looking for what was missed"];
  const stage = await stageInProcess(await mainJobAgent(), { provokes });
  const { webhooks, context } = stage.sandbox;
  const url = webhooks.url();
  if (url === null) throw new Error("cutting the webhooks: the sandbox has no address to send them to");
  const time = shiftedTime();
  let minutes = 0;
  let hour: NodeJS.Timeout | undefined;
  const passTime = (): void => {
    if (actionsRuntimeOf(context).liveRuns.size > 0) return;
    minutes += minutesAtOnce;
    time.shift(minutesAtOnce * 60_000);
    stage.pass(0);
    // What was lost and asked for in vain is asked for again ever more rarely, so time goes on passing.
    if (minutes < minutesCut || webhooks.url() === url) return;
    webhooks.setUrl(url);
    say(`webhooks come again, ${minutes} minutes later`);
  };
  stage.onEvent((event) => {
    if (event.type !== "GateOpened" || hour !== undefined) return;
    webhooks.setUrl(nowhere);
    say("webhooks are cut");
    hour = setInterval(passTime, lookEveryMs);
  });
  try {
    return { ...(await play(stage, phases, 0)), minutes };
  } finally {
    clearInterval(hour);
    time.end();
    await stage.close();
  }
}

/** Moves the time of this whole process on, since what is signed and what is checked must agree on it. */
function shiftedTime(): { shift(ms: number): void; end(): void } {
  const real = Date;
  let aheadMs = 0;
  globalThis.Date = new Proxy(real, {
    construct: (target, given) =>
      given.length === 0 ? new target(target.now() + aheadMs) : Reflect.construct(target, given),
    get: (target, name) => (name === "now" ? () => target.now() + aheadMs : Reflect.get(target, name)),
  });
  return {
    shift(ms) {
      aheadMs += ms;
    },
    end() {
      globalThis.Date = real;
    },
  };
}
