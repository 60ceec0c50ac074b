import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addArtifact } from "./artifacts.ts";
import { renderMarkdown } from "./pages/markdown.ts";
import type { MarkdownPlace } from "./pages/markdown.ts";
import { proposePull, publish, startTestbed } from "./sandbox-testbed.ts";
import type { Testbed } from "./sandbox-testbed.ts";
import type { WorkflowRun } from "./state.ts";

const SCRIPT = `<script>alert("x")</script><img src=x onerror=alert(1)>`;
const HOSTILE_BODY = [
  SCRIPT,
  "",
  "[click](javascript:alert(1)) ![pic](data:text/html,x) <a href='javascript:x' onclick=x>y</a>",
  "",
  '[quoted](<http://e.example/"onmouseover="x>)',
  "",
  "<details open onclick=x><summary>",
  "",
  "</main></details></details><style>*{display:none}</style>",
].join("\n");
const HOSTILE_FILE = `docs/"><img src=x onerror=alert(1)>&#'.md`;
const LARGE_LINES = 20_000;

let bed: Testbed;
let issue: number;
let pull: number;

beforeAll(async () => {
  bed = await startTestbed({
    files: {
      "README.md": "# Shop\n\nSee [the guide](docs/guide.md) and #1.\n",
      "docs/guide.md":
        "---\ntitle: Guide\n---\n# Guide\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[app](../src/app.ts#L2)\n",
      "src/app.ts": "one\n<two>\nthree\n",
      "large.txt": "a line of text\n".repeat(LARGE_LINES),
      "large.md": "# Large\n\n".repeat(LARGE_LINES),
      "data.bin": "\0\u0001binary",
      [HOSTILE_FILE]: HOSTILE_BODY,
    },
  });
  const wanda = bed.person("wanda");
  issue = (await wanda.openIssue({ title: SCRIPT, body: HOSTILE_BODY, labels: [`"><b onclick=x>`] })).number;
  bed.sandbox.addUser("stranger");
  await bed
    .person("stranger")
    .comment(issue, `- [x] done\n- [ ] open\n\n<!-- hidden words -->\nsee #${issue}\nnext line`);
  pull = await proposePull(
    bed,
    "feature/one",
    { "src/app.ts": "one\n<script>\nthree\n", "new.md": HOSTILE_BODY, "data.bin": "\0other" },
    { title: SCRIPT, body: `Part of #${issue}\n\n${HOSTILE_BODY}`, draft: true },
  );
  await wanda.review({
    number: pull,
    event: "REQUEST_CHANGES",
    body: "Please mend <b>this</b>.",
    comments: [{ path: "src/app.ts", line: 2, body: `Not ${SCRIPT} here` }],
  });
  await bed.sandbox.addRepository({
    owner: "octo",
    name: "vault",
    private: true,
    files: { "README.md": "secret words" },
    collaborators: { wanda: "write" },
  });
});
afterAll(() => bed.stop());

async function get(path: string): Promise<{ status: number; text: string; headers: Headers }> {
  const { status, body, headers } = await bed.call("GET", path, { headers: { accept: "text/html" } });
  return { status, text: String(body), headers };
}

async function page(path: string): Promise<string> {
  const { status, text } = await get(`/octo/shop${path}`);
  expect([path, status]).toEqual([path, 200]);
  return text;
}

