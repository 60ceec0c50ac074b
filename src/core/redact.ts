/**
 * Hides what nobody may read in logs, comments and error texts.
 * A net for accidents, not a wall: who wants to smuggle a secret out can encode it in ways that no list holds.
 * Redact whole messages or whole lines. A secret that is cut in two by chunking is not seen.
 */

const mask = "***";
/** What is shorter can't be told from other words. */
export const secretLengthMin = 6;
/** Pieces of a random-looking secret are hidden from this length on: a key cut by a few characters is still a key. */
const fragmentLength = 16;
const fragmentedSecretLengthMin = 24;
/** The same for shorter ones, where they are no words. */
const shortFragmentLength = 12;
const shortKeyLengthMin = 16;
/** Lines of a secret of several lines are hidden singly too, unless they are as common as a brace. */
const secretLineLengthMin = 16;

/** From `start` up to `end`, without it. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Hides the secrets, in pieces and encodings too, and whatever has the form of somebody's token.
 * The one redactor of app and runner: for logs, errors, and what agents say to people.
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const find = createFinder(secrets);
  return (text) => maskRanges(text, [...find(text), ...tokenRanges(text), ...privateKeyRanges(text)]);
}

/** Whatever has the form of a token, where no secret is known. */
export const redactTokens = createRedactor([]);

/** Whether a text holds the secret, also in pieces, backwards or encoded. False for ever where it is too short to be told from other words. */
export function createDetector(secret: string): (text: string) => boolean {
  const find = createFinder([secret]);
  return (text) => find(text).length > 0;
}

function createFinder(secrets: readonly string[]): (text: string) => readonly Range[] {
  const known = secrets
    .flatMap((secret) => [secret, secret.trim()])
    .filter((secret) => secret.trim().length >= secretLengthMin);
  const flatNeedles = known
    .flatMap(partsOf)
    .flatMap((part) => [part, backwards(part)])
    .flatMap(encodingsOf)
    .map((needle) => flatten(needle).text)
    .filter((needle) => needle.length >= secretLengthMin);
  const needles = [...new Set(flatNeedles)];
  if (known.length === 0) return () => [];
  const directed = known.flatMap((secret) => [secret, backwards(secret)]);
  const long = new Set(directed.filter(looksRandom).flatMap((secret) => fragmentsOf(secret, fragmentLength)));
  const short = new Set(directed.filter(isShortKey).flatMap((secret) => fragmentsOf(secret, shortFragmentLength)));

  return function find(text) {
    const flat = flatten(text);
    const found = [
      ...needles.flatMap((needle) => occurrences(flat.text, needle)),
      ...runsOf(flat.text, long, fragmentLength),
      ...runsOf(flat.text, short, shortFragmentLength),
    ];
    return [
      ...found.map(({ start, end }) => ({ start: flat.indexOf(start), end: flat.indexOf(end - 1) + 1 })),
      ...known.flatMap((secret) => occurrences(text, secret)),
    ];
  };
}

function backwards(secret: string): string {
  return Array.from(secret).reverse().join("");
}

function partsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return lines.length === 1 ? [secret] : [secret, ...lines.filter((line) => line.length >= secretLineLengthMin)];
}

function encodingsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const uri = encodeURIComponent(secret.toWellFormed());
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((before) => base64Inside(bytes, before));
  return [
    secret,
    json,
    json.replaceAll("/", "\\/"),
    JSON.stringify(json).slice(1, -1),
    escapeNonAscii(json),
    uri,
    uri.replaceAll(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase()),
    uri.replaceAll("%20", "+"),
    secret.replaceAll("'", `'\\''`),
    secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
    ...base64,
    ...base64.map((encoded) => encoded.replaceAll("+", "-").replaceAll("/", "_")),
    ...base64.map(encodeURIComponent),
    bytes.toString("base64"),
    bytes.toString("base64url"),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
  ];
}

/**
 * The characters of a base64 text that depend on these bytes alone, where `before` bytes (0 to 2) stand in front of them in the same group of three.
 * A secret inside a larger text, such as `user:secret`, shows in one of three shapes.
 */
function base64Inside(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}

