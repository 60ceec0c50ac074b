/**
 * The one way out of a run whose network is `registries`: a proxy on loopback that lets through to hosts of a list, by name.
 * It sees names and no content: that in CONNECT, and the one that TLS then says, which has to be the same. Assume that the agent calls it directly, with whatever it likes.
 */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { BlockList, connect, isIP, type LookupFunction } from "node:net";
import { pipeline, type Duplex } from "node:stream";
import { serverNameOf } from "./server-name.ts";

export interface EgressProxyOptions {
  /** Names, some with a port of their own; one that begins with a dot stands for all below it. */
  readonly hosts: readonly string[];
  /** Addresses of a name. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  /** What was asked for and is not on the list. Must not throw. */
  readonly onRefused: (what: string) => void;
  /** For tests: an address on which a real one would be refused. */
  readonly isPublic?: (address: string) => boolean;
  /** For tests: other ports than those of the web. */
  readonly ports?: readonly number[];
}

export interface EgressProxy {
  readonly url: string;
  stop(): Promise<void>;
}

const isOfHop = /^(?:proxy-.*|connection|keep-alive)$/;
const webPorts: readonly number[] = [443, 80];
const connectionsMax = 64;
const idleMs = 120_000;
const headersMs = 30_000;

export async function startEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const { hosts, resolve, onRefused, isPublic = isPublicAddress, ports = webPorts } = options;
  const sockets = new Set<Duplex>();
  const server = createServer({ requestTimeout: headersMs, headersTimeout: headersMs }, (request, response) => {
    forward(request, response).catch(() => refuseRequest(response, 502));
  });
  server.maxConnections = connectionsMax;
  server.on("connection", (socket) => keep(socket));
  server.on("connect", (request, client, head) => {
    client.on("error", () => client.destroy());
    tunnel(request.url ?? "", client, head).catch(() => refuseTunnel(client, 502));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("starting the proxy of the agent: no port");

  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      const closed = server.listening ? once(server, "close") : null;
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };

  function keep(socket: Duplex): void {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  }

  /** The address to connect to; null where the agent may not. Looked up here, so that no second answer can lead elsewhere. */
  async function addressOf(host: string, port: number): Promise<string | null> {
    const isNamed = (ports.includes(port) && isListed(host, hosts)) || hosts.includes(`${host}:${port}`);
    const isAllowed = isNamed && isIP(host) === 0;
    const addresses = isAllowed ? await resolve(host) : [];
    const found = addresses.find(isPublic) ?? null;
    if (found === null) onRefused(`${host}:${port}`.slice(0, 200));
    return found;
  }

  async function tunnel(target: string, client: Duplex, head: Buffer): Promise<void> {
    const [, named = "", port = ""] = /^([^:/@\s]+):(\d{1,5})$/.exec(target) ?? [];
    const host = named.toLowerCase();
    const isPlain = Number(port) === 80;
    // In a tunnel without TLS nobody would know whom the agent speaks to; plain requests need none.
    if (isPlain) onRefused(`a tunnel to ${host}:80`.slice(0, 200));
    const address = isPlain ? null : await addressOf(host, Number(port));
    if (address === null) return refuseTunnel(client, 403);
    const upstream = connect({ host: address, port: Number(port) });
    keep(upstream);
    const end = (): void => {
      upstream.destroy();
      client.destroy();
    };
    upstream.once("error", () => {
      if (upstream.connecting || upstream.bytesRead === 0) refuseTunnel(client, 502);
      end();
    });
    // Whichever side is silent for so long: what passes one passes the other.
    upstream.setTimeout(idleMs, end);
    for (const side of [upstream, client]) side.once("close", end);
    upstream.once("connect", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      greet(client, head, host, (hello) => {
        upstream.write(hello);
        upstream.pipe(client);
        client.pipe(upstream);
      });
    });
  }

  /** Many hosts share one address, and there the name in TLS chooses among them. */
  function greet(client: Duplex, head: Buffer, host: string, pass: (hello: Buffer) => void): void {
    let sent = Buffer.alloc(0);
    const take = (chunk: Buffer): void => {
      sent = Buffer.concat([sent, chunk]);
      const said = serverNameOf(sent);
      if (said.kind === "unfinished") return;
      client.off("data", take);
      client.pause();
      if (said.kind === "named" && said.name.toLowerCase() === host) return pass(sent);
      onRefused(`${said.kind === "named" ? said.name : "no clear name"} behind ${host}`.slice(0, 200));
      client.end(unrecognizedName);
      client.resume();
    };
    client.on("data", take);
    if (head.length > 0) take(head);
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.canParse(request.url ?? "") ? new URL(request.url ?? "") : null;
    if (url === null || url.protocol !== "http:") {
      onRefused(`${request.method ?? "?"} ${(request.url ?? "").slice(0, 200)}`);
      return refuseRequest(response, 403);
    }
    const port = Number(url.port || "80");
    const address = await addressOf(url.hostname, port);
    if (address === null) return refuseRequest(response, 403);
    const lookup: LookupFunction = (_host, { all }, found) => {
      if (all === true) found(null, [{ address, family: isIP(address) }]);
      else found(null, address, isIP(address));
    };
    const kept = Object.entries(request.headers).filter(([name]) => !isOfHop.test(name));
    const headers = { ...Object.fromEntries(kept), host: url.host };
    const { method = "GET" } = request;
    const upstream = httpRequest(url, { method, headers, lookup, timeout: idleMs }, (reply) => {
      try {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
      } catch {
        // A status or a header that nobody may write.
        reply.destroy();
        refuseRequest(response, 502);
        return;
      }
      // What breaks off there breaks off here, too: else the agent would wait for the rest.
      pipeline(reply, response, (error) => {
        if (error) response.destroy();
      });
    });
    upstream.on("socket", keep);
    upstream.on("timeout", () => upstream.destroy());
    upstream.on("error", () => refuseRequest(response, 502));
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  }
}

function isListed(host: string, hosts: readonly string[]): boolean {
  return hosts.some((listed) => (listed.startsWith(".") ? host.endsWith(listed) : host === listed));
}

function refuseRequest(response: ServerResponse, status: number): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { connection: "close" }).end(`${explanation}\n`);
}

function refuseTunnel(client: Duplex, status: number): void {
  if (client.writable) client.end(`HTTP/1.1 ${status} ${explanation}\r\nconnection: close\r\n\r\n`);
}

/** The alert of TLS that says so. */
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112]);
const explanation = "This run reaches registries of packages and nothing else";

const notPublic = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  notPublic.addSubnet(net, prefix, "ipv4");
}

/** Of IPv6, what is globally routed, without the ways in which it carries an IPv4 address. */
const publicV6 = new BlockList();
publicV6.addSubnet("2000::", 3, "ipv6");
const carrierV6 = new BlockList();
carrierV6.addSubnet("2001::", 23, "ipv6");
carrierV6.addSubnet("2001:db8::", 32, "ipv6");
carrierV6.addSubnet("2002::", 16, "ipv6");

/** Whether an address is one of the internet, and not of this machine or its network. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !notPublic.check(address, "ipv4");
  return isIP(address) === 6 && publicV6.check(address, "ipv6") && !carrierV6.check(address, "ipv6");
}
