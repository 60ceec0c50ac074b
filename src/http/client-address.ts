import { BlockList, isIP, isIPv6 } from "node:net";
import type { Context } from "hono";
import { z } from "zod";

/** Where a reverse proxy of ours may be. */
const ownNetworks = new BlockList();
for (const [network, bits] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
] as const) {
  ownNetworks.addSubnet(network, bits, "ipv4");
}
ownNetworks.addAddress("::1", "ipv6");
ownNetworks.addSubnet("fc00::", 7, "ipv6");
ownNetworks.addSubnet("fe80::", 10, "ipv6");

const Connected = z.object({ incoming: z.object({ socket: z.object({ remoteAddress: z.string() }) }) });

/**
 * Who calls, for limits and nothing else: an IPv4 address, or the /64 of an IPv6 one, which is what one household gets.
 * Behind a proxy on this machine or its network it is what the proxy saw, the last part of `X-Forwarded-For` that is not such
 * a proxy itself. Whoever calls from elsewhere may write that header, and it is not read.
 */
export function clientAddress(context: Context): string {
  const parsed = Connected.safeParse(context.env);
  const forwarded = (context.req.header("x-forwarded-for") ?? "").split(",").map((part) => part.trim());
  let address = parsed.success ? bare(parsed.data.incoming.socket.remoteAddress) : "unknown";
  while (isOwn(address)) {
    const before = bare(forwarded.pop() ?? "");
    if (isIP(before) === 0) break;
    address = before;
  }
  return isIPv6(address) ? networkOf(address) : address;
}

function isOwn(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && ownNetworks.check(address, version === 6 ? "ipv6" : "ipv4");
}

/** Without what a system that speaks both writes before an IPv4 address. */
function bare(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/iu, "");
}

/** The first four of its eight groups. */
function networkOf(address: string): string {
  const [head = "", tail] = address.replace(/%.*$/u, "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - groups.length - after.length }, () => "0");
  return `${[...groups, ...zeros, ...after].slice(0, 4).join(":")}::/64`;
}
