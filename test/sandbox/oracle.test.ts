import { describe, expect, test } from "vitest";
import { isApiPath, loadOracle } from "./oracle.ts";

const oracle = loadOracle();
const SHA = "a".repeat(40);
const tree = { sha: SHA, url: "http://127.0.0.1/t", truncated: false, tree: [] };
const entry = { path: "a.txt", mode: "100644", type: "blob", content: "x" };

function createTree(requestBody: unknown, responseBody: unknown = tree, status = 201): string[] {
  return oracle.checkExchange({ method: "POST", url: "/repos/o/r/git/trees", requestBody, status, responseBody });
}

describe("the oracle", () => {
  test("has nothing to say of a right exchange", () => {
    expect(createTree({ base_tree: SHA, tree: [entry, { ...entry, content: undefined, sha: null }] })).toEqual([]);
  });

  test("finds a wrong mode", () => {
    expect(createTree({ tree: [{ ...entry, mode: "0644" }] })).toEqual([
      "POST /repos/{owner}/{repo}/git/trees: request body: /tree/0/mode must be equal to one of the allowed values: " +
        "100644, 100755, 040000, 160000, 120000",
    ]);
  });

  test("finds a property that GitHub does not know, however deep", () => {
    const prefix = "POST /repos/{owner}/{repo}/git/trees: request body: undocumented property";
    expect(createTree({ tree: [{ ...entry, shaa: SHA }], base: SHA })).toEqual([
      `${prefix} /tree/0/shaa`,
      `${prefix} /base`,
    ]);
  });

  test("finds a missing body, and a body where none belongs", () => {
    expect(createTree(undefined)).toEqual(["POST /repos/{owner}/{repo}/git/trees: the request body is missing"]);
    const get = { method: "GET", url: "/repos/o/r/git/trees/x", requestBody: {}, status: 200, responseBody: tree };
    expect(oracle.checkExchange(get)).toEqual([
      "GET /repos/{owner}/{repo}/git/trees/{tree_sha}: a GET request has a body",
    ]);
  });

  test("finds an answer that GitHub would not give", () => {
    expect(createTree({ tree: [entry] }, { ...tree, tree: "none" })).toEqual([
      "POST /repos/{owner}/{repo}/git/trees: response 201: /tree must be array",
    ]);
    expect(createTree({ tree: [entry] }, tree, 202)).toEqual([
      "POST /repos/{owner}/{repo}/git/trees: undocumented status 202",
    ]);
  });

  test("takes a common failure with a message, and no failure without one", () => {
    const dispatch = {
      method: "POST",
      url: "/repos/o/r/actions/workflows/w.yml/dispatches",
      requestBody: { ref: "main" },
    };
    expect(oracle.checkExchange({ ...dispatch, status: 422, responseBody: { message: "No ref found" } })).toEqual([]);
    expect(oracle.checkExchange({ ...dispatch, status: 422, responseBody: "no" })).toHaveLength(1);
  });

  test("finds a wrong query parameter and a wrong path parameter", () => {
    const url = "/repos/o/r/issues/seven/comments?per_page=lots&sort=up";
    const prefix = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
    expect(oracle.checkExchange({ method: "GET", url, status: 200, responseBody: [] })).toEqual([
      `${prefix}: undocumented query parameter "sort"`,
      `${prefix}: parameter "issue_number": /value must be integer`,
      `${prefix}: parameter "per_page": /value must be integer`,
    ]);
  });

  test("finds a path or a method that GitHub lacks", () => {
    expect(oracle.checkExchange({ method: "GET", url: "/repos/o/r/gates", status: 200 })).toHaveLength(1);
    expect(oracle.checkExchange({ method: "PUT", url: "/repos/o/r", status: 200 })[0]).toContain("only GET, PATCH");
  });

  test("knows what each kind of token may call", () => {
    const installation = { authorization: "token ghs_1_abc.def" };
    const jwt = { authorization: "Bearer eyJhbGciOi.eyJpc3Mi.c2ln" };
    const update = {
      method: "PUT",
      url: "/repos/o/r/pulls/1/update-branch",
      status: 202,
      requestBody: {},
      responseBody: {},
    };
    const app = { method: "GET", url: "/app/installations", status: 200, responseBody: [] };
    const repository = { method: "GET", url: "/repos/o/r", status: 404, responseBody: { message: "Not Found" } };

    expect(oracle.checkExchange({ ...update, requestHeaders: installation })[0]).toContain("not open to GitHub Apps");
    expect(oracle.checkExchange({ ...app, requestHeaders: installation })[0]).toContain("only the app's JWT");
    expect(oracle.checkExchange({ ...app, requestHeaders: jwt })).toEqual([]);
    expect(oracle.checkExchange({ ...repository, requestHeaders: jwt })[0]).toContain("only an installation token");
  });

  test("sends a path with slashes to the operation that takes them", () => {
    expect(oracle.operationId("GET", "/repos/o/r/contents/a/b/c.txt?ref=main")).toBe("repos/get-content");
    expect(oracle.operationId("GET", "/repos/o/r/git/ref/heads/phasegate/1")).toBe("git/get-ref");
    expect(oracle.operationId("GET", "/repos/o/r/compare/main...a/b")).toBe("repos/compare-commits-with-basehead");
    expect(oracle.operationId("GET", "/repos/o/r/issues/comments")).toBe("issues/list-comments-for-repo");
  });

  test("leaves git, pages and the issuer alone", () => {
    const paths = [
      "/repos/o/r",
      "/app",
      "/rate_limit?x=1",
      "/o/r.git/info/refs",
      "/o/r/pull/1",
      "/_oidc/x",
      "/graphql",
    ];
    expect(paths.map(isApiPath)).toEqual([true, true, true, false, false, false, false]);
  });
});
