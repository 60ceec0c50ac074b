/** Where the programs of an agent may connect to, beside the model and the dialogue, which they always reach. */

/** From the loosest to the tightest: anywhere, registries of packages, nowhere. */
export const networks = ["open", "registries", "none"] as const;
export type Network = (typeof networks)[number];

/** Whoever has a say may only take away. */
export function tightest(...said: readonly (Network | null | undefined)[]): Network {
  return networks[Math.max(0, ...said.map((network) => networks.indexOf(network ?? "open")))] ?? "none";
}
