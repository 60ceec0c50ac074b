import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/control/ports.ts";
import { temporaryFolder } from "../store/temporary-store.ts";
import { otherRepository, repository, world, type World } from "./world.ts";

const findings: readonly Diagnosis[] = [
  { check: "actions", level: "fault", message: "Actions are switched off", mend: "https://github.test/settings" },
];
const installed = (told: World, repositories: readonly (typeof repository)[] | null) =>
  told.deliver({
    kind: "access-changed",
    installationId: repository.installationId,
    change: "back",
    repositories,
    sender: "owner",
  });

describe("an installation", () => {
  test("sets up each repository that it names, with the forms of the playbooks that there are", async () => {
    const told = await world();

    await installed(told, [repository, otherRepository]);

    expect(told.github.onboarded).toEqual([
      { name: "links", forms: ["create_app"], mayOpen: true },
      { name: "shop", forms: ["create_app"], mayOpen: true },
    ]);
  });

  test("that only comes back, perhaps with more rights, opens nothing, and brings up to date what is open", async () => {
    const told = await world();
    told.github.installed = [otherRepository];

    await installed(told, null);

    expect(told.github.onboarded).toEqual([{ name: "shop", forms: ["create_app"], mayOpen: false }]);
  });

  test("is tried again where GitHub fails, repository by repository", async () => {
    const told = await world();
    told.github.failNext("onboard", "before", () => new Error("GitHub is down"));

    await installed(told, [repository, otherRepository]);
    await told.advance(5_000);

    expect(told.github.onboarded.map(({ name }) => name).toSorted()).toEqual(["links", "shop"]);
  });

  test("over which the app dies is taken up again", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.dieAfter("onboard");

    await installed(told, [repository]);
    await told.advance(5_000);

    expect(told.github.onboarded.map(({ name }) => name)).toEqual(["links", "links"]);
  });

  test("on an empty repository leaves one clear line in the log", async () => {
    const told = await world();
    told.github.onboarding = { kind: "none", why: "empty" };

    await installed(told, [repository]);

    expect(told.logged).toContainEqual({
      level: "info",
      message: expect.stringContaining("has no commit yet"),
      fields: { repository: "octo/links", why: "empty" },
    });
  });
});

describe("/doctor", () => {
  test("answers on the issue of a task with what it found", async () => {
    const told = await world();
    told.diagnoses = findings;
    await told.label();

    await told.comment("doctor");

    expect(told.github.notices()).toContainEqual({ kind: "doctor", findings });
  });

  test("answers on an issue without a task, too", async () => {
    const told = await world();
    told.diagnoses = findings;

    await told.comment("doctor");

    expect(told.github.notices()).toEqual([{ kind: "doctor", findings }]);
  });

  test("says nothing to whoever may not write", async () => {
    const told = await world();

    await told.comment("doctor", "reader");

    expect(told.github.notices()).toEqual([]);
  });
});
