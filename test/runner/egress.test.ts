/** Programs of the agent find the proxy by what their environment says of it. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { throughProxy } from "../../src/runner/egress.ts";
import { makeFolder } from "./run-world.ts";

const path = process.env["PATH"] ?? "/usr/bin:/bin";
const hasMaven = (await execa("/bin/sh", ["-c", "command -v mvn"], { reject: false })).exitCode === 0;
const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>a</artifactId><version>1</version>
  <parent><groupId>b</groupId><artifactId>b</artifactId><version>1</version></parent></project>`;

describe("a program that is on its way to a registry comes to the proxy:", () => {
  const asked: string[] = [];
  const proxy = createServer((_request, response) => response.writeHead(403).end());
  proxy.on("connect", ({ url }, client) => {
    asked.push(url ?? "");
    client.on("error", () => {}).end("HTTP/1.1 403 no\r\n\r\n");
  });
  let url = "";
  beforeAll(async () => {
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const address = proxy.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  });
  afterAll(() => void proxy.close());

  async function started(file: string, args: readonly string[], cwd = "/"): Promise<void> {
    asked.length = 0;
    await execa(file, args, {
      cwd,
      reject: false,
      extendEnv: false,
      env: { PATH: path, HOME: cwd, ...throughProxy(url) },
    });
  }

  test("Node's fetch", async () => {
    await started(process.execPath, ["-e", "fetch('https://registry.example/')"]);
    expect(asked).toEqual(["registry.example:443"]);
  });

  // Reason to skip: few machines have it.
  test.skipIf(!hasMaven)("Maven", { timeout: 60_000 }, async () => {
    await using folder = await makeFolder();
    await writeFile(join(folder.path, "pom.xml"), pom);
    await started("/bin/sh", ["-c", `mvn -B -Dmaven.repo.local=${folder.path}/repository validate`], folder.path);
    expect(asked).toContain("repo.maven.apache.org:443");
  });
});

test("Java's programs are told of it in their own way, and to go past it on loopback", () => {
  expect(throughProxy("http://127.0.0.1:4321")["JAVA_TOOL_OPTIONS"]?.split(" ")).toEqual(
    expect.arrayContaining([
      "-Dhttp.proxyHost=127.0.0.1",
      "-Dhttp.proxyPort=4321",
      "-Dhttps.proxyHost=127.0.0.1",
      "-Dhttps.proxyPort=4321",
      "-Dhttp.nonProxyHosts=127.0.0.1|localhost",
    ]),
  );
});
