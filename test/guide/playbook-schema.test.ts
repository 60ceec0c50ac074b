/** Made anew by `npx vitest run --config test/vitest.config.ts test/guide/playbook-schema.test.ts -u`. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { PlaybookHead } from "../../src/guide/schema.ts";

const guide = path.join(import.meta.dirname, "..", "..", "guide");
const playbooks = readdirSync(path.join(guide, "playbooks"));
const textOf = (file: string): string => readFileSync(path.join(guide, file), "utf8");

describe("the schema of a playbook for editors", () => {
  test("is the current one", async () => {
    const schema = z.toJSONSchema(PlaybookHead, { io: "input" });
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot("../../guide/playbook.schema.json");
  });

  test.each(playbooks)("is named in the first line of %s, and holds for it", (file) => {
    const text = textOf(`playbooks/${file}`);
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=../playbook.schema.json");
    const isValid = new Ajv2020().compile(JSON.parse(textOf("playbook.schema.json")));
    isValid(parse(text));
    expect(isValid.errors).toBeNull();
  });

  test("refuses a field that is misspelt, as the loader does", () => {
    const isValid = new Ajv2020().compile(JSON.parse(textOf("playbook.schema.json")));
    expect(isValid({ ...parse(textOf(`playbooks/${playbooks[0]}`)), budget: 3 })).toBe(false);
  });
});
