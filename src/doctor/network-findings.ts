import type { Network } from "../core/network.ts";
import { ok, warning, type Finding } from "./finding.ts";

/** `own`: labels of the newest run's runner, where it is none of GitHub's on Linux. A playbook may close the network of its phases further. */
export function networkFindings(network: Network, own: readonly string[]): readonly Finding[] {
  if (network === "open") return [];
  const reach = network === "none" ? "reach nothing but the model" : "reach the model and registries of packages alone";
  if (own.length === 0) return [ok("network", `runs ${reach}; GitHub's own runners on Linux can see to that`)];
  return [
    warning(
      "network",
      `runs ${reach}, and a runner that can't see to that starts none of them; whether the one with the labels ${own.join(", ")} can is not to be seen from here`,
      "On such a runner (Linux, as its service's user), this must print no error: sudo -n nft list ruleset, or sudo -n iptables -S && sudo -n ip6tables -S. Or set the repository variable PHASEGATE_RUNNER to ubuntu-latest.",
    ),
  ];
}