function escapeNonAscii(json: string): string {
  return json.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function looksRandom(secret: string): boolean {
  return secret.length >= fragmentedSecretLengthMin && /^[\w.+/=-]+$/.test(secret);
}

/** Letters and digits in no order that a name would have. */
function isShortKey(secret: string): boolean {
  return (
    secret.length >= shortKeyLengthMin &&
    secret.length < fragmentedSecretLengthMin &&
    /^[\w+/=-]+$/.test(secret) &&
    (secret.match(/\d/g)?.length ?? 0) >= 3 &&
    (secret.match(/[a-z]/gi)?.length ?? 0) >= 3
  );
}

function fragmentsOf(secret: string, length: number): readonly string[] {
  return Array.from({ length: secret.length - length + 1 }, (_, at) => secret.slice(at, at + length));
}

/**
 * The text without line breaks, the indentation after them, colour codes and invisible characters, since a terminal or an encoder may have put them inside a secret.
 * `indexOf` leads from a character of the flat text back to where it stood.
 */
function flatten(text: string): { readonly text: string; readonly indexOf: (at: number) => number } {
  const pieces: string[] = [];
  // Where each piece starts, in the flat text and in the original.
  const flatStarts: number[] = [];
  const starts: number[] = [];
  let length = 0;
  let next = 0;
  for (const gap of text.matchAll(/(?:\\?[\r\n]+[ \t]*|(?:\\[rn])+|\p{Cc}\[[\d;]*m|[\u200b-\u200d\u2060\ufeff])+/gu)) {
    keep(text.slice(next, gap.index));
    next = gap.index + gap[0].length;
  }
  keep(text.slice(next));
  return { text: pieces.join(""), indexOf };

  function keep(piece: string): void {
    if (piece === "") return;
    pieces.push(piece);
    flatStarts.push(length);
    starts.push(next);
    length += piece.length;
  }

  function indexOf(at: number): number {
    let low = 0;
    let high = flatStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((flatStarts[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return (starts[low] ?? 0) + at - (flatStarts[low] ?? 0);
  }
}

function occurrences(text: string, needle: string): readonly Range[] {
  const ranges: Range[] = [];
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) {
    ranges.push({ start: at, end: at + needle.length });
  }
  return ranges;
}

function runsOf(text: string, fragments: ReadonlySet<string>, length: number): readonly Range[] {
  if (fragments.size === 0) return [];
  const ranges: Range[] = [];
  for (let at = 0; at + length <= text.length; at += 1) {
    if (fragments.has(text.slice(at, at + length))) ranges.push({ start: at, end: at + length });
  }
  return ranges;
}

/**
 * Tokens that say by their form what they are, whoever they belong to. Where a group is named, it alone is hidden.
 * None ends after a number of characters: GitHub's `ghs_` tokens hold a JWT since 2026, with dots, of some 520 characters.
 */
const tokenShapes: readonly RegExp[] = [
  /(?<![A-Za-z0-9])(?:gh[a-z]_|github_pat_)[\w.-]{15,}\w/g,
  /(?<![A-Za-z0-9])sk-ant-[\w-]{10,}/g,
  /(?<![A-Za-z0-9])sk-(?:(?:proj|svcacct|admin)-[\w-]{20,}|[A-Za-z0-9]{32,})/g,
  /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  /(?<![A-Za-z0-9])xox[a-z](?:\.xox[a-z])?-[\w-]{10,}/g,
  /(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)|whsec|npm|hf|dop_v1|shpat)_[A-Za-z0-9]{16,}/g,
  /(?<![A-Za-z0-9])(?:glpat-|pypi-AgE)[\w-]{16,}/g,
  /(?<![A-Za-z0-9])AIza[\w-]{30,}/g,
];
const groupedShapes: readonly RegExp[] = [
  /secret_?access_?key\W{1,8}(?<token>[\w/+=]{30,})/dgi,
  /:\/\/[^\s/:@"\\]{0,200}:(?<token>[^\s/@"\\]{1,500})@/dg,
  /[?&](?:access_token|auth_token|token|api_?key|client_secret|secret|password|sig|signature|x-amz-(?:signature|security-token))=(?<token>[^\s&#"'\\]{6,})/dgi,
  // A digit tells a token from a word such as "basic responsibilities".
  /\b(?:bearer|basic)\s+(?=\S*\d)(?<token>[\w.~+/-]{16,}={0,2})/dgi,
];

/** The first part of a signed token, with whatever stands before it, and the other two: it is read once, however many begin in it. */
const signedToken = /(?<![\w-])[\w-]+(?=(?<rest>\.[\w-]{8,}\.[\w-]{8,}))/g;
const signedBeginning = /(?<![A-Za-z0-9])eyJ(?=[\w-]{8})/;

function signedTokenRanges(text: string): readonly Range[] {
  return Array.from(text.matchAll(signedToken)).flatMap(({ index, 0: first, groups }) => {
    const begins = first.search(signedBeginning);
    const end = index + first.length + (groups?.["rest"]?.length ?? 0);
    return begins === -1 ? [] : [{ start: index + begins, end }];
  });
}

/** Stands in every text in which one of them can be found: most texts have none, and are read once. */
const sign =
  /gh[a-z]_|github_pat_|sk-|eyJ|A[KS]IA|xox|[sr]k_|whsec_|npm_|hf_|dop_v1_|shpat_|glpat-|pypi-|AIza|access_?key|:\/\/|[?&]\w|bearer|basic/i;

function tokenRanges(text: string): readonly Range[] {
  if (!sign.test(text)) return encodedTokenRanges(text);
  const whole = tokenShapes.flatMap((shape) =>
    Array.from(text.matchAll(shape), ({ index, 0: match }) => ({ start: index, end: index + match.length })),
  );
  const grouped = groupedShapes.flatMap((shape) =>
    Array.from(text.matchAll(shape), ({ indices }) => {
      const [start, end] = indices?.groups?.["token"] ?? [0, 0];
      return { start, end };
    }),
  );
  return [...whole, ...signedTokenRanges(text), ...grouped, ...encodedTokenRanges(text)];
}

/** Beginnings of tokens in base64, with the bytes that stand before them in their group of three. */
const encodedBeginnings = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "sk-ant-"].flatMap((beginning) =>
  [0, 1, 2].map((before) => ({ before, needle: base64Inside(Buffer.from(beginning), before) })),
);
/** Of the shortest token that is looked for. */
const encodedLengthMin = 20;
const encodedTokenBeginning = /^(?:gh[a-z]_|github_pat_|sk-ant-)[\w.-]{12,}/;
/** Read at once, a multiple of four: the shortest token with the longest beginning is in the first of them. */
const encodedPieceLength = 40;

/** Tokens that were put into base64, alone or behind something else, e.g. `x-access-token:ghs_…`, and perhaps broken into lines. */
function encodedTokenRanges(text: string): readonly Range[] {
  if (text.length < encodedLengthMin) return [];
  const flat = flatten(text);
  return encodedBeginnings.flatMap(({ before, needle }) => {
    let hidden = 0;
    return occurrences(flat.text, needle).flatMap(({ start: at }) => {
      const start = flat.indexOf(at);
      // Without this, a text of nothing but beginnings would be read once for each of them.
      if (start < hidden) return [];
      const end = endOfEncodedToken(flat.text, at - Math.ceil((before * 8) / 6), before);
      if (end === null) return [];
      encodedRest.lastIndex = flat.indexOf(end - 1) + 1;
      encodedRest.test(text);
      hidden = encodedRest.lastIndex;
      return [{ start, end: hidden }];
    });
  });
}

/** Null where it is none: four letters stand somewhere in every picture. What is in base64 there is decoded as far as the token goes. */
function endOfEncodedToken(text: string, group: number, before: number): number | null {
  if (group < 0 || !encodedTokenBeginning.test(decodedAt(text, group).slice(before))) return null;
  for (let at = group, skipped = before; ; at += encodedPieceLength, skipped = 0) {
    const bytes =
      skipped +
      decodedAt(text, at)
        .slice(skipped)
        .search(/[^\w.-]|$/);
    if (bytes * 8 < encodedPieceLength * 6) return at + Math.ceil((bytes * 8) / 6);
  }
}

/** In Latin-1, so that a character is a byte. */
function decodedAt(text: string, at: number): string {
  const [encoded = ""] = /^[\w+/-]*/.exec(text.slice(Math.max(0, at), at + encodedPieceLength)) ?? [];
  return Buffer.from(encoded, "base64").toString("latin1");
}

/** Of the same line. */
const encodedRest = /[\w+/-]*={0,2}/y;

/** Whole blocks; of one that lost its end, whatever still looks like key material. */
function privateKeyRanges(text: string): readonly Range[] {
  const ends = Array.from(text.matchAll(/-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/g), (match) => match);
  const ranges: Range[] = [];
  let hidden = 0;
  let next = 0;
  for (const { index: start, 0: header } of text.matchAll(/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/g)) {
    // Without this, a text of nothing but headers would be read once for each of them.
    if (start < hidden) continue;
    while ((ends[next]?.index ?? Infinity) < start) next += 1;
    const end = ends[next];
    hidden = end === undefined ? endOfKeyMaterial(text, start + header.length) : end.index + end[0].length;
    ranges.push({ start, end: hidden });
  }
  return ranges;
}

function endOfKeyMaterial(text: string, from: number): number {
  const material = /[\w\s+/=\\:,-]*/y;
  material.lastIndex = from;
  material.test(text);
  return material.lastIndex;
}

/** Ranges that overlap or touch share one mask. */
function maskRanges(text: string, ranges: readonly Range[]): string {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  let next = 0;
  const pieces: string[] = [];
  for (const { start, end } of merged) {
    pieces.push(text.slice(next, start), mask);
    next = end;
  }
  return [...pieces, text.slice(next)].join("");
}
