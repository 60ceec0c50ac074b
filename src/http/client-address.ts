import { BlockList, isIP, isIPv6 } from "node:net";
import type { Context } from "hono";
import { z } from "zod";

const Connected = z.object({ incoming: z.object({ socket: z.object({ remoteAddress: z.string() }) }) });

export type AddressOf = (context: Context) => string;

/**
 * Who calls, for limits and nothing else: an IPv4 address, or the /64 of an IPv6 one, which is what one household gets.
 * Behind a trusted proxy it is what the proxy saw, the last part of `X-Forwarded-For` that is not such a proxy itself.
 * Whoever calls from elsewhere may write that header, and it is not read.
 */
export function addressBehind(trustedProxies: readonly string[]): AddressOf {
  const proxies = new BlockList();
  for (const network of trustedProxies) {
    const [address = "", bits] = network.split("/");
    if (bits === undefined) proxies.addAddress(address, familyOf(address));
    else proxies.addSubnet(address, Number(bits), familyOf(address));
  }
  const isProxy = (address: string) => isIP(address) !== 0 && proxies.check(address, familyOf(address));

  return (context) => {
    const parsed = Connected.safeParse(context.env);
    const forwarded = (context.req.header("x-forwarded-for") ?? "").split(",").map((part) => part.trim());
    let address = parsed.success ? bare(parsed.data.incoming.socket.remoteAddress) : "unknown";
    while (isProxy(address)) {
      const before = bare(forwarded.pop() ?? "");
      if (isIP(before) === 0) break;
      address = before;
    }
    return isIPv6(address) ? networkOf(address) : address;
  };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
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
