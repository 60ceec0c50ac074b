import { z } from "zod";

/** An App as GitHub has just made it. The secrets are in no log and in no address. */
export interface MadeApp {
  readonly appId: number;
  readonly slug: string;
  readonly privateKey: string;
  readonly webhookSecret: string;
}

/** The message is for the person at the browser; it names the next step. */
export class ExchangeFailed extends Error {
  override name = "ExchangeFailed";
}

const timeoutMs = 30_000;
const answerCharactersMax = 1_000_000;

const Conversion = z.object({
  id: z.int().positive(),
  slug: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,98})$/u),
  pem: z.string().includes("PRIVATE KEY-----"),
  webhook_secret: z.string().min(16),
});

/** Trades GitHub's code, once and within an hour, for the App's number and secrets. Throws `ExchangeFailed`. */
export async function exchangeCode(
  code: string,
  options: { readonly apiUrl: string; readonly fetch: typeof fetch },
): Promise<MadeApp> {
  const { status, text } = await ask(code, options);
  if (status === 404 || status === 422) {
    throw new ExchangeFailed(
      `GitHub answered ${status}: the code was used before or is older than an hour. Begin again; an App that is on your list of GitHub Apps already can be deleted there.`,
    );
  }
  if (status !== 201) {
    throw new ExchangeFailed(`GitHub answered ${status}. Reload this page to try once more with the same code.`);
  }
  const parsed = Conversion.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new ExchangeFailed(
      `GitHub's answer lacks ${parsed.error.issues.map((issue) => issue.path.join(".") || "everything").join(", ")}. The App is made: find it on your list of GitHub Apps, generate a private key and a webhook secret there, and set them as the README says.`,
    );
  }
  const { id, slug, pem, webhook_secret } = parsed.data;
  return { appId: id, slug, privateKey: pem, webhookSecret: webhook_secret };
}

async function ask(
  code: string,
  options: { readonly apiUrl: string; readonly fetch: typeof fetch },
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await options.fetch(`${options.apiUrl}/app-manifests/${encodeURIComponent(code)}/conversions`, {
      method: "POST",
      headers: {
        accept: "application/vnd.github+json",
        "user-agent": "phasegate",
        "x-github-api-version": "2022-11-28",
      },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: (await response.text()).slice(0, answerCharactersMax) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ExchangeFailed(
      `GitHub's API at ${options.apiUrl} did not answer (${why}). Let this machine reach it, then reload this page: the code is good for an hour.`,
      { cause },
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the schema says so.
    return undefined;
  }
}
