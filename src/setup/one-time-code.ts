import { createHash, timingSafeEqual } from "node:crypto";

/** So many random bytes, from the system's source. */
export type Random = (bytes: number) => Uint8Array;

export interface OneTimeCode {
  /** For the terminal, never for a log. */
  readonly text: string;
  /** `void` stays so: too many wrong tries, used, or given away. A restart makes another code. */
  use(given: string): "right" | "wrong" | "void";
  /** After it crossed a network in the clear. */
  giveAway(): void;
}

const triesMax = 5;
const groups = 4;
const groupCharacters = 4;
/** Without characters that look alike. Its length divides 256, so that every character is as likely. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

export function createOneTimeCode(random: Random): OneTimeCode {
  const characters = Array.from(random(groups * groupCharacters), (byte) => alphabet[byte % alphabet.length] ?? "");
  const text = characters.join("").replaceAll(/.{4}(?=.)/gu, "$&-");
  let triesLeft = triesMax;
  return {
    text,
    use(given) {
      if (triesLeft === 0) return "void";
      if (isSame(normal(given), normal(text))) {
        triesLeft = 0;
        return "right";
      }
      triesLeft -= 1;
      return triesLeft === 0 ? "void" : "wrong";
    },
    giveAway() {
      triesLeft = 0;
    },
  };
}

/** Takes as long for a text that is wrong at its start as for one that is wrong at its end. */
export function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hashOf(one), hashOf(other));
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function normal(text: string): string {
  return text.toUpperCase().replaceAll(/[\s-]/gu, "");
}
