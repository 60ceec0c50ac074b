/** What the newest commit of a task's record says of itself. Whoever may write to the repository can write another one. */
export interface RecordMark {
  readonly taskId: string;
  /** Number of events that the record has. */
  readonly version: number;
  /** SHA-256 of these events, in hex. */
  readonly digest: string;
  /** Of the key that sealed them. */
  readonly keyId: string;
}

export interface RecordHead {
  readonly commitSha: string;
  readonly treeSha: string;
  /** Null where the app did not write it. */
  readonly mark: RecordMark | null;
}

export interface RecordFile {
  readonly path: string;
  readonly text: string;
}
