import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { errorPage } from "../src/http/pages.js";

// SCR-001, SCR-002, and SCR-003, read without a browser (REQ-004, REQ-005, REQ-006).

const read = (name) => readFile(new URL(`../public/${name}`, import.meta.url), "utf8");
const page = await read("index.html");
const script = await read("app.js");

const all = (pattern, text) => [...text.matchAll(pattern)].map((match) => match[1]);

test("every input has a label", () => {
  const inputs = all(/<input\s[^>]*?\bid="([^"]+)"/g, page);
  assert.deepEqual(inputs, ["url", "alias"]);
  for (const id of inputs) assert.match(page, new RegExp(`<label for="${id}">`));
});

test("ids are unique, and everything that points to an id finds it", () => {
  const ids = all(/\bid="([^"]+)"/g, page);
  assert.equal(new Set(ids).size, ids.length);
  const pointers = all(/(?:aria-describedby|aria-labelledby|for)="([^"]+)"/g, page).flatMap((value) => value.split(" "));
  for (const id of pointers) assert.ok(ids.includes(id), id);
});

test("every element that the script asks for is on the page", () => {
  const ids = all(/\bid="([^"]+)"/g, page);
  for (const id of all(/element\("([^"]+)"\)/g, script)) assert.ok(ids.includes(id), id);
});

test("the page has a language, a title, landmarks, and says errors aloud", () => {
  for (const part of ['<html lang="en">', "<title>", "<main>", "<header>", 'role="alert"', 'role="status"']) {
    assert.ok(page.includes(part), part);
  }
});

test("nothing comes from another origin and nothing is inline, so the content security policy holds", () => {
  assert.deepEqual(all(/(?:src|href)="((?:https?:)?\/\/[^"]*)"/g, page), []);
  assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)|<style|\son\w+="|\sstyle="/);
  assert.doesNotMatch(script, /innerHTML|insertAdjacentHTML|document\.write|\beval\b/);
});

test("an error page shows markup as text", () => {
  assert.match(errorPage({ title: "<img src=x>", text: '"&' }), /<h1>&#60;img src=x&#62;<\/h1>\s+<p>&#34;&#38;<\/p>/);
});
