import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

const FORMAT_VERSION = 1;
const OPENS_FLUSH_DELAY_MS = 500;
const DAYS_KEPT = 30;

export class CodeTaken extends Error {
  name = "CodeTaken";
}

/**
 * Keeps all links in memory and in one JSON file (DEC-002); new ones are synced, opens are not (DEC-003).
 * A link is { code, url, createdAt, openCount, lastOpenedAt, opensByDay }; times are ISO 8601 in UTC.
 * `insert` resolves when the link is on disk. Opens are counted at once and written within half a second,
 * since losing the last opens in a crash is bearable and a disk write for every redirect is not.
 */
export async function openLinkStore(file, { onError = () => {} } = {}) {
  const links = await readLinks(file);
  await mkdir(dirname(file), { recursive: true });
  let dirty = false;
  let writing = null;
  let timer = null;

  function flush() {
    dirty = true;
    writing ??= writeUntilClean().finally(() => {
      writing = null;
    });
    return writing;
  }

  async function writeUntilClean() {
    while (dirty) {
      dirty = false;
      const text = JSON.stringify({ version: FORMAT_VERSION, links: [...links.values()] });
      await writeAtomically(file, text);
    }
  }

  return {
    get size() {
      return links.size;
    },

    get(code) {
      return links.get(code);
    },

    /** Two inserts of one code can't both succeed: the check and the entry happen without a pause between them. */
    async insert(link) {
      if (links.has(link.code)) throw new CodeTaken(link.code);
      links.set(link.code, link);
      try {
        await flush();
      } catch (cause) {
        links.delete(link.code);
        throw new Error(`writing link "${link.code}"`, { cause });
      }
    },

    recordOpen(code, at) {
      const link = links.get(code);
      if (link === undefined) return undefined;
      const opened = withOpen(link, at);
      links.set(code, opened);
      timer ??= setTimeout(() => {
        timer = null;
        flush().catch(onError);
      }, OPENS_FLUSH_DELAY_MS).unref();
      return opened;
    },

    async close() {
      clearTimeout(timer);
      timer = null;
      await flush();
    },
  };
}

function withOpen(link, at) {
  const day = at.slice(0, 10);
  const opensByDay = { ...link.opensByDay, [day]: (link.opensByDay[day] ?? 0) + 1 };
  const kept = Object.entries(opensByDay).sort().slice(-DAYS_KEPT);
  return { ...link, openCount: link.openCount + 1, lastOpenedAt: at, opensByDay: Object.fromEntries(kept) };
}

/** A missing file is a new installation. A damaged one stops the start: going on would overwrite it. */
async function readLinks(file) {
  let text;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return new Map();
    throw new Error(`reading "${file}"`, { cause: error });
  }
  try {
    const { version, links } = JSON.parse(text);
    if (version !== FORMAT_VERSION) throw new Error(`expected format version ${FORMAT_VERSION}, got ${version}`);
    return new Map(links.map((link) => [link.code, link]));
  } catch (cause) {
    throw new Error(`reading "${file}": it is damaged; restore a copy or move it away`, { cause });
  }
}

/** Readers see the old file or the new one, never half of it, whatever moment the power fails. */
async function writeAtomically(file, text) {
  const draft = `${file}.${process.pid}.draft`;
  try {
    const handle = await open(draft, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
