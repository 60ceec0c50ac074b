/** The one way out of a run that reaches registries alone. */
import { once } from "node:events";
import { createServer, request as httpRequest, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, createServer as createRawServer, type Server } from "node:net";
import { setImmediate } from "node:timers/promises";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { isPublicAddress, startEgressProxy, type EgressProxyOptions } from "../../src/runner/egress-proxy.ts";
import { registryHosts } from "../../src/runner/registry-hosts.ts";

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Instead of certificates. */
const secrets = { ciphers: "PSK", psk: Buffer.alloc(16, 1) };

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => void server.close());
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** A registry on loopback, which only here passes for public: with TLS, and plain. */
async function given(options: Partial<EgressProxyOptions> = {}) {
  const answer: RequestListener = (request, response) => response.end(`${request.method} ${request.headers.host}`);
  const port = await portOf(createTlsServer({ ciphers: secrets.ciphers, pskCallback: () => secrets.psk }, answer));
  const plainPort = await portOf(createServer(answer));
  const refused: string[] = [];
  const proxy = await startEgressProxy({
    hosts: ["registry.example", ".packages.example"],
    resolve: async () => ["127.0.0.1"],
    isPublic: () => true,
    ports: [port, plainPort],
    onRefused: (what) => refused.push(what),
    ...options,
  });
  ends.push(() => proxy.stop());
  return { proxy, port, plainPort, refused };
}

/** The answer to CONNECT, and what came through the tunnel. In TLS the agent says `servername`, or the name in CONNECT. */
async function tunnel(proxyUrl: string, target: string, tls: ConnectionOptions = {}): Promise<string> {
  const socket = connect(Number(new URL(proxyUrl).port), "127.0.0.1");
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const closed = once(socket, "close");
  await Promise.race([closed, once(socket, "data")]);
  if (!text.endsWith("established\r\n\r\n")) return await closed.then(() => text);
  socket.removeAllListeners("data");
  const secure = connectTls({
    socket,
    servername: target.replace(/:.*/u, ""),
    ciphers: secrets.ciphers,
    pskCallback: () => ({ psk: secrets.psk, identity: "agent" }),
    checkServerIdentity: () => undefined,
    ...tls,
  });
  secure.on("error", (error) => (text += error.message));
  secure.on("data", (chunk: Buffer) => (text += chunk.toString()));
  secure.write("GET / HTTP/1.1\r\nhost: registry.example\r\nconnection: close\r\n\r\n");
  await new Promise((resolve) => secure.once("close", resolve));
  return text;
}

async function get(proxyUrl: string, url: string): Promise<string> {
  const request = httpRequest({ host: "127.0.0.1", port: new URL(proxyUrl).port, path: url, headers: { host: "x" } });
  request.end();
  const [response] = await once(request, "response");
  let text = `${response.statusCode} `;
  for await (const chunk of response) text += String(chunk);
  return text;
}

describe("a host of the list", () => {
  test.each(["registry.example", "REGISTRY.example", "deep.packages.example"])(
    "is reached through a tunnel: %s",
    async (host) => {
      const { proxy, port, refused } = await given();
      const text = await tunnel(proxy.url, `${host}:${port}`);
      expect(text).toMatch(/^HTTP\/1\.1 200 /u);
      expect(text).toContain("GET registry.example");
      expect(refused).toEqual([]);
    },
  );

  test("may have a port of its own", async () => {
    const { proxy, port, refused } = await given({ ports: [] });
    expect(await tunnel(proxy.url, `registry.example:${port}`)).toMatch(/^HTTP\/1\.1 403 /u);
    const named = await given({ ports: [], hosts: [`mcp.example:${port}`] });
    expect(await tunnel(named.proxy.url, `mcp.example:${port}`)).toMatch(/^HTTP\/1\.1 200 /u);
    expect(refused).toHaveLength(1);
  });

  test("is reached by plain HTTP, under its own name", async () => {
    const { proxy, plainPort } = await given();
    expect(await get(proxy.url, `http://registry.example:${plainPort}/a`)).toBe(
      `200 GET registry.example:${plainPort}`,
    );
  });

  test("is reached by whichever of its addresses lives", async () => {
    const { proxy, port, plainPort } = await given({ resolve: async () => ["127.0.0.2", "127.0.0.3", "127.0.0.1"] });
    expect(await tunnel(proxy.url, `registry.example:${port}`)).toContain("GET registry.example");
    expect(await get(proxy.url, `http://registry.example:${plainPort}/a`)).toMatch(/^200 /u);
  });

  test("may be asked many times by plain HTTP, over few connections", async () => {
    const warnings: string[] = [];
    const hear = ({ message }: Error) => void warnings.push(message);
    process.on("warning", hear);
    ends.push(() => void process.off("warning", hear));
    const { proxy, plainPort } = await given();
    for (let asked = 0; asked < 14; asked += 1) await get(proxy.url, `http://registry.example:${plainPort}/a`);
    expect(warnings).toEqual([]);
  });

  test("that is not reachable answers 502", async () => {
    const { proxy } = await given({ ports: [1], resolve: async () => ["127.0.0.1"] });
    expect(await tunnel(proxy.url, "registry.example:1")).toMatch(
      /^HTTP\/1\.1 502 registry\.example did not answer\r/u,
    );
    expect(await get(proxy.url, "http://registry.example:1/")).toBe("502 registry.example did not answer\n");
    const nowhere = await given({ resolve: async () => await Promise.reject(new Error("no such name")) });
    expect(await tunnel(nowhere.proxy.url, `registry.example:${nowhere.port}`)).toMatch(/^HTTP\/1\.1 502 /u);
  });
});