/** Escaped text holds no `<`, so that whatever looks like a tag is one. */
function foreignMarkup(html: string): string[] {
  const faults: string[] = [];
  for (const [tag, slash, name = "", attributes = ""] of html.matchAll(/<(\/?)([a-z!][a-z0-9]*)([^>]*)>/gi)) {
    if (!TAGS.has(name.toLowerCase())) faults.push(tag);
    if (slash === "/") continue;
    for (const [, attribute = "", value = ""] of attributes.matchAll(/\s([^\s=">]+)(?:="([^"]*)")?/g)) {
      if (!ATTRIBUTES.has(attribute)) faults.push(tag);
      const isOwn =
        /^(?:https?:|mailto:|\/|#|\?)/.test(value) || (tag.startsWith('<link rel="icon"') && value === "data:,");
      if (attribute === "href" && !isOwn) faults.push(tag);
    }
  }
  return faults;
}

const TAGS: ReadonlySet<string> = new Set(
  (
    "!doctype html head meta title link body p a header b span nav main div section article ul ol li h1 h2 h3 h4 h5 h6 pre code table " +
    "thead tbody tr th td details summary br hr input time strong em del blockquote i"
  ).split(" "),
);
const ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    "lang charset name content rel href class id title aria-current aria-hidden datetime data-n open type disabled checked html " +
    "start /"
  ).split(" "),
);

describe("a page", () => {
  test("of each kind is there, says where it comes from, and holds no markup but the sandbox's own", async () => {
    const { context } = bed.sandbox;
    const repository = bed.sandbox.repositoryOf("octo/shop");
    const head = repository.pulls.get(pull)?.headSha ?? "";
    const paths = [
      "",
      "/issues?state=all",
      "/pulls",
      `/issues/${issue}`,
      `/pull/${pull}`,
      "/branches",
      "/commits",
      "/commits/feature/one",
      `/commit/${head}`,
      "/compare/main...feature/one",
      "/tree/main",
      "/tree/feature/one/docs",
      "/blob/main/src/app.ts",
      "/blob/feature/one/new.md",
      "/blob/feature/one/new.md?plain=1",
      `/blob/main/${HOSTILE_FILE.split("/").map(encodeURIComponent).join("/")}`,
      "/actions",
    ];
    for (const path of paths) {
      const text = await page(path);
      expect([path, foreignMarkup(text)]).toEqual([path, []]);
      expect(text).toContain("simulated on this machine");
    }
    for (const path of ["/", "/octo", `/apps/${context.options.appSlug}`]) {
      expect(await get(path)).toMatchObject({ status: 200 });
    }
  });

  test("runs no script and loads nothing from elsewhere", async () => {
    const { headers, text } = await get("/octo/shop");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'; style-src 'self'");
    const style = /<link rel="stylesheet" href="([^"]+)"/.exec(text)?.[1] ?? "";
    const sheet = await get(style);
    expect([sheet.status, sheet.headers.get("content-type")]).toEqual([200, "text/css; charset=utf-8"]);
    expect(sheet.text).not.toMatch(/@import|url\(/);
  });

  test("of a private repository does not exist, nor one of a repository or number that is not there", async () => {
    for (const path of ["/octo/vault", "/octo/vault/blob/main/README.md", "/octo/vault/raw/main/README.md"]) {
      const { status, text } = await get(path);
      expect([path, status]).toEqual([path, 404]);
      expect(text).not.toContain("secret words");
    }
    for (const path of [
      "/octo/none",
      "/nobody",
      "/octo/shop/issues/99",
      "/octo/shop/pull/99",
      "/octo/shop/blob/main/none",
    ])
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    expect((await get("/")).text).not.toContain("vault");
  });

  test("that is not there is a page for a browser and GitHub's JSON for a program", async () => {
    expect((await get("/octo/shop/settings/actions")).text).toContain("for people who are signed in");
    const program = await bed.call("GET", "/octo/none");
    expect(program).toMatchObject({ status: 404, body: { message: "Not Found" } });
  });

  test("is read, never written, and only under a name of this machine", async () => {
    expect((await bed.call("POST", "/octo/shop/issues", { body: {} })).status).toBe(404);
    const { port } = new URL(bed.sandbox.url);
    const { status } = await statusUnderName(Number(port), "evil.example");
    expect(status).toBe(421);
  });
});

describe("an issue's page", () => {
  test("shows what people said, with its task list and without hidden comments", async () => {
    const text = await page(`/issues/${issue}`);
    expect(text).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
    expect(text).toMatch(/<input type="checkbox" disabled checked>\s*done/);
    expect(text).not.toContain("hidden words");
    expect(text).toContain(`see <a href="/octo/shop/issues/${issue}">#${issue}</a><br>next line`);
  });

  test("folds a comment that was hidden, and says why", async () => {
    const hidden = await bed.person("wanda").comment(issue, "my key is `sk-1234`");
    const comment = bed.sandbox.repositoryOf("octo/shop").issueComments.get(hidden.id);
    if (comment !== undefined) comment.minimizedReason = "outdated";
    const text = await page(`/issues/${issue}`);
    expect(text).toMatch(
      /<details>\s*<summary[^>]*>This comment was marked as outdated\. Show it<\/summary>.*sk-1234/s,
    );
  });

  test("leads to the pull request that has the number, and the other way round", async () => {
    const toPull = await get(`/octo/shop/issues/${pull}`);
    const toIssue = await get(`/octo/shop/pull/${issue}`);
    const toFiles = await get(`/octo/shop/pull/${pull}/files`);
    expect([toPull, toIssue, toFiles].map(({ status, headers }) => [status, headers.get("location")])).toEqual([
      [302, `/octo/shop/pull/${pull}`],
      [302, `/octo/shop/issues/${issue}`],
      [302, `/octo/shop/pull/${pull}#files`],
    ]);
  });
});

describe("a pull request's page", () => {
  test("shows its state, its review with the line it speaks of, its commits and its diff", async () => {
    const text = await page(`/pull/${pull}`);
    expect(text).toContain('<span class="state draft">Draft</span>');
    expect(text).toContain("asked for changes");
    expect(text).toContain("src/app.ts, line 2");
    expect(text).toContain("write feature/one");
    expect(text).toMatch(
      /class="del">\s*<td class="n old" data-n="2"><\/td>\s*<td class="n" data-n=""><\/td>\s*<td>-&lt;two&gt;<\/td>/,
    );
    expect(text).toContain("<td>+&lt;script&gt;</td>");
    expect(text).toContain("An empty or binary file");
  });
});

describe("a file's page", () => {
  test("renders Markdown with its front matter, tables and links to its neighbours", async () => {
    const text = await page("/blob/main/docs/guide.md");
    expect(text).toContain('<pre class="front">title: Guide</pre>');
    expect(text).toContain("<td>1</td><td>2</td>");
    expect(text).toContain('href="/octo/shop/blob/main/src/app.ts#L2"');
    expect(await page("/blob/main/src/app.ts")).toMatch(
      /<tr id="L2">\s*<td class="n" data-n="2"><\/td>\s*<td>&lt;two&gt;<\/td>/,
    );
  });

  test("of a large or binary file stays small, and says so", async () => {
    const large = await page("/blob/main/large.txt");
    expect(large).toContain("Only the first 3,000 lines of 300,000 bytes are shown.");
    expect(large).not.toContain(`id="L3001"`);
    const markdown = await page("/blob/main/large.md");
    expect(markdown).toContain("Only the first");
    expect(markdown.length).toBeLessThan(1_000_000);
    expect(await page("/blob/main/data.bin")).toContain("A binary file.");
  });

  test("raw is never a page of its own", async () => {
    const raw = await get(`/octo/shop/raw/main/${HOSTILE_FILE.split("/").map(encodeURIComponent).join("/")}`);
    expect([raw.status, raw.headers.get("content-type"), raw.headers.get("x-content-type-options")]).toEqual([
      200,
      "text/plain; charset=utf-8",
      "nosniff",
    ]);
    expect(raw.text).toBe(HOSTILE_BODY);
    const binary = await get("/octo/shop/raw/main/data.bin");
    expect(binary.headers.get("content-type")).toBe("application/octet-stream");
  });
});

test("a large diff is cut, file by file", async () => {
  await publish(bed, "big", { "big.txt": "line\n".repeat(2_000) });
  expect(await page("/compare/main...big")).toContain("1,501 more lines of this diff are not shown.");
});

describe("a run's page", () => {
  test("shows its job's log without debug lines and commands, escaped, and the end of a long one", async () => {
    const { context } = bed.sandbox;
    const repository = bed.sandbox.repositoryOf("octo/shop");
    const at = context.timestamp();
    const prefix = "2026-09-01T10:00:01.000Z ";
    const lines = [
      "##[group]Run it",
      "##[endgroup]",
      "##[debug]whisper",
      "::add-mask::***",
      "\u001B[31m<b>red</b>\u001B[0m",
      "##[error]it broke",
    ];
    const job = {
      id: context.newId(),
      attempt: 1,
      key: "only",
      name: "only <job>",
      status: "completed" as const,
      conclusion: "failure" as const,
      createdAt: at,
      startedAt: at,
      completedAt: at,
      labels: [],
      steps: [],
      log: `${`${prefix}first\n`.repeat(5_000)}${lines.map((line) => `${prefix}${line}\n`).join("")}`,
    };
    const run: WorkflowRun = {
      id: context.newId(),
      workflowId: 1,
      workflowPath: ".github/workflows/work.yml",
      runNumber: 7,
      attempt: 1,
      name: "Work",
      displayTitle: SCRIPT,
      pullNumber: null,
      event: "workflow_dispatch",
      headBranch: "main",
      headSha: (await context.git(repository).resolve("main")) ?? "",
      ref: "refs/heads/main",
      actor: repository.owner,
      triggeringActor: repository.owner,
      inputs: { token: "not for readers" },
      status: "completed",
      conclusion: "failure",
      createdAt: at,
      updatedAt: at,
      startedAt: at,
      jobs: [job],
      cancel: null,
    };
    repository.runs.set(run.id, run);
    addArtifact(context, repository, { runId: run.id, name: "<result>", content: Buffer.from("zip") });

    const text = await page(`/actions/runs/${run.id}`);
    expect(foreignMarkup(text)).toEqual([]);
    expect(text).toContain("Failure");
    expect(text).toContain("<td>Run it</td>");
    expect(text).toContain("<td>&lt;b&gt;red&lt;/b&gt;</td>");
    expect(text).toContain("<td>Error: it broke</td>");
    expect(text).toContain("what came before is not shown");
    expect(text).not.toMatch(/whisper|add-mask|not for readers/);
    expect(await page(`/actions/runs/${run.id}/job/${job.id}`)).toContain("only &lt;job&gt;");
    expect((await get(`/octo/shop/actions/runs/${run.id}/job/1`)).status).toBe(404);
  });
});

describe("Markdown", () => {
  const place: MarkdownPlace = {
    issueAddress: (number) => (number < 5 ? `/o/r/issues/${number}` : null),
    folderAddress: "/o/r/blob/main/docs/",
    breaks: false,
  };

  test("of any kind becomes no markup but the sandbox's own, and leaves nothing open", () => {
    const pieces = fc.constantFrom(
      ...'<details>|</details>|<summary>|</summary>|<script>|<img src=x onerror=y>|<!--|-->|[x](|javascript:x|)|`|```|\n\n|\n|> |- [x] |**|_|"|\'|<|>|&lt;|&#60;|#1|| a | b |\n|---|---|\n|<a href="|http://e.example/|# '.split(
        "|",
      ),
      "|",
      " onclick=x ",
      "data:text/html,",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const { html } = renderMarkdown(parts.join(""), place);
        expect(foreignMarkup(html)).toEqual([]);
        for (const name of ["details", "summary"])
          expect(html.split(`<${name}`).length).toBe(html.split(`</${name}>`).length);
      }),
      { numRuns: 300 },
    );
  });

  test("keeps what folds and drops what is hidden", () => {
    const { html } = renderMarkdown(
      "<!-- marker -->\n<details><summary>More</summary>\n\n**inside**\n\n</details>\n",
      place,
    );
    expect(html).toContain("<details><summary>More</summary>");
    expect(html).toContain("<p><strong>inside</strong></p>\n</details>");
    expect(html).not.toContain("marker");
  });

  test.each([
    ["of a quotation in a quotation in a quotation and so on", ">".repeat(60_000)],
    ["of lists in lists without end", "- ".repeat(30_000)],
    ["full of emphasis", "a_".repeat(32_000)],
    ["of one endless word", "a.".repeat(30_000)],
    ["longer than any body", "word ".repeat(100_000)],
  ])("%s is shown as it is", (_, text) => {
    const { html } = renderMarkdown(text, place);
    expect(html.startsWith('<pre class="plain">')).toBe(true);
    expect(html.length).toBeLessThan(400_000);
  });
});

