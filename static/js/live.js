// Keeps open pages true. The server says which kind of thing changed; every region that declares the word
// (data-live="orders runs") asks for itself again. Without a stream, visible tabs ask every 15 seconds.

const POLL_MS = 15000;
const REST_MS = 2000; // between two refreshes of one region, however fast words arrive
const mark = document.getElementById("live-state");
const rested = new WeakMap();
const owed = new Set();
let stream = null;
let isLive = false;

const regions = () => [...document.querySelectorAll("[data-live]")];

function mustWait(region) {
  const active = document.activeElement;
  const isTyping = region.contains(active) && active.matches("input, select, textarea");
  return isTyping || region.matches("[data-editing]") || region.querySelector("details[open], dialog[open], :popover-open, [data-editing]");
}

function refresh(region) {
  const now = Date.now();
  if (document.hidden || mustWait(region) || now - (rested.get(region) ?? 0) < REST_MS) {
    owed.add(region.id);
    return;
  }
  rested.set(region, now);
  owed.delete(region.id);
  region.dispatchEvent(new CustomEvent("live"));
}

function hear(word) {
  regions()
    .filter((region) => region.dataset.live.split(" ").includes(word))
    .forEach(refresh);
}

function show(live) {
  isLive = live;
  if (!mark) return;
  mark.dataset.state = live ? "live" : "polling";
  mark.firstElementChild.textContent = live ? mark.dataset.wordsLive : mark.dataset.wordsPolling;
}

function listen() {
  stream = new EventSource("/live");
  stream.onopen = () => show(true);
  stream.onmessage = (event) => hear(event.data);
  stream.onerror = () => {
    show(false);
    // The browser tries again by itself, except after an answer that is no stream.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 60000);
  };
}

setInterval(() => {
  if (!isLive && !document.hidden) regions().forEach(refresh);
}, POLL_MS);

setInterval(() => {
  regions()
    .filter((region) => owed.has(region.id))
    .forEach(refresh);
}, REST_MS);

// A refreshed region is a new element: it rests as its predecessor did, and the focus stays on the link that had it, in
// the region or in what came along with it, or else on the part it was in.
let focused = null;
let around = [];

function focusAgain() {
  const link = focused?.isConnected ? null : focused?.getAttribute("href");
  const part = around.map((id) => document.getElementById(id)).find(Boolean);
  if (link && part) (part.querySelector(`[href="${CSS.escape(link)}"]`) ?? part).focus({ preventScroll: true });
}

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.triggeringEvent?.type === "live") event.detail.headers["Painel-Live"] = "1";
});

document.addEventListener("htmx:beforeSwap", () => {
  focused = document.activeElement;
  around = [];
  for (let part = focused?.parentElement; part; part = part.parentElement) if (part.id) around.push(part.id);
});

document.addEventListener("htmx:afterSwap", (event) => {
  const region = document.getElementById(event.detail.target?.id); // a restored page has no target
  if (!region) return;
  rested.set(region, Date.now());
  focusAgain();
});

if (regions().length || mark) {
  show(false);
  listen();
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && listen());
}
