/**
 * The one way out of a run whose network is `registries`: a proxy on loopback that lets through to hosts of a list, by name.
 * It sees names and no content: that in CONNECT, and the one that TLS then says, which has to be the same. Assume that the agent calls it directly, with whatever it likes.
 */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { BlockList, connect, isIP, type LookupFunction } from "node:net";
import { pipeline, type Duplex } from "node:stream";
import { serverNameOf, type ServerName } from "./server-name.ts";

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
/** Of the greeting of TLS: clients send it in one or a few. */
const helloPiecesMax = 256;
const idleMs = 120_000;
const headersMs = 30_000;

export async function startEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const { hosts, resolve, onRefused, isPublic = isPublicAddress, ports = webPorts } = options;
  const sockets = new Set<Duplex>();
  const server = createServer({ requestTimeout: headersMs, headersTimeout: headersMs }, (request, response) => {
    forward(request, response).catch(() => refuseRequest(response, 502, silent("the host")));
  });
  server.maxConnections = connectionsMax;
  server.on("connection", (socket) => keep(socket));
  server.on("connect", (request, client, head) => {
    client.on("error", () => client.destroy());
    tunnel(request.url ?? "", client, head).catch(() => refuseTunnel(client, 502, silent("the host")));
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
    // A plain connection serves several requests.
    if (sockets.has(socket)) return;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  }

  /** The addresses to connect to; null where the agent may not. Looked up here, so that no second answer can lead elsewhere. */
  async function addressesOf(host: string, port: number): Promise<readonly string[] | null> {
    const isNamed = (ports.includes(port) && isListed(host, hosts)) || hosts.includes(`${host}:${port}`);
    const isAllowed = isNamed && isIP(host) === 0;
    const found = isAllowed ? (await resolve(host)).filter(isPublic) : [];
    if (found.length > 0) return found;
    onRefused(`${host}:${port}`.slice(0, 200));
    return null;
  }

  async function tunnel(target: string, client: Duplex, head: Buffer): Promise<void> {
    const [, named = "", port = ""] = /^([^:/@\s]+):(\d{1,5})$/.exec(target) ?? [];
    const host = named.toLowerCase();
    const isPlain = Number(port) === 80;
    // In a tunnel without TLS nobody would know whom the agent speaks to; plain requests need none.
    if (isPlain) onRefused(`a tunnel to ${host}:80`.slice(0, 200));
    const looked = isPlain ? null : await addressesOf(host, Number(port)).catch(() => "silent" as const);
    if (looked === "silent") return refuseTunnel(client, 502, silent(host));
    if (looked === null) return refuseTunnel(client, 403, notReached(host));
    const upstream = connect({ host, port: Number(port), lookup: answering(looked), ...inTurn });
    keep(upstream);
    let isOpen = false;
    const end = (): void => {
      upstream.destroy();
      client.destroy();
    };
    upstream.once("error", () => {
      if (isOpen) end();
      else refuseTunnel(client, 502, silent(host));
    });
    // Whichever side is silent for so long: what passes one passes the other.
    upstream.setTimeout(idleMs, end);
    client.once("close", end);
    upstream.once("connect", () => {
      isOpen = true;
      upstream.once("close", end);
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
    let pieces = 0;
    const take = (chunk: Buffer): void => {
      sent = Buffer.concat([sent, chunk]);
      pieces += 1;
      const said: ServerName = pieces > helloPiecesMax ? { kind: "unclear" } : serverNameOf(sent);
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
      return refuseRequest(response, 403, notReached("what was asked for"));
    }
    const port = Number(url.port || "80");
    const host = url.hostname;
    const looked = await addressesOf(host, port).catch(() => "silent" as const);
    if (looked === "silent") return refuseRequest(response, 502, silent(host));
    if (looked === null) return refuseRequest(response, 403, notReached(host));
    const kept = Object.entries(request.headers).filter(([name]) => !isOfHop.test(name));
    const headers = { ...Object.fromEntries(kept), host: url.host };
    const { method = "GET" } = request;
    const asked = { method, headers, lookup: answering(looked), timeout: idleMs, ...inTurn };
    const upstream = httpRequest(url, asked, (reply) => {
      try {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
      } catch {
        // A status or a header that nobody may write.
        reply.destroy();
        refuseRequest(response, 502, silent(host));
        return;
      }
      // What breaks off there breaks off here, too: else the agent would wait for the rest.
      pipeline(reply, response, (error) => {
        if (error) response.destroy();
      });
    });
    upstream.on("socket", keep);
    upstream.on("timeout", () => upstream.destroy());
    upstream.on("error", () => refuseRequest(response, 502, silent(host)));
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  }
}

function isListed(host: string, hosts: readonly string[]): boolean {
  return hosts.some((listed) => (listed.startsWith(".") ? host.endsWith(listed) : host === listed));
}

/** One that is dead must not hide one that lives, and each gets time enough for a packet that was lost. */
const inTurn = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 5_000 } as const;

function answering(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all }, answer) => {
    if (all === true) answer(null, found);
    else answer(null, found[0]?.address ?? "", found[0]?.family);
  };
}

function refuseRequest(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { connection: "close" }).end(`${why}\n`);
}

function refuseTunnel(client: Duplex, status: number, why: string): void {
  if (client.writable) client.end(`HTTP/1.1 ${status} ${why}\r\nconnection: close\r\n\r\n`);
}

/** Both stand in the output of the agent's programs, for those who look why an install failed. */
function notReached(host: string): string {
  return `The network of this run does not reach ${host.slice(0, 200)} (its setting is "network")`;
}

function silent(host: string): string {
  return `${host.slice(0, 200)} did not answer`;
}

/** The alert of TLS that says so. */
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

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
