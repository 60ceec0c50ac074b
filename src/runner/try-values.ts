/**
 * Tries granted keys of well-known services, outside the agent, with one request each that only reads.
 * Where, and with what, stands in the table: nothing of it is an agent's choice.
 */

import { bareName, serviceOf, type KnownService, type Probe } from "../core/known-services.ts";
import { signAws } from "./sign-aws.ts";

export interface RefusedValue {
  readonly name: string;
  /** For the people who gave it. Without the value. */
  readonly message: string;
}

interface TryOptions {
  /** Names to try. */
  readonly names: readonly string[];
  /** Of all that the step gets: some keys need a second value. */
  readonly values: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

const timeoutMs = 10_000;
const bodyBytesMax = 64 * 1024;
const userAgent = "phasegate";

/** Those that their service refused. Where the network fails, or the answer is no clear verdict, the key is left alone. */
export async function tryValues(options: TryOptions): Promise<readonly RefusedValue[]> {
  const verdicts = await Promise.all(
    options.names.map(async (name) => {
      const service = serviceOf(name);
      if (service === null || service.probe === null) return null;
      try {
        return await tryOne(name, service, service.probe, options);
      } catch {
        // No network, no answer in time, a redirect, or a value that no header takes: no verdict.
        return null;
      }
    }),
  );
  return verdicts.filter((verdict) => verdict !== null);
}

async function tryOne(
  name: string,
  service: KnownService,
  probe: Probe,
  options: TryOptions,
): Promise<RefusedValue | null> {
  const value = lookUp(options.values, name);
  if (value === null || probe.unless.some((other) => lookUp(options.values, other) !== null)) return null;
  if (probe.kind === "aws") return await tryAws(name, probe, options);
  const url = addressOf(probe, options.values);
  if (url === null) return null;
  const headers = Object.entries(probe.headers).map(([header, text]) => [header, text.replace("{value}", () => value)]);
  const { status, body } = await request(url, probe.method, Object.fromEntries(headers), undefined, options);
  const isRefused = probe.refused.includes(status) || probe.refusedBody?.test(body) === true;
  return isRefused ? { name, message: refusal(service.title, status) } : null;
}

function addressOf({ url }: Extract<Probe, { kind: "http" }>, values: TryOptions["values"]): string | null {
  if (typeof url === "string") return url;
  const base = lookUp(values, url.fromName)?.trim() ?? "";
  return url.pattern.test(base) ? `${base.replace(/\/$/u, "")}${url.path}` : null;
}

/** Other partitions of AWS know nothing of these keys, and theirs are unknown here. */
const otherPartition = /^(?:cn|us-gov|us-iso|eusc)/u;

async function tryAws(
  name: string,
  probe: Extract<Probe, { kind: "aws" }>,
  options: TryOptions,
): Promise<RefusedValue | null> {
  const of = (other: string): string | null => lookUp(options.values, other)?.trim() ?? null;
  const [keyId, secret, token] = [of(probe.keyIdName), of(probe.secretName), of(probe.tokenName)];
  const region = of("AWS_REGION") ?? of("AWS_DEFAULT_REGION") ?? "";
  // Keys that begin so are temporary, and wrong without the third part.
  if (keyId === null || secret === null || otherPartition.test(region)) return null;
  if (keyId.startsWith("ASIA") && token === null) return null;
  const content = {
    body: "Action=GetCallerIdentity&Version=2011-06-15",
    contentType: "application/x-www-form-urlencoded",
  };
  const place = { host: "sts.amazonaws.com", region: "us-east-1", service: "sts" };
  const headers = signAws({ ...place, ...content, at: options.now() }, { keyId, secret, token });
  const { status, body } = await request(`https://${place.host}/`, "POST", headers, content.body, options);
  const [, code] = /<Code>(InvalidClientTokenId|SignatureDoesNotMatch)<\/Code>/u.exec(body) ?? [];
  if (code === undefined) return null;
  // The pair is tried for each half: only the half at fault is named.
  const atFault = code === "InvalidClientTokenId" ? probe.keyIdName : probe.secretName;
  return bareName(name) === atFault ? { name, message: refusal("AWS", status) } : null;
}

async function request(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
  { fetch, signal }: TryOptions,
): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(url, {
    method,
    headers: { "user-agent": userAgent, ...headers },
    ...(body === undefined ? {} : { body }),
    // Another host would get the key.
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bodyBytesMax) break;
  }
  return { status: response.status, body: Buffer.concat(chunks).toString("utf8") };
}

function lookUp(values: TryOptions["values"], name: string): string | null {
  return values[name] ?? values[`APP_${name}`] ?? null;
}

function refusal(title: string, status: number): string {
  return `${title} refuses it (answer ${status} to a request that only reads): it is mistyped, revoked, or meant for something else.`;
}
