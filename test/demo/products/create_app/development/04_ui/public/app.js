// SCR-001 and SCR-002. The list of own links is kept here and nowhere else (REQ-005, DEC-006).

const LIST_KEY = "linklet.codes";
const LIST_LENGTH_MAX = 20;

const element = (id) => document.getElementById(id);
const formatTime = (iso) => (iso === null ? "never" : new Date(iso).toLocaleString());

/** Calls the API and turns every failure into one sentence for people. */
async function callApi(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The server could not be reached. Check your connection and try again.");
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  throw Object.assign(new Error(body?.error?.message ?? `The server answered ${response.status}.`), {
    status: response.status,
  });
}

/** The codes made in this browser, newest first. A private window may refuse storage; then there is just no list. */
function readCodes() {
  try {
    const codes = JSON.parse(localStorage.getItem(LIST_KEY) ?? "[]");
    return Array.isArray(codes) ? codes.filter((code) => typeof code === "string").slice(0, LIST_LENGTH_MAX) : [];
  } catch {
    return [];
  }
}

function writeCodes(codes) {
  try {
    localStorage.setItem(LIST_KEY, JSON.stringify(codes.slice(0, LIST_LENGTH_MAX)));
  } catch {
    // Without storage the page still shortens; only the list is missing.
  }
}

function anchor(href, text) {
  const link = document.createElement("a");
  link.href = href;
  link.textContent = text;
  return link;
}

function row(...cells) {
  const line = document.createElement("tr");
  for (const content of cells) {
    const cell = line.insertCell();
    cell.append(content);
    if (typeof content === "number") cell.className = "number";
  }
  return line;
}

async function showList() {
  const answers = await Promise.allSettled(readCodes().map((code) => callApi(`/api/links/${code}`)));
  const links = answers.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
  element("mine-rows").replaceChildren(
    ...links.map((link) => row(anchor(`/stats/${link.code}`, `/${link.code}`), link.url, link.openCount)),
  );
  element("mine").hidden = links.length === 0;
}

function showResult(link) {
  element("result-link").href = link.shortUrl;
  element("result-link").textContent = link.shortUrl;
  element("result-stats").href = `/stats/${link.code}`;
  element("copy").textContent = "Copy";
  element("result").hidden = false;
}

function showError(message) {
  element("shorten-error").textContent = message;
  for (const id of ["url", "alias"]) element(id).removeAttribute("aria-invalid");
  if (message === "") return;
  const field = element(/alias/i.test(message) ? "alias" : "url");
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

async function shorten(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector("button");
  const { url, alias } = Object.fromEntries(new FormData(form));
  button.disabled = true;
  showError("");
  try {
    const link = await callApi("/api/links", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url, alias }),
    });
    writeCodes([link.code, ...readCodes()]);
    form.reset();
    showResult(link);
    await showList();
  } catch (error) {
    showError(error.message);
  } finally {
    button.disabled = false;
  }
}

async function copyResult() {
  try {
    await navigator.clipboard.writeText(element("result-link").href);
    element("copy").textContent = "Copied";
  } catch {
    // Clipboards need https or localhost; selecting the text is the next best thing.
    getSelection().selectAllChildren(element("result-link"));
    element("copy").textContent = "Press Ctrl+C";
  }
}

async function showStats(code) {
  element("shorten").hidden = true;
  element("stats").hidden = false;
  try {
    const link = await callApi(`/api/links/${code}`);
    element("stats-count").textContent = String(link.openCount);
    element("stats-unit").textContent = link.openCount === 1 ? "open" : "opens";
    element("stats-short").replaceChildren(anchor(link.shortUrl, link.shortUrl));
    element("stats-target").textContent = link.url;
    element("stats-created").textContent = formatTime(link.createdAt);
    element("stats-last").textContent = formatTime(link.lastOpenedAt);
    const days = Object.entries(link.opensByDay).sort().reverse();
    element("stats-days").hidden = days.length === 0;
    element("stats-days").tBodies[0].replaceChildren(...days.map(([day, opens]) => row(day, opens)));
    document.title = `${link.openCount} opens of /${link.code} · Linklet`;
  } catch (error) {
    element("stats-target").textContent = error.message;
  }
}

const statsOf = /^\/stats\/([^/]+)$/.exec(location.pathname);
if (statsOf === null) {
  element("shorten-form").addEventListener("submit", shorten);
  element("copy").addEventListener("click", copyResult);
  element("forget").addEventListener("click", () => {
    writeCodes([]);
    element("mine").hidden = true;
  });
  // Coming back from another tab is the moment when a count may have changed.
  addEventListener("focus", showList);
  await showList();
} else {
  addEventListener("focus", () => showStats(statsOf[1]));
  await showStats(statsOf[1]);
}
