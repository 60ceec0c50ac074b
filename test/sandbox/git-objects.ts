import { createHash } from "node:crypto";

export type TreeEntry = {
  readonly path: string;
  /** Six digits, as GitHub writes them: "040000" for a folder. */
  readonly mode: string;
  readonly type: "blob" | "tree" | "commit";
  readonly sha: string;
};
/** `date` is ISO with seconds. */
export type Signature = { readonly name: string; readonly email: string; readonly date: string };
export type CommitToWrite = {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
  /** Signed by GitHub itself: only then is it "verified". */
  readonly signed: boolean;
};
export type Commit = Omit<CommitToWrite, "signed"> & {
  readonly sha: string;
  readonly verified: boolean;
  readonly signature: string | null;
};

/** Stands for GitHub's own signature. It can't be checked: no rule of ours rests on its bytes. */
const SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\nc2lnbmVkIGJ5IHRoZSBzYW5kYm94\n-----END PGP SIGNATURE-----\n";

export function objectId(type: string, content: Buffer): string {
  return createHash("sha1").update(`${type} ${content.length}\0`).update(content).digest("hex");
}

export function parseTree(content: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(32, at);
    const zero = content.indexOf(0, space);
    const mode = content.subarray(at, space).toString("latin1").padStart(6, "0");
    const path = content.subarray(space + 1, zero).toString("utf8");
    const sha = content.subarray(zero + 1, zero + 21).toString("hex");
    entries.push({ path, mode, type: typeOfMode(mode), sha });
    at = zero + 21;
  }
  return entries;
}

export function formatTree(entries: readonly TreeEntry[]): Buffer {
  // git sorts folders as if their names ended in a slash.
  const keyed = entries.map((entry) => ({ entry, key: Buffer.from(entry.path + (entry.type === "tree" ? "/" : "")) }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(
    keyed.flatMap(({ entry }) => [
      Buffer.from(`${entry.mode.replace(/^0/, "")} ${entry.path}\0`),
      Buffer.from(entry.sha, "hex"),
    ]),
  );
}

export function typeOfMode(mode: string): TreeEntry["type"] {
  if (mode === "040000") return "tree";
  return mode === "160000" ? "commit" : "blob";
}

export function formatCommit(commit: CommitToWrite): Buffer {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatSignature(commit.author)}`,
    `committer ${formatSignature(commit.committer)}`,
  ];
  if (commit.signed) lines.push(`gpgsig ${SIGNATURE.trimEnd().replaceAll("\n", "\n ")}`);
  return Buffer.from(`${lines.join("\n")}\n\n${commit.message}`);
}

export function parseCommit(sha: string, content: Buffer): Commit {
  const text = content.toString("utf8");
  const end = text.indexOf("\n\n");
  const head = end < 0 ? text : text.slice(0, end);
  const headers = head.replaceAll("\n ", "\0").split("\n");
  const all = (name: string) =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const signature = all("gpgsig")[0]?.replaceAll("\0", "\n") ?? null;
  return {
    sha,
    tree: all("tree")[0] ?? "",
    parents: all("parent"),
    author: parseSignature(all("author")[0] ?? ""),
    committer: parseSignature(all("committer")[0] ?? ""),
    message: end < 0 ? "" : text.slice(end + 2),
    // Only what the sandbox signed: a pushed commit may carry any signature.
    verified: signature !== null && `${signature}\n` === SIGNATURE,
    signature,
  };
}

function formatSignature(signature: Signature): string {
  const seconds = Math.floor(new Date(signature.date).getTime() / 1000);
  // These characters would end the field early.
  const clean = (text: string) => text.replace(/[<>\n\0]/g, "").trim();
  return `${clean(signature.name)} <${clean(signature.email)}> ${seconds} +0000`;
}

function parseSignature(line: string): Signature {
  const match = /^(.*?) ?<(.*)> (\d+) [+-]\d{4}$/.exec(line);
  const date = new Date(Number(match?.[3] ?? 0) * 1000).toISOString().replace(".000Z", "Z");
  return { name: match?.[1] ?? "", email: match?.[2] ?? "", date };
}