describe("a plain answer", () => {
  /** What the agent hears where a registry answers with these bytes, and closes. */
  async function hears(bytes: string): Promise<string> {
    const port = await portOf(createRawServer((socket) => socket.on("error", () => {}).end(bytes)));
    const { proxy } = await given({ ports: [port] });
    return await get(proxy.url, `http://registry.example:${port}/a`).catch(
      (error: Error) => `broken off: ${error.message}`,
    );
  }

  test("that is cut off is cut off for the agent", async () => {
    expect(await hears("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")).toMatch(/^broken off/u);
  });

  test.each(["HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 1000 X\r\n\r\n", "nonsense\r\n\r\n", ""])(
    "that is none is a 502: %j",
    async (bytes) => {
      expect(await hears(bytes)).toMatch(/^502 /u);
    },
  );
});

describe("anything else is refused and noted", () => {
  test.each([
    ["another host", "evil.example"],
    ["a host whose name ends alike", "evilregistry.example"],
    ["the parent of a listed family", "packages.example"],
    ["an address", "127.0.0.1"],
    ["a name with a user", "registry.example@evil.example"],
  ])("%s", async (_what, host) => {
    const { proxy, port, refused } = await given();
    expect(await tunnel(proxy.url, `${host}:${port}`)).toMatch(/^HTTP\/1\.1 403 /u);
    expect(refused).toHaveLength(1);
  });

  test("another port", async () => {
    const { proxy, refused } = await given();
    expect(await tunnel(proxy.url, "registry.example:22")).toMatch(/^HTTP\/1\.1 403 /u);
    expect(refused).toEqual(["registry.example:22"]);
  });

  test.each<readonly [what: string, tls: ConnectionOptions, said: string]>([
    ["of another host", { servername: "evil.example" }, "evil.example"],
    ["of the parent", { servername: "example" }, "example"],
    ["of nobody", { servername: "" }, "no clear name"],
  ])("TLS in the name %s, behind the address of a listed one", async (_what, tls, said) => {
    const { proxy, port, refused } = await given();
    const text = await tunnel(proxy.url, `registry.example:${port}`, tls);
    expect(text).toMatch(/^HTTP\/1\.1 200 .*unrecognized name/isu);
    expect(text).not.toContain("GET");
    expect(refused).toEqual([`${said} behind registry.example`]);
  });

  test("a tunnel in which TLS is begun in ever smaller pieces, and never ends", async () => {
    const { proxy, plainPort, refused } = await given();
    const socket = connect({ port: Number(new URL(proxy.url).port), host: "127.0.0.1", noDelay: true });
    const closed = once(socket, "close");
    socket.on("error", () => {}).resume();
    socket.write(`CONNECT registry.example:${plainPort} HTTP/1.1\r\n\r\n`);
    socket.write(Buffer.of(22, 3, 1, 0xff, 0xff, 1, 0, 0x3f, 0xff));
    while (!socket.destroyed && refused.length === 0) {
      socket.write(Buffer.of(3));
      await setImmediate();
    }
    socket.destroy();
    await closed;
    expect(refused).toEqual(["no clear name behind registry.example"]);
  });

  test("a tunnel in which nobody speaks TLS", async () => {
    const { proxy, plainPort, refused } = await given();
    const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    socket.write(`CONNECT registry.example:${plainPort} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nhost: evil.example\r\n\r\n`);
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).not.toContain("GET evil.example");
    expect(refused).toEqual(["no clear name behind registry.example"]);
    expect(await tunnel(proxy.url, "registry.example:80")).toMatch(/^HTTP\/1\.1 403 /u);
  });

  test("another host by plain HTTP, and what is no address", async () => {
    const { proxy, port, refused } = await given();
    expect(await get(proxy.url, `http://evil.example:${port}/`)).toMatch(
      /^403 .*does not reach evil\.example .*network/u,
    );
    expect(await get(proxy.url, "/runner/session")).toMatch(/^403 /u);
    expect(refused).toHaveLength(2);
  });

  test("a listed host whose name leads into the machine or its network", async () => {
    const { proxy, port, refused } = await given({
      isPublic: isPublicAddress,
      resolve: async () => ["169.254.169.254", "10.0.0.1", "::1"],
    });
    expect(await tunnel(proxy.url, `registry.example:${port}`)).toMatch(/^HTTP\/1\.1 403 /u);
    expect(refused).toEqual([`registry.example:${port}`]);
  });
});

test.each([
  ["104.16.2.34", true],
  ["2606:4700::6810:222", true],
  ["127.0.0.1", false],
  ["0.0.0.0", false],
  ["10.1.2.3", false],
  ["172.20.0.1", false],
  ["192.168.1.1", false],
  ["169.254.169.254", false],
  ["100.100.100.200", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::1", false],
  ["::ffff:10.0.0.1", false],
  ["fd00::1", false],
  ["fe80::1", false],
  ["2002:a00:1::", false],
  ["64:ff9b::a00:1", false],
  ["registry.example", false],
])("%s is an address of the internet: %s", (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});

test("the list has plain names alone", () => {
  expect(registryHosts.filter((host) => !/^\.?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/u.test(host))).toEqual([]);
});
