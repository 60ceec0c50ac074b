import { expect, test } from "vitest";
import { ConfigError } from "../../src/control/config.ts";
import { isNotSetUp, parseSetupSettings } from "../../src/setup/setup-settings.ts";

test("nothing set at all means set-up mode; one setting of the App means the list of faults", () => {
  expect(isNotSetUp({ PORT: "8080", APP_ID: " " })).toBe(true);
  for (const name of ["APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET", "PUBLIC_URL", "ACTION_REF"])
    expect(isNotSetUp({ [name]: "x" })).toBe(false);
});

test("listens on loopback unless told otherwise", () => {
  expect(parseSetupSettings({})).toMatchObject({ host: "127.0.0.1", port: 3000, githubWebUrl: "https://github.com" });
  expect(parseSetupSettings({ HOST: "0.0.0.0", PORT: "0" })).toMatchObject({ host: "0.0.0.0", port: 0 });
});

test("takes the rules of the app for what it uses, and refuses a second App", () => {
  expect(() => parseSetupSettings({ PORT: "port" })).toThrow(ConfigError);
  expect(() => parseSetupSettings({ GITHUB_API_URL: "https://elsewhere.example" })).toThrow("GITHUB_API_URL");
  expect(() => parseSetupSettings({ APP_ID: "7" })).toThrow("npm run doctor");
});
