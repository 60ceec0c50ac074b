/** What the gateway has to know of a request before it lets it through. */

import { objectAt, objectsAt, stringAt, type Json, parseObject } from "./narrow.ts";

export interface ModelRequest {
  readonly model: string;
  /** Written anew: of a key that stood twice, we and the provider must read the same value. */
  readonly body: string;
  /** Close to, and rather above, what the provider will count. */
  readonly inputTokens: number;
}

const bytesPerToken = 4;
/** The provider scales images down; base64 says nothing of what they cost. */
const tokensPerImage = 5000;
/** No model reads more, so no request can cost more. */
const inputTokensMax = 1_000_000;
const modelNameLengthMax = 200;

/** Null where the body is no request that we could put a price on. */
export function readModelRequest(received: Buffer): ModelRequest | null {
  const json = parseObject(received.toString());
  const model = json === null ? null : stringAt(json, "model");
  if (json === null || model === null || model === "" || model.length > modelNameLengthMax) return null;
  const body = JSON.stringify(json);
  const images = imageSizes(objectsAt(json, "messages"));
  const textBytes = Buffer.byteLength(body) - images.reduce((sum, bytes) => sum + bytes, 0);
  const tokens = Math.ceil(textBytes / bytesPerToken) + images.length * tokensPerImage;
  return { model, body, inputTokens: Math.min(tokens, inputTokensMax) };
}

/** Bytes of base64 for each image: those in messages, and those in the tool results inside messages. */
function imageSizes(messages: readonly Json[]): readonly number[] {
  const blocks = messages.flatMap((message) => objectsAt(message, "content"));
  return blocks
    .flatMap((block) => [block, ...objectsAt(block, "content")])
    .filter((block) => stringAt(block, "type") === "image")
    .map((image) => stringAt(objectAt(image, "source") ?? {}, "data")?.length ?? 0);
}
