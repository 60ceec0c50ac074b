/** Takes secrets out of JSON so that it stays JSON: the CLI can't go on from a transcript that it can't read. */

export function redactJsonLines(text: string, redact: (text: string) => string): string {
  if (redact(text) === text) return text;
  return text
    .split("\n")
    .map((line) => (redact(line) === line ? line : redactLine(line, redact)))
    .join("\n");
}

function redactLine(line: string, redact: (text: string) => string): string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    // The last line may have been cut.
    return redact(line);
  }
  return JSON.stringify(redactValue(json, redact));
}

/** Of the same shape, with every text in it redacted. */
export function redactValue(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value === "number") return redact(String(value)) === String(value) ? value : 0;
  if (Array.isArray(value)) return value.map((each) => redactValue(each, redact));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [redact(key), redactValue(each, redact)] as const);
  const redacted = Object.fromEntries(entries);
  // The provider signed what the model thought, and refuses it changed; as plain words it is taken.
  if (redacted["type"] === "thinking" && JSON.stringify(redacted) !== JSON.stringify(value)) {
    return { type: "text", text: redacted["thinking"] };
  }
  return redacted;
}
