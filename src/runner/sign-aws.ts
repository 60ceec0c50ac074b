/** Signs one request to AWS, version 4 of its signatures: enough for GetCallerIdentity. Pure. */

import { createHash, createHmac } from "node:crypto";

interface AwsRequest {
  readonly host: string;
  readonly region: string;
  readonly service: string;
  readonly body: string;
  /** Null for none. */
  readonly contentType: string | null;
  readonly at: Date;
}

interface AwsKey {
  readonly keyId: string;
  readonly secret: string;
  /** Of temporary keys; null for the others. */
  readonly token: string | null;
}

/** Headers of a POST to `/`. */
export function signAws(request: AwsRequest, { keyId, secret, token }: AwsKey): Record<string, string> {
  const { host, region, service, body, contentType } = request;
  const time = request.at.toISOString().replaceAll(/[-:]|\.\d{3}/gu, "");
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...(contentType === null ? {} : { "content-type": contentType }),
    host,
    "x-amz-date": time,
    ...(token === null ? {} : { "x-amz-security-token": token }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    "POST",
    "/",
    "",
    ...names.map((name) => `${name}:${headers[name]}`),
    "",
    names.join(";"),
    hash(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, hash(canonical)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  // `fetch` sets the host by itself.
  const { host: _, ...others } = headers;
  return { ...others, authorization };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
