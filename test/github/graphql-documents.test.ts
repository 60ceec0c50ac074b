/** The sandbox checks the documents that a story sends; this checks all that there are. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { GraphQLError, parse, validate } from "graphql";
import { describe, expect, test } from "vitest";
import { githubGraphqlSchema } from "../sandbox/graphql-schema.ts";

const source = path.join(import.meta.dirname, "..", "..", "src");

/** Text in backticks that begins as a document does. */
const DOCUMENT = /`\s*((?:query|mutation|subscription|fragment)\b[^`]*)`/gu;

function documentsOf(text: string): readonly string[] {
  return [...text.matchAll(DOCUMENT)].map(([, document = ""]) => document);
}

function faultsOf(document: string): readonly string[] {
  if (document.includes("${")) return ["it has a ${…} in it: use variables, so that it can be checked"];
  try {
    return validate(githubGraphqlSchema(), parse(document)).map(({ message }) => message);
  } catch (error) {
    if (error instanceof GraphQLError) return [error.message];
    throw error;
  }
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file, text: readFileSync(path.join(source, file), "utf8") }));
const found = files.flatMap(({ file, text }) => documentsOf(text).map((document) => ({ file, document })));

describe("GraphQL documents of src", () => {
  test.each(found)("$file: fits GitHub's schema: $document", ({ document }) => {
    expect(faultsOf(document)).toEqual([]);
  });

  test("stand in backticks in the file that sends them, where this test finds them", () => {
    const senders = files.filter(({ text }) => /\.graphql(?:<[^>]*>)?\(/u.test(text)).map(({ file }) => file);
    expect(senders).not.toEqual([]);
    const seen = new Set(found.map(({ file }) => file));
    expect(senders.filter((file) => !seen.has(file))).toEqual([]);
  });

  test("are found and judged: a wrong field, a torn one, and one that is put together", () => {
    const text =
      "const a = `query A { viewer { logon } }`;\nconst b = `mutation { `;\nconst c = `query ${name} { a }`;";
    expect(documentsOf(text).map((document) => faultsOf(document))).toEqual([
      [expect.stringContaining('Cannot query field "logon"')],
      [expect.stringContaining("Syntax Error")],
      [expect.stringContaining("use variables")],
    ]);
  });
});
