import { check } from "./check.ts";
import { ci } from "./ci.ts";
import { config } from "./config.ts";
import { configuration } from "./configuration.ts";
import { criteria } from "./criteria.ts";
import { decisions } from "./decisions.ts";
import { escape } from "./escape.ts";
import { finalGate } from "./final-gate.ts";
import { findingsList } from "./findings-list.ts";
import { format } from "./format.ts";
import { gate } from "./gate.ts";
import { money } from "./money.ts";
import { notices } from "./notices.ts";
import { onboarding } from "./onboarding.ts";
import { places } from "./places.ts";
import { ripple } from "./ripple.ts";
import { summary } from "./summary.ts";
import { verification } from "./verification.ts";

/** All that the app says, by its English template. One file for each file of texts, with the same name. */
export const korean: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...check,
    ...ci,
    ...config,
    ...configuration,
    ...criteria,
    ...decisions,
    ...escape,
    ...finalGate,
    ...findingsList,
    ...format,
    ...gate,
    ...money,
    ...notices,
    ...onboarding,
    ...places,
    ...ripple,
    ...summary,
    ...verification,
  }),
);
