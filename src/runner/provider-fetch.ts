/** What a request asks the provider to fetch, search or connect to for the agent: a way out of the machine that no firewall sees. Pure. */

import { asObject, objectsAt, stringAt, type Json } from "./narrow.ts";

/** Carried out by whoever asks, or by the model out of the request alone. Any other type of tool is the provider's work. */
const ownTool = /^(?:custom|(?:bash|computer|memory|text_editor|tool_search_tool_(?:bm25|regex))_\d{8})$/;
const wordCharactersMax = 100;

/** In a few words, for people; null where the request asks for nothing of the kind. */
export function providerFetchOf(request: Json): string | null {
  for (const key of ["mcp_servers", "container"]) {
    if ((request[key] ?? null) !== null) return `${key} of the model provider`;
  }
  const tool = objectsAt(request, "tools").find(({ type }) => (type ?? null) !== null && !isOwnTool(type));
  if (tool !== undefined) {
    return `${String(stringAt(tool, "type")).slice(0, wordCharactersMax)} of the model provider`;
  }
  return holdsAddress([request["messages"], request["system"]]) ? "a picture or document by its address" : null;
}

function isOwnTool(type: unknown): boolean {
  return typeof type === "string" && ownTool.test(type);
}

/** At any depth: results of tools hold pictures, and documents hold both. */
function holdsAddress(values: readonly unknown[]): boolean {
  // No recursion: the agent says how deep it is.
  const left = [...values];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) for (const each of value) left.push(each);
    const block = asObject(value);
    if (block === null) continue;
    const source = asObject(block["source"]);
    if (source !== null && stringAt(source, "type") === "url") return true;
    // What a call of a tool was given is the tool's own: the provider reads nothing in it.
    const isCall = stringAt(block, "type")?.endsWith("tool_use") === true;
    for (const [key, each] of Object.entries(block)) if (!(isCall && key === "input")) left.push(each);
  }
  return false;
}
