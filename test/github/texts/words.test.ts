import { globSync, readFileSync } from "node:fs";
import { parseAst } from "rolldown/parseAst";
import { expect, test } from "vitest";
import { catalogues, korean } from "../../../src/github/texts/korean/index.ts";
import { languageOf, sayIn } from "../../../src/github/texts/words.ts";
import { noInput } from "../../../src/core/task-input.ts";

test("a template is said in the language asked for, with its values where the language wants them", () => {
  const link = "#7";
  expect(sayIn("en")`Issue: ${link} · In all ${1} · Model: ${"m"}`).toBe("Issue: #7 · In all 1 · Model: m");
  expect(sayIn("ko")`Issue: ${link} · In all ${1} · Model: ${"m"}`).toBe("이슈: #7 · 합계 1 · 모델: m");
  expect(sayIn("ko").count(3, "phase", "phases")).toBe("3개 단계");
});

test("given a value that looks like a template, then it stays what it is", () => {
  expect(sayIn("ko")`All ${"{1}"}: ${"x"}`).toBe("전체 {1}: x");
});

test("the issue's form goes before the repository's settings, and these before the installation", () => {
  const [said, silent] = [{ language: "ko" }, { language: null }] as const;
  expect(languageOf({ input: { ...noInput, language: "en" }, settings: said }, "ko")).toBe("en");
  expect(languageOf({ input: silent, settings: said }, "en")).toBe("ko");
  expect(languageOf({ input: silent, settings: silent }, "en")).toBe("en");
});

test("all that the code says is in the Korean catalogue, and nothing else", () => {
  const said = ["src/core", "src/control", "src/github"]
    .flatMap((folder) => globSync(`${folder}/**/*.ts`))
    .flatMap((name) => templatesOf(readFileSync(name, "utf8"), name));
  expect(said.toSorted()).not.toEqual([]);
  expect([...new Set(said)].filter((key) => !korean.has(key))).toEqual([]);
  expect([...korean.keys()].filter((key) => !said.includes(key))).toEqual([]);
});

test("each template stands in one catalogue", () => {
  const keys = catalogues.flatMap((catalogue) => Object.keys(catalogue));
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test.each([...korean])("the translation of %j has all its values", (english, translated) => {
  const valuesIn = (text: string) => [...new Set(text.match(/\{\d+\}/gu))].toSorted();
  expect(valuesIn(translated)).toEqual(valuesIn(english));
});

/** What is tagged with `say` or `phrase`, or counted. */
function templatesOf(source: string, name: string): readonly string[] {
  const found: string[] = [];
  visit(parseAst(source, { lang: "ts" }, name), (node) => {
    if (node["type"] === "TaggedTemplateExpression" && isSay(node["tag"], ["say", "phrase"])) {
      const { quasis } = node["quasi"] as {
        readonly quasis: readonly { readonly value: { readonly cooked: string } }[];
      };
      found.push(
        quasis.reduce((key, { value }, at) => (at === 0 ? value.cooked : `${key}{${at - 1}}${value.cooked}`), ""),
      );
    }
    if (node["type"] === "CallExpression" && isCount(node["callee"])) {
      const [, , many] = node["arguments"] as readonly { readonly value?: unknown }[];
      if (typeof many?.value !== "string") throw new Error(`${name}: say.count() takes its words as literals`);
      found.push(`{0} ${many.value}`);
    }
  });
  return found;
}

/** `say` itself, or a `say` of something, such as `context.say`. */
function isSay(node: unknown, names: readonly unknown[] = ["say"]): boolean {
  const { type, name, property } = node as Record<string, unknown>;
  return type === "Identifier" ? names.includes(name) : type === "MemberExpression" && isSay(property, names);
}

function isCount(node: unknown): boolean {
  const { type, object, property } = node as Record<string, unknown>;
  return type === "MemberExpression" && (property as { readonly name?: string }).name === "count" && isSay(object);
}

function visit(node: unknown, see: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(node)) for (const one of node) visit(one, see);
  if (typeof node !== "object" || node === null || Array.isArray(node)) return;
  see(node as Record<string, unknown>);
  for (const part of Object.values(node)) visit(part, see);
}