describe("who has no token", () => {
  test("reads what a public repository shows, as a stranger", async () => {
    const paths = [
      "",
      "/branches",
      "/commits",
      "/contents/README.md",
      "/git/ref/heads/main",
      "/issues",
      "/labels",
      `/pulls/${pull}/files`,
    ];
    for (const path of paths) {
      const answer = await bed.call("GET", `/repos/octo/shop${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
    }
    expect((await bed.call("GET", "/repos/octo/shop")).body).toMatchObject({
      permissions: { admin: false, push: false },
    });
  });

  test("finds no private repository, writes nothing, and is told to sign in elsewhere", async () => {
    expect((await bed.call("GET", "/repos/octo/vault")).status).toBe(404);
    expect((await bed.call("GET", "/repos/octo/vault/contents/README.md")).status).toBe(404);
    expect((await bed.call("POST", `/repos/octo/shop/issues/${issue}/comments`, { body: { body: "x" } })).status).toBe(
      401,
    );
    for (const path of ["/actions/secrets", "/actions/runs", "/collaborators/wanda/permission"]) {
      expect([path, (await bed.call("GET", `/repos/octo/shop${path}`)).status]).toEqual([path, 401]);
    }
    expect((await bed.call("GET", "/user")).status).toBe(401);
    expect((await bed.call("GET", "/repos/octo/shop", { token: "ghs_4242_invented" })).status).toBe(401);
  });
});

/** fetch sets its own Host. */
function statusUnderName(port: number, name: string): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: "/octo/shop", headers: { host: name } }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    })
      .on("error", reject)
      .end();
  });
}
