import { Refusal } from "../links/refusal.js";

const BODY_BYTES_MAX = 8 * 1024;

/** Only JSON is read: a form on a foreign page can't send that type, so it can't create links in a visitor's name. */
export async function readJson(request) {
  const type = (request.headers["content-type"] ?? "").split(";")[0].trim().toLowerCase();
  if (type !== "application/json") throw new Refusal("body-type", "Send the content type application/json.");
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Refusal("body-too-large", `Send ${BODY_BYTES_MAX} bytes at most.`);
    chunks.push(chunk);
  }
  try {
    const value = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
  } catch {
    // Told below, in the same words as any other body that is not an object.
  }
  throw new Refusal("body-invalid", 'Send a JSON object such as {"url":"https://example.org/"}.');
}
