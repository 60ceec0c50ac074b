import { fault, ok, warning, type Finding } from "./finding.ts";

const timeoutMs = 10_000;
const protocolFile = "src/protocol/runner.ts";

/** Whether the action at `ACTION_REF` speaks a protocol that this app serves. Read as anybody reads it: without a token. */
export async function examineAction(options: {
  readonly actionRef: string;
  readonly apiUrl: string;
  readonly webUrl: string;
  readonly served: readonly number[];
  readonly fetch: typeof fetch;
}): Promise<readonly Finding[]> {
  const { actionRef, apiUrl, webUrl, served } = options;
  const [repository = "", sha = ""] = actionRef.split("@");
  const unseen = warning(
    "action",
    `${repository} at ${sha.slice(0, 12)} cannot be read without a token: it is private, or not there`,
    `Where it is private, let your other repositories use it: ${webUrl}/${repository}/settings/actions. The commit must be there: ${webUrl}/${repository}/commit/${sha}`,
  );
  try {
    const response = await options.fetch(`${apiUrl}/repos/${repository}/contents/${protocolFile}?ref=${sha}`, {
      headers: { accept: "application/vnd.github.raw+json", "user-agent": "phasegate" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200) return [unseen];
    const version = Number(/protocolVersion = (\d+)/u.exec(await response.text())?.[1] ?? Number.NaN);
    if (served.includes(version)) return [ok("action", `the action at ACTION_REF speaks protocol ${version}`)];
    return [
      fault(
        "action",
        `the action at ACTION_REF speaks protocol ${version}, this app serves ${served.join(", ")}`,
        "Set ACTION_REF to the commit that this app was started from: git rev-parse HEAD",
      ),
    ];
  } catch {
    // Not reachable, or too slow: nothing is known.
    return [unseen];
  }
}
