/** What a repository's settings say of services that tasks work with: under which names their values lie, and what is no secret. */

import { sameName } from "./dialogue.ts";
import { dependencyNameOf } from "./dependency-name.ts";
import type { TaskSettings } from "./settings.ts";

export interface ServiceName {
  /** e.g. `Notion`. */
  readonly service: string;
  readonly type: "api_key" | "env_variable";
  /** Of a secret or a variable of the repository. */
  readonly name: string;
  /** What the service's guide calls it. */
  readonly insteadOf: string;
}

/** No secret: every step has it in its environment. */
export interface ServiceValue {
  readonly service: string;
  readonly name: string;
  readonly value: string;
}

/** Only what somebody set. */
export function serviceNamesOf({ integrations }: Pick<TaskSettings, "integrations">): readonly ServiceName[] {
  const { figma, supabase, slack, notion } = integrations;
  const all = [
    ["Figma", "api_key", figma.tokenSecret, "FIGMA_ACCESS_TOKEN"],
    ["Supabase", "env_variable", supabase.urlVariable, "SUPABASE_URL"],
    ["Supabase", "api_key", supabase.keySecret, "SUPABASE_ANON_KEY"],
    ["Slack", "api_key", slack.tokenSecret, "SLACK_BOT_TOKEN"],
    ["Notion", "api_key", notion.tokenSecret, "NOTION_TOKEN"],
  ] as const;
  return all.flatMap(([service, type, name, insteadOf]) => (name === null ? [] : [{ service, type, name, insteadOf }]));
}

/** An address goes before the variable that would hold it. */
export function serviceValuesOf({ integrations }: Pick<TaskSettings, "integrations">): readonly ServiceValue[] {
  const { supabase, slack } = integrations;
  return [
    ...(supabase.url === null ? [] : [{ service: "Supabase", name: "SUPABASE_URL", value: supabase.url }]),
    ...(slack.defaultChannel === null
      ? []
      : [{ service: "Slack", name: "SLACK_DEFAULT_CHANNEL", value: slack.defaultChannel }]),
  ];
}

/** What a thing is called here, that somebody asks for by the name in the guide. */
export function nameHere(names: readonly ServiceName[], asked: string): string {
  const plain = dependencyNameOf("api_key", asked);
  return names.find(({ insteadOf }) => sameName(insteadOf, plain))?.name ?? asked;
}

/** In a guide every mention, so that its examples hold. */
export function withNamesHere(text: string, names: readonly ServiceName[]): string {
  const here = new Map(names.map(({ insteadOf, name }) => [insteadOf, name]));
  return text.replaceAll(/\b[A-Z][A-Z0-9_]+\b/gu, (word) => here.get(word) ?? word);
}
