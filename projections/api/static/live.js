// Keeps the page's `[data-live]` parts as new as the server's: at most one fetch a second, only when something
// moved, and only while the page is seen. Without this script the page is complete, and as old as its loading.

const EVERY_MS = 1000;
const status = document.getElementById("live-status");
let last = 0;
let timer = null;
let fetching = false;
let text = "";
const shown = new Map(); // as the server sent them: in the page, people open and scripts mark things

function say(state, words) {
  // A live region speaks when its words change: so only on connecting and losing, never on a number.
  status.dataset.state = state;
  if (status.textContent !== words) status.textContent = words;
}

function soon() {
  if (timer !== null || document.hidden) return;
  timer = setTimeout(refresh, Math.max(0, last + EVERY_MS - Date.now()));
}

async function refresh() {
  timer = null;
  if (fetching) return soon();
  fetching = true;
  last = Date.now();
  try {
    const answer = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = await answer.text();
    if (fresh !== text) swap(new DOMParser().parseFromString((text = fresh), "text/html"));
  } catch {
    // Offline, or the server restarts: the stream reconnects by itself, and then this runs again.
  } finally {
    fetching = false;
  }
}

function swap(page) {
  for (const part of page.querySelectorAll("[data-live][id]")) {
    const old = document.getElementById(part.id);
    if (!old || (shown.get(part.id) ?? old.outerHTML) === part.outerHTML) continue;
    shown.set(part.id, part.outerHTML);
    replace(old, document.importNode(part, true));
  }
  document.dispatchEvent(new CustomEvent("townhall:refreshed"));
}

function replace(old, part) {
  for (const open of old.querySelectorAll("details[open][id]")) {
    const same = part.querySelector(`#${CSS.escape(open.id)}`);
    if (same) same.open = true;
  }
  for (const count of part.querySelectorAll("[data-count][data-value]")) {
    const before = old.querySelector(`[data-count="${CSS.escape(count.dataset.count)}"]`);
    if (before && before.dataset.value !== count.dataset.value) count.classList.add("changed");
  }
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(part);
  if (focused) twin(part, focused)?.focus({ preventScroll: true });
}

function twin(part, focused) {
  const href = focused.getAttribute("href");
  const same = [...part.querySelectorAll(focused.localName)].filter((one) => one.getAttribute("href") === href);
  return same.find((one) => one.textContent === focused.textContent) ?? same[0];
}

function listen(url) {
  const source = new EventSource(url);
  // What changed between the rendering of the page and the opening of the stream comes now.
  source.addEventListener("open", () => { say("on", "Live"); soon(); });
  source.addEventListener("changed", soon);
  source.addEventListener("error", () => {
    const gone = source.readyState === EventSource.CLOSED;
    say("off", gone ? "Not live: reload for new numbers" : "Connection lost, trying again");
  });
  addEventListener("pagehide", () => source.close());
}

document.addEventListener("visibilitychange", soon);
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
if (document.body.dataset.stream) listen(document.body.dataset.stream);
