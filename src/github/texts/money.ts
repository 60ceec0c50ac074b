/** What things may cost, in words and in whole dollars that people type. */
import type { Forecast } from "../../control/ports/task-view.ts";
import { dollars } from "./format.ts";
import type { Say } from "./words.ts";

/** Room above what is expected: a purse that is just enough stops the agent before its last word. */
const roomFactor = 1.2;
const moreFactor = 1.6;
/** No command takes more. */
const usdMax = 10_000;

/** For a purse that is to be enough. */
export function purseFor(usd: number): number {
  return Math.max(1, Math.ceil(usd * roomFactor));
}

/** A budget to go on with, of which `spentUsd` is gone: never less than what would be refused. */
export function suggestedUsd(spentUsd: number, budgetUsd: number, forecast: Forecast | undefined): number {
  const enough = forecast === undefined ? 0 : purseFor(forecast.usd);
  return Math.min(
    usdMax,
    Math.max(Math.ceil(Math.max(spentUsd, budgetUsd) * moreFactor), Math.floor(spentUsd) + 1, enough),
  );
}

export function forecastSentence({ usd, from }: Forecast, say: Say): string {
  return from === "history"
    ? say`Such phases have cost about ${dollars(usd)} in this repository.`
    : say`The playbook reckons with ${dollars(usd)}.`;
}

/** As a part of a sentence. */
export function forecastWords({ usd, from }: Forecast, say: Say): string {
  return from === "history"
    ? say`such phases have cost about ${dollars(usd)} in this repository`
    : say`the playbook reckons with ${dollars(usd)}`;
}
