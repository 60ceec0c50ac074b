import { Refusal } from "./refusal.js";

const URL_LENGTH_MAX = 2048;

/**
 * Returns the target in its normal form (REQ-001). Only plain web addresses are accepted: a short link hides where it leads,
 * so "javascript:", "data:" and addresses with a password in them are refused, and so is a link to ourselves (a loop).
 */
export function checkUrl(text, ownOrigin) {
  if (typeof text !== "string" || text.trim() === "") throw new Refusal("url-missing", "Paste a long URL first.");
  if (text.length > URL_LENGTH_MAX) {
    throw new Refusal("url-too-long", `A URL may have ${URL_LENGTH_MAX} characters at most; this one has ${text.length}.`);
  }
  if (!URL.canParse(text.trim())) {
    throw new Refusal("url-invalid", "That is not a complete URL. It should begin with https:// or http://.");
  }
  const url = new URL(text.trim());
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new Refusal("url-scheme", "Only URLs that begin with https:// or http:// can be shortened.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new Refusal("url-credentials", "That URL has a user name or a password in it. Remove it first.");
  }
  if (url.origin === ownOrigin) throw new Refusal("url-own", "That is a short link already.");
  return url.href;
}
