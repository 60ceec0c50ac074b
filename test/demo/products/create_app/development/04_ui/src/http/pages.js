import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { respond } from "./respond.js";

const PUBLIC_FOLDER = new URL("../../public/", import.meta.url);

const FILES = {
  page: { name: "index.html", type: "text/html; charset=utf-8" },
  "app.css": { name: "app.css", type: "text/css; charset=utf-8" },
  "app.js": { name: "app.js", type: "text/javascript; charset=utf-8" },
  robots: { name: "robots.txt", type: "text/plain; charset=utf-8" },
};

/** Reads the few files of the page once. Only these names exist, so no path of a request ever reaches the disk. */
export async function loadPages() {
  const pages = new Map();
  for (const [key, { name, type }] of Object.entries(FILES)) {
    const body = await readFile(new URL(name, PUBLIC_FOLDER));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    pages.set(key, { type, body, etag });
  }

  return {
    has: (key) => pages.has(key),
    send(key, request, response) {
      const { type, body, etag } = pages.get(key);
      const headers = { etag, "cache-control": "no-cache" };
      if (request.headers["if-none-match"] === etag) respond(response, 304, type, "", headers);
      else respond(response, 200, type, body, headers);
    },
  };
}

/** SCR-003: a page for people who followed a link that leads nowhere. It needs no script. */
export function errorPage({ title, text }) {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escapeHtml(title)} · Linklet</title>
    <link rel="stylesheet" href="/assets/app.css" />
  </head>
  <body>
    <main>
      <h1>${escapeHtml(title)}</h1>
      <p>${escapeHtml(text)}</p>
      <p><a href="/">Shorten a link</a></p>
    </main>
  </body>
</html>
`;
}

function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
