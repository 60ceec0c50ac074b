import { CodeTaken } from "../store/link-store.js";
import { checkUrl } from "./check-url.js";
import { checkAlias, newCode } from "./codes.js";
import { Refusal } from "./refusal.js";

const CODE_ATTEMPTS_MAX = 5;

/**
 * The rules of Linklet, without HTTP and without files: REQ-001, REQ-002, and REQ-004.
 * `now` returns a Date; `ownOrigin` returns what short links begin with.
 */
export function createLinkService({ store, maxLinks, ownOrigin, now = () => new Date(), createCode = newCode }) {
  async function shorten({ url, alias }) {
    const target = checkUrl(url, ownOrigin());
    const wanted = alias === undefined || alias === null || alias === "" ? null : checkAlias(alias);
    if (store.size >= maxLinks) {
      throw new Refusal("store-full", "No more links can be kept here. Ask the person who runs this server.");
    }
    return wanted === null ? insertWithNewCode(target) : insertWithAlias(target, wanted);
  }

  async function insertWithAlias(url, alias) {
    try {
      return await insert(alias, url);
    } catch (error) {
      if (error instanceof CodeTaken) throw new Refusal("alias-taken", `"${alias}" is taken. Choose another alias.`);
      throw error;
    }
  }

  async function insertWithNewCode(url) {
    for (let attempt = 1; attempt <= CODE_ATTEMPTS_MAX; attempt += 1) {
      try {
        return await insert(createCode(), url);
      } catch (error) {
        if (!(error instanceof CodeTaken)) throw error;
      }
    }
    throw new Error(`finding a free code: ${CODE_ATTEMPTS_MAX} codes in a row were taken`);
  }

  async function insert(code, url) {
    const link = { code, url, createdAt: now().toISOString(), openCount: 0, lastOpenedAt: null, opensByDay: {} };
    await store.insert(link);
    return withShortUrl(link);
  }

  const withShortUrl = (link) => ({ ...link, shortUrl: `${ownOrigin()}/${link.code}` });

  return {
    shorten,

    /** The link without counting, or null. */
    find(code) {
      const link = store.get(code);
      return link === undefined ? null : withShortUrl(link);
    },

    /** Counts one open and returns the target, or null. */
    open(code) {
      return store.recordOpen(code, now().toISOString())?.url ?? null;
    },
  };
}
