// Lets <time datetime data-tone> tick. The server says the instants and, once a list, what its clock shows;
// the words are the same as painelml/web/show.py `clock`, so nothing moves when the first second passes.

const two = (number) => String(number).padStart(2, "0");
let ahead = 0; // how much the server's clock is ahead of ours
let atRisk = 900;

function clock(left) {
  const sign = left < 0 ? "−" : "";
  const seconds = Math.abs(left);
  if (seconds >= 48 * 3600) return `${sign}${Math.floor(seconds / 86400)} d`;
  if (seconds >= 3600) return `${sign}${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)}`;
  return `${sign}${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

function tone(left) {
  if (left < 0) return "breached";
  return left < atRisk ? "at_risk" : "ok";
}

function tick() {
  if (document.hidden) return;
  const now = Date.now() + ahead;
  for (const time of document.querySelectorAll("time[data-tone]")) {
    const left = Math.trunc((Date.parse(time.dateTime) - now) / 1000);
    const words = clock(left);
    if (time.textContent !== words) time.textContent = words;
    if (time.dataset.tone !== tone(left)) time.dataset.tone = tone(left);
  }
}

function readClock() {
  const list = document.querySelector("[data-now]");
  if (!list) return;
  ahead = Date.parse(list.dataset.now) - Date.now();
  atRisk = Number(list.dataset.atRisk);
}

readClock();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "question-list" || event.detail.target?.id === "question-list") readClock();
});
