import { rm } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { loadProduct, loadWish, productTypes } from "../model/load-product.ts";
import { mainType } from "./options.ts";
import { demoMsMax, playDemo } from "./play-demo.ts";

const types = (await productTypes()).filter((type) => type !== mainType);

describe("npm run demo", () => {
  test.each(types)("with --type %s goes from the label to the last merge", { timeout: demoMsMax }, async (type) => {
    const { steps } = await loadProduct(type);
    const { title } = await loadWish(type);
    const { events, exitCode, stderr } = await playDemo(["--type", type], {}, () => undefined);
    const last = events.at(-1);
    expect({ exitCode, stderr, problems: events.filter((event) => event.type === "problem") }).toEqual({
      exitCode: 0,
      stderr: "",
      problems: [],
    });
    expect(last).toMatchObject({ type: "demo-finished", status: "completed" });
    if (last?.type !== "demo-finished" || last.repository === null) throw new Error("the demo named no work tree");
    expect(events.find((event) => event.type === "issue-opened")).toMatchObject({ title, label: type });
    // Planned phases lie in folders, which know no order.
    const merged = last.phases.filter((phase) => phase.merged).map(({ name }) => name);
    expect(merged.toSorted()).toEqual([...new Set(steps.map(({ phase }) => phase))].toSorted());
    const asked = steps.flatMap(({ asks = [] }) => asks.map(({ question }) => question));
    expect(events.flatMap((event) => (event.type === "question-asked" ? [event.question] : []))).toEqual(asked);
    expect(events.flatMap((event) => (event.type === "tests-run" ? [event.passed] : [])).every(Boolean)).toBe(true);
    await rm(path.dirname(last.repository), { recursive: true, force: true });
  });
});
