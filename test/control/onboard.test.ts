import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/control/ports/diagnosis.ts";
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
    await told.settle();
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

describe("the start of the app", () => {
  const elsewhere = { ...otherRepository, installationId: 9, repositoryId: 4, name: "docs" };

  /** As after an installation of the new version. */
  async function restarted(told: World, version: string): Promise<void> {
    await told.die();
    told.onboardingVersion = version;
    await told.start();
    await told.settle();
  }

  test("has what is open brought up to date, one repository after the other, and opens nothing", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.github.installed = [repository, otherRepository, elsewhere];

    await restarted(told, "v2");
    expect(told.github.onboarded.map(({ name, mayOpen }) => ({ name, mayOpen }))).toEqual([
      { name: "links", mayOpen: false },
      { name: "docs", mayOpen: false },
    ]);
    await told.advance(2_000);

    expect(told.github.onboarded.at(-1)).toEqual({ name: "shop", forms: ["create_app"], mayOpen: false });
    expect(told.github.onboarded).toHaveLength(3);
  });

  test("asks again only with other files, or on another day", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    await told.settle();
    told.github.installed = [repository];

    for (const [version, looks] of [
      ["v1", 0],
      ["v2", 1],
      ["v2", 1],
      ["v3", 2],
    ] as const) {
      await restarted(told, version);
      expect(told.github.onboarded).toHaveLength(looks);
    }
    await told.leap(24 * 60 * 60_000);
    expect(told.github.onboarded).toHaveLength(2);
    await restarted(told, "v3");
    expect(told.github.onboarded).toHaveLength(3);
  });

  test("is not held up by GitHub, and what failed is tried again", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.github.installed = [repository];
    told.github.failNext("readInstallations", "before", () => new Error("GitHub is down"));

    await restarted(told, "v2");
    expect(told.github.onboarded).toEqual([]);
    await told.advance(5_000);

    expect(told.github.onboarded.map(({ name }) => name)).toEqual(["links"]);
  });

  test("does not keep a new installation waiting for its turn among those that are only looked at", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.github.installed = [repository, otherRepository];
    await restarted(told, "v2");

    await installed(told, [otherRepository]);

    expect(told.github.onboarded.at(-1)).toMatchObject({ name: "shop", mayOpen: true });
  });

  test("leaves no line in the log for what is not open", async () => {
    const told = await world({ dataDir: await temporaryFolder() });
    told.github.installed = [repository];
    told.github.onboarding = { kind: "none", why: "not-open" };

    await restarted(told, "v2");

    expect(told.logged.filter(({ level, message }) => level !== "debug" && message.includes("onboarding"))).toEqual([]);
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
