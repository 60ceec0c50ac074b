import { describe, expect, test } from "vitest";
import { nameHere, serviceNamesOf, serviceValuesOf, withNamesHere } from "../../src/core/services.ts";
import { defaultSettings } from "../../src/core/settings.ts";

const nothing = defaultSettings.integrations;
const integrations = {
  ...nothing,
  notion: { tokenSecret: "OUR_NOTION" },
  supabase: { url: null, urlVariable: "DB_ADDRESS", keySecret: "DB_KEY" },
};
const names = serviceNamesOf({ integrations });

describe("a service whose names the settings give", () => {
  test("is called by them in guides, word by word", () => {
    const guide =
      '`test -n "$NOTION_TOKEN"`, not NOTION_TOKENS and not MY_NOTION_TOKEN; SUPABASE_URL, SUPABASE_ANON_KEY';
    expect(withNamesHere(guide, names)).toBe(
      '`test -n "$OUR_NOTION"`, not NOTION_TOKENS and not MY_NOTION_TOKEN; DB_ADDRESS, DB_KEY',
    );
  });

  test("is found by the name in the guide, however it is written", () => {
    expect(nameHere(names, "notion_token")).toBe("OUR_NOTION");
    expect(nameHere(names, "STRIPE_KEY")).toBe("STRIPE_KEY");
  });
});

test("settings that name no service change nothing", () => {
  expect(serviceNamesOf(defaultSettings)).toEqual([]);
  expect(serviceValuesOf(defaultSettings)).toEqual([]);
});
