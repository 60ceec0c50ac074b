/** Settings come from the environment once, at start; nothing else reads it (REQ-008). */

const DEFAULTS = {
  HOST: "127.0.0.1",
  PORT: "8080",
  PUBLIC_URL: "",
  DATA_FILE: "var/links.json",
  CREATE_LIMIT_PER_MINUTE: "20",
  MAX_LINKS: "50000",
  TRUST_PROXY: "0",
};

/** Reads all settings and reports every fault at once, so that nobody has to fix them one start at a time. */
export function parseConfig(env) {
  const faults = [];
  const value = (name) => (env[name] === undefined || env[name] === "" ? DEFAULTS[name] : env[name]);
  const integer = (name, min, max) => {
    const text = value(name);
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    faults.push(`${name}: expected a whole number from ${min} to ${max}, got "${text}"`);
    return min;
  };

  const config = {
    host: value("HOST"),
    port: integer("PORT", 0, 65535),
    publicUrl: parsePublicUrl(value("PUBLIC_URL"), faults),
    dataFile: value("DATA_FILE"),
    createLimitPerMinute: integer("CREATE_LIMIT_PER_MINUTE", 1, 100_000),
    maxLinks: integer("MAX_LINKS", 1, 1_000_000),
    trustProxy: integer("TRUST_PROXY", 0, 1) === 1,
  };
  if (faults.length > 0) throw new Error(`reading settings:\n- ${faults.join("\n- ")}`);
  return config;
}

/** Returns the origin that short links begin with, or "" when it follows from the port. */
function parsePublicUrl(text, faults) {
  if (text === "") return "";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && url.search === "") {
    return url.origin;
  }
  faults.push(`PUBLIC_URL: expected an address such as https://go.example.org without a path, got "${text}"`);
  return "";
}
