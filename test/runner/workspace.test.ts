import { once } from "node:events";
import { readFile, readlink, stat, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { prepareWorkspace, type WorkspaceOrder } from "../../src/runner/workspace.ts";
import { makeFolder, makeRepository } from "./run-world.ts";

const path = process.env["PATH"] ?? "";

function orderFor(root: string, order: Pick<WorkspaceOrder, "repositoryUrl" | "headSha" | "baseSha">): WorkspaceOrder {
  return { gitDir: join(root, "git"), workTree: join(root, "tree"), path, token: "", merge: null, ...order };
}

describe("the work tree", () => {
  test("is the head, with the base's configuration for agents", async () => {
    await using folder = await makeFolder();
    const repository = await makeRepository(folder.path, {
      "a.txt": "base\n",
      "CLAUDE.md": "of the base\n",
      ".claude/settings.json": "{}\n",
    });
    const headSha = await repository.commit({
      "a.txt": "head $Id$\n",
      "CLAUDE.md": "of the head\n",
      ".claude/settings.json": '{"hooks":{}}\n',
      ".claude/more.json": "{}\n",
      ".mcp.json": "{}\n",
      "AGENTS.md": "of the head\n",
      ".gitattributes": "* text eol=crlf ident filter=evil\n",
    });

    const order = orderFor(folder.path, { repositoryUrl: repository.url, headSha, baseSha: repository.sha });
    const workspace = await prepareWorkspace(order);

    const read = async (name: string): Promise<string | null> =>
      await readFile(join(workspace.workTree, name), "utf8").catch(() => null);
    expect(await read("a.txt")).toBe("head $Id$\n");
    expect(await read("CLAUDE.md")).toBe("of the base\n");
    expect(await read(".claude/settings.json")).toBe("{}\n");
    expect(await read(".claude/more.json")).toBeNull();
    expect(await read(".mcp.json")).toBeNull();
    expect(await read("AGENTS.md")).toBeNull();
    expect(await read(".git/config")).toBeNull();
    expect(workspace.instructions).toBe("of the base\n");
    expect((await stat(order.gitDir)).mode & 0o777).toBe(0o700);
  });

  test("keeps links as links, and takes no instructions through one", async () => {
    await using folder = await makeFolder();
    const repository = await makeRepository(folder.path, { "a.txt": "a" });
    await symlink("/etc/passwd", join(folder.path, "clone", "CLAUDE.md"));
    const sha = await repository.commit({});

    const workspace = await prepareWorkspace(
      orderFor(folder.path, { repositoryUrl: repository.url, headSha: sha, baseSha: sha }),
    );

    expect(await readlink(join(workspace.workTree, "CLAUDE.md"))).toBe("/etc/passwd");
    expect(workspace.instructions).toBeNull();
  });

  test("is not made of a commit that the repository has lost", async () => {
    await using folder = await makeFolder();
    const repository = await makeRepository(folder.path, { "a.txt": "a" });
    const lost = "1".repeat(40);
    const order = orderFor(folder.path, { repositoryUrl: repository.url, headSha: lost, baseSha: repository.sha });
    await expect(prepareWorkspace(order)).rejects.toThrow(/no such commit any more.*\/run/);
  });

  test("is not made of an empty repository, nor of something that is no commit id", async () => {
    await using folder = await makeFolder();
    await execa("git", ["init", "--quiet", "--bare", join(folder.path, "nothing.git")]);
    const repositoryUrl = `file://${join(folder.path, "nothing.git")}`;
    const sha = "2".repeat(40);
    await expect(
      prepareWorkspace(orderFor(folder.path, { repositoryUrl, headSha: sha, baseSha: sha })),
    ).rejects.toThrow(/fetching 222222222222 of file:.*no such commit.*\/run/);
    const injected = orderFor(folder.path, { repositoryUrl, headSha: "--upload-pack=x", baseSha: sha });
    await expect(prepareWorkspace(injected)).rejects.toThrow('"--upload-pack=x" is no commit id');
  });

  test("is fetched with the token in a header, and the token is not in the git directory", async () => {
    await using folder = await makeFolder();
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(403).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const sha = "3".repeat(40);
    const order = orderFor(folder.path, {
      repositoryUrl: `http://127.0.0.1:${port}/owner/product.git`,
      headSha: sha,
      baseSha: sha,
    });

    const made = prepareWorkspace({ ...order, token: "ghs_secret" });

    await expect(made).rejects.toThrow(/refused. Check that the workflow file has "permissions: contents: read"/);
    server.close();
    expect(seen[0]).toBe(`Basic ${Buffer.from("x-access-token:ghs_secret").toString("base64")}`);
    expect(await readFile(join(order.gitDir, "config"), "utf8")).not.toContain("Basic");
  });
});
