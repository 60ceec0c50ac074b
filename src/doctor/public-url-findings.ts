import { fault, ok, type Finding } from "./finding.ts";

const timeoutMs = 10_000;
const answerCharactersMax = 10_000;

/** Whether what answers under `PUBLIC_URL` is this app, by the way that GitHub and runners take. */
export async function examinePublicUrl(options: {
  readonly publicUrl: string;
  readonly webhookPath: string;
  readonly fetch: typeof fetch;
}): Promise<readonly Finding[]> {
  const { publicUrl, webhookPath } = options;
  const health = await ask("GET", `${publicUrl}/healthz`);
  if (typeof health === "string") {
    return [
      fault(
        "public-url",
        `${publicUrl}/healthz does not answer from here: ${health}`,
        "Start the app with npm start; if it runs, look at the name server, the certificate and the reverse proxy of PUBLIC_URL.",
      ),
    ];
  }
  if (health.status !== 200 || !health.text.includes('"status":"ok"')) {
    return [
      fault(
        "public-url",
        `${publicUrl}/healthz answers ${health.status}, and not as this app does`,
        "Let the reverse proxy pass all paths below PUBLIC_URL on to HOST and PORT of the app, without a login in front of it.",
      ),
    ];
  }
  // Without its headers a webhook is refused with 400, by the app and by nobody before it.
  const hook = await ask("POST", `${publicUrl}${webhookPath}`);
  if (typeof hook === "string" || hook.status !== 400) {
    return [
      fault(
        "public-url",
        `POST ${publicUrl}${webhookPath} does not get through to the app (${typeof hook === "string" ? hook : `answers ${hook.status}`})`,
        "Let the reverse proxy pass POST on, with bodies of up to 25 MB. In set-up mode, restart the app first.",
      ),
    ];
  }
  return [ok("public-url", `the app answers at ${publicUrl}`)];

  /** The answer, or why there is none. */
  async function ask(
    method: string,
    url: string,
  ): Promise<{ readonly status: number; readonly text: string } | string> {
    try {
      const response = await options.fetch(url, { method, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
      return { status: response.status, text: (await response.text()).slice(0, answerCharactersMax) };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return cause instanceof Error ? cause.message || cause.name : String(cause);
    }
  }
}
