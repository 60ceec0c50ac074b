import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { privateNetworks } from "../../src/control/config.ts";
import { addressBehind } from "../../src/http/client-address.ts";

async function seen(
  remoteAddress: string | undefined,
  forwarded?: string,
  trustedProxies: readonly string[] = privateNetworks,
): Promise<string> {
  const addressOf = addressBehind(trustedProxies);
  const app = new Hono().get("/", (context) => context.text(addressOf(context)));
  const headers: Record<string, string> = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  const response = await app.request("/", { headers }, { incoming: { socket: { remoteAddress } } });
  return response.text();
}

describe("the address of a caller", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8::5", "2001:db8:0:0::/64"],
    [undefined, "unknown"],
  ])("%s counts as %s", async (remote, counted) => {
    expect(await seen(remote)).toBe(counted);
  });

  test.each([
    ["127.0.0.1", "203.0.113.7", "203.0.113.7"],
    ["10.1.2.3", "198.51.100.1, 203.0.113.7", "203.0.113.7"],
    ["::1", "203.0.113.7, 192.168.0.4", "203.0.113.7"],
    ["::ffff:172.17.0.1", "2001:db8::5", "2001:db8:0:0::/64"],
    ["127.0.0.1", "not an address", "127.0.0.1"],
  ])("behind the proxy %s that was told %s is %s", async (proxy, forwarded, counted) => {
    expect(await seen(proxy, forwarded)).toBe(counted);
  });

  test("is its own, whatever a caller from afar says of itself", async () => {
    expect(await seen("203.0.113.7", "198.51.100.1")).toBe("203.0.113.7");
  });

  test.each([
    ["198.51.100.9", "203.0.113.7", "203.0.113.7"],
    ["::ffff:198.51.100.9", "192.0.2.1, 203.0.113.7, 2001:db8:7::1", "203.0.113.7"],
    ["2001:db8:7::1", "198.51.101.9", "198.51.101.9"],
    ["198.51.101.9", "203.0.113.7", "198.51.101.9"],
    ["2001:db8:8::1", "203.0.113.7", "2001:db8:8:0::/64"],
    ["10.0.0.1", "203.0.113.7", "10.0.0.1"],
  ])("behind the operator's own proxies, when %s was told %s, is %s", async (proxy, forwarded, counted) => {
    expect(await seen(proxy, forwarded, ["198.51.100.0/24", "2001:db8:7::1"])).toBe(counted);
  });
});
