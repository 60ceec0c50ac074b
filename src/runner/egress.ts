/** The network of a run, as the job says: what the agent's programs need to know of it, and what was refused. */

import { lookup } from "node:dns/promises";
import type { Network } from "../core/network.ts";
import type { AgentUser } from "./agent-user.ts";
import { startEgressProxy } from "./egress-proxy.ts";
import { startFirewall, type Firewall } from "./firewall.ts";
import { registryHosts } from "./registry-hosts.ts";
import type { SecurityNotes } from "./security-notes.ts";

export interface EgressOrder {
  readonly network: Network;
  /** Servers of tools that the settings name: reached on every network, beside the registries where those are. */
  readonly hosts: readonly string[];
  readonly agent: AgentUser;
  /** Value of PATH: only folders that no other user can write in. */
  readonly path: string;
  readonly platform: string;
  readonly note: SecurityNotes["note"];
}

export interface Egress {
  /** For every process of the agent. */
  readonly environment: Readonly<Record<string, string>>;
  /** The first names that the proxy has refused since the last call. */
  takeRefused(): readonly string[];
  /** Notes what was refused since the last call. */
  look(): Promise<void>;
  /** Stops the proxy; the firewall stays until `remove`. */
  stop(): Promise<void>;
  /** Only once no process of the agent is left. */
  remove(): Promise<void>;
}

const nothing = async (): Promise<void> => {};
const noNames = (): readonly string[] => [];
const namesKeptMax = 10;

/** Throws where the machine can't close its network to the agent: then nothing starts. */
export async function limitEgress({ network, hosts, note, ...order }: EgressOrder): Promise<Egress> {
  if (network === "open") {
    return { environment: {}, takeRefused: noNames, look: nothing, stop: nothing, remove: nothing };
  }
  const firewall = await startFirewall(order);
  try {
    return await limitedBy(firewall, { network, hosts, note });
  } catch (error) {
    await firewall.remove().catch(() => {
      // What went wrong before is what people need to know.
    });
    throw error;
  }
}

async function limitedBy(
  firewall: Firewall,
  { network, hosts, note }: Pick<EgressOrder, "network" | "hosts" | "note">,
): Promise<Egress> {
  let seen = await firewall.refused();
  const look = async (): Promise<void> => {
    const refused = await firewall.refused();
    if (refused > seen) note("network-refused", "", refused - seen);
    seen = refused;
  };
  const listed = network === "none" ? hosts : [...registryHosts, ...hosts];
  const remove = (): Promise<void> => firewall.remove();
  if (listed.length === 0) return { environment: {}, takeRefused: noNames, look, stop: nothing, remove };
  let names = new Set<string>();
  const proxy = await startEgressProxy({
    hosts: listed,
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    onRefused(what) {
      if (names.size < namesKeptMax) names.add(what);
      note("network-refused", what);
    },
  });
  const takeRefused = (): readonly string[] => {
    const taken = [...names];
    names = new Set();
    return taken;
  };
  return { environment: throughProxy(proxy.url), takeRefused, look, stop: () => proxy.stop(), remove };
}

/** Under all the names by which programs look for a proxy; loopback goes past it. */
export function throughProxy(url: string): Record<string, string> {
  const names = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
    "npm_config_proxy",
    "npm_config_https_proxy",
  ];
  return {
    ...Object.fromEntries(names.map((name) => [name, url])),
    NO_PROXY: loopback,
    no_proxy: loopback,
    // Node's own fetch asks for this by name.
    NODE_USE_ENV_PROXY: "1",
    JAVA_TOOL_OPTIONS: javaOptions(new URL(url)),
  };
}

/** Java's programs (Maven, Gradle and what they start) know of no variable for a proxy; each of them says that it picked these up. */
function javaOptions({ hostname, port }: URL): string {
  return [
    ...["http", "https"].flatMap((scheme) => [`-D${scheme}.proxyHost=${hostname}`, `-D${scheme}.proxyPort=${port}`]),
    `-Dhttp.nonProxyHosts=${loopback.replaceAll(",", "|")}`,
    // Without it, newer Mavens look in their own settings alone.
    "-Daether.connector.http.useSystemProperties=true",
  ].join(" ");
}

const loopback = "127.0.0.1,localhost";
