/** A whole line without its line feed, or the size of one that was too large to keep. */
export type Line =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "oversized"; readonly bytes: number };

export interface LineSplitter {
  push(chunk: Uint8Array | string): readonly Line[];
  /** Hands out what stands after the last line feed. The splitter is empty afterwards. */
  end(): readonly Line[];
}

const lineFeed = 0x0a;
const bytesAtFirst = 4096;
/** Room that one long line needed is given back before the next. */
const bytesKept = 1 << 20;

/**
 * Cuts a byte stream into lines of UTF-8, however it was chunked.
 * Holds at most twice `lineBytesMax`: of a longer line only the size is kept.
 */
export function createLineSplitter(lineBytesMax: number): LineSplitter {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let buffer = new Uint8Array(bytesAtFirst);
  let used = 0;
  let dropped = 0;
  let halfPair = "";

  return { push, end };

  function push(chunk: Uint8Array | string): readonly Line[] {
    const bytes = typeof chunk === "string" ? encode(chunk) : chunk;
    const lines: Line[] = [];
    let start = 0;
    for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, start)) {
      hold(bytes.subarray(start, at));
      lines.push(take());
      start = at + 1;
    }
    hold(bytes.subarray(start));
    return lines;
  }

  function end(): readonly Line[] {
    const rest = encoder.encode(halfPair);
    halfPair = "";
    hold(rest);
    return used === 0 && dropped === 0 ? [] : [take()];
  }

  function hold(bytes: Uint8Array): void {
    if (dropped > 0 || used + bytes.length > lineBytesMax) {
      dropped += used + bytes.length;
      used = 0;
      return;
    }
    if (used + bytes.length > buffer.length) {
      const larger = new Uint8Array(Math.max(buffer.length * 2, used + bytes.length));
      larger.set(buffer.subarray(0, used));
      buffer = larger;
    }
    buffer.set(bytes, used);
    used += bytes.length;
  }

  function take(): Line {
    const line: Line =
      dropped > 0
        ? { kind: "oversized", bytes: dropped }
        : { kind: "line", text: decoder.decode(buffer.subarray(0, used)) };
    used = 0;
    dropped = 0;
    if (buffer.length > bytesKept) buffer = new Uint8Array(bytesAtFirst);
    return line;
  }

  // A chunk of text may end between the two halves of a character outside the basic plane.
  function encode(text: string): Uint8Array {
    const whole = halfPair + text;
    const endsInHalf = /[\uD800-\uDBFF]$/.test(whole);
    halfPair = endsInHalf ? whole.slice(-1) : "";
    return encoder.encode(endsInHalf ? whole.slice(0, -1) : whole);
  }
}
