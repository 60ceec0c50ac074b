/** What the gateway has to know of a request before it lets it through. */

import { amountAt, objectAt, objectsAt, stringAt, type Json, parseObject } from "./narrow.ts";
import { noSurcharges, type Surcharges } from "./price.ts";
import { providerFetchOf } from "./provider-fetch.ts";

export interface ModelRequest {
  readonly model: string;
  /** Written anew: of a key that stood twice, we and the provider must read the same value. */
  readonly body: string;
  /** Close to, and rather above, what the provider will count. */
  readonly inputTokens: number;
  /** The longest reply that is asked for; null where the request names none, or no whole number. */
  readonly outputTokensMax: number | null;
  /** With less than this the provider would refuse the request, or the reply would be cut in its first words. */
  readonly outputTokensMin: number;
  /** What the request asks for that makes its tokens dearer. */
  readonly surcharges: Surcharges;
  /** What the provider shall fetch for the agent, in a few words; null where it is nothing. */
  readonly fetches: string | null;
  /** The body with another longest reply. */
  bodyWith(outputTokensMax: number): string;
}

const bytesPerToken = 4;
/** The provider scales images down; base64 says nothing of what they cost. */
const tokensPerImage = 5000;
/** No model reads more, so no request can cost more. */
const inputTokensMax = 1_000_000;
const modelNameLengthMax = 200;
const usefulReplyTokens = 256;

/** Null where the body is no request that we could put a price on. */
export function readModelRequest(received: Buffer): ModelRequest | null {
  const json = parseObject(received.toString());
  const model = json === null ? null : stringAt(json, "model");
  if (json === null || model === null || model === "" || model.length > modelNameLengthMax) return null;
  const body = JSON.stringify(json);
  const images = imageSizes(objectsAt(json, "messages"));
  const textBytes = Buffer.byteLength(body) - images.reduce((sum, bytes) => sum + bytes, 0);
  const tokens = Math.ceil(textBytes / bytesPerToken) + images.length * tokensPerImage;
  const outputTokensMax = json["max_tokens"];
  const thinkingTokens = amountAt(objectAt(json, "thinking") ?? {}, "budget_tokens");
  return {
    model,
    body,
    inputTokens: Math.min(tokens, inputTokensMax),
    outputTokensMax: isTokenCount(outputTokensMax) ? outputTokensMax : null,
    outputTokensMin: thinkingTokens + usefulReplyTokens,
    surcharges: {
      ...noSurcharges,
      fastMode: stringAt(json, "speed") === "fast",
      pinnedRegion: stringAt(json, "inference_geo") === "us",
    },
    fetches: providerFetchOf(json),
    bodyWith: (max_tokens) => JSON.stringify({ ...json, max_tokens }),
  };
}

function isTokenCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** Bytes of base64 for each image: those in messages, and those in the tool results inside messages. */
function imageSizes(messages: readonly Json[]): readonly number[] {
  const blocks = messages.flatMap((message) => objectsAt(message, "content"));
  return blocks
    .flatMap((block) => [block, ...objectsAt(block, "content")])
    .filter((block) => stringAt(block, "type") === "image")
    .map((image) => stringAt(objectAt(image, "source") ?? {}, "data")?.length ?? 0);
}
