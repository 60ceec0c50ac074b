import { randomInt } from "node:crypto";
import { Refusal } from "./refusal.js";

// No 0/o, 1/i/l: codes are read from paper and over the telephone. 31^7 is about 27 thousand million codes.
const ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";
const CODE_LENGTH = 7;

/** Words that the application uses in its own addresses. */
const RESERVED = new Set(["api", "assets", "favicon", "healthz", "robots", "stats"]);

/** Random, not counted up (DEC-005): nobody should be able to walk through other people's links. */
export function newCode() {
  return Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

/** Returns the alias in lower case, since codes do not tell "Team-Lunch" from "team-lunch". */
export function checkAlias(text) {
  if (typeof text !== "string") throw new Refusal("alias-invalid", "The alias must be text.");
  const alias = text.trim().toLowerCase();
  if (!/^[a-z0-9](?:[a-z0-9-]{1,30})[a-z0-9]$/.test(alias)) {
    throw new Refusal(
      "alias-invalid",
      "An alias has 3 to 32 letters, digits or hyphens, and begins and ends with a letter or digit.",
    );
  }
  if (RESERVED.has(alias)) throw new Refusal("alias-reserved", `"${alias}" is used by Linklet itself. Choose another.`);
  return alias;
}

/** What stands in the path of a request, or null where it can't be a code. */
export function codeFromPath(segment) {
  const code = segment.toLowerCase();
  return /^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$/.test(code) && !RESERVED.has(code) ? code : null;
}
