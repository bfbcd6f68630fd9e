// Short news in the corner. Anyone can say something: document.dispatchEvent(new CustomEvent("painel:say", {detail: {text, kind}})).

const corner = document.getElementById("toasts");
const STAYS_MS = 7000;

function say(text, kind = "info") {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.classList.add(`toast-${kind}`);
  toast.querySelector("p").textContent = text;
  corner.append(toast);
  leaveLater(toast);
}

function leaveLater(toast) {
  if (toast.classList.contains("toast-error")) return;
  let timer = setTimeout(() => toast.remove(), STAYS_MS);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), STAYS_MS)));
}

document.addEventListener("painel:say", (event) => say(event.detail.text, event.detail.kind));

corner.addEventListener("click", (event) => {
  if (event.target.closest(".toast-close")) event.target.closest(".toast").remove();
});

corner.querySelectorAll(".toast").forEach(leaveLater);

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status < 500 && event.detail.shouldSwap) return;
  const silent = event.detail.requestConfig.headers["Painel-Live"];
  if (!silent) say(corner.getAttribute(`data-failed-${event.detail.xhr.status}`) ?? corner.dataset.failed, "error");
});

document.addEventListener("htmx:sendError", (event) => {
  if (navigator.onLine && !event.detail.requestConfig.headers["Painel-Live"]) say(corner.dataset.unreachable, "error");
});

// Somebody who was logged out is answered with the login page; it must not land inside a table.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = event.detail.xhr.responseURL;
  if (!answered || new URL(answered).pathname !== corner.dataset.login) return;
  event.detail.shouldSwap = false;
  const said = document.getElementById("logged-out");
  // The address may have changed since the page was drawn.
  said.querySelector("a").search = new URLSearchParams({ next: location.pathname + location.search });
  said.hidden = false;
});

const offline = document.getElementById("offline");
const showConnection = () => (offline.hidden = navigator.onLine);
addEventListener("online", showConnection);
addEventListener("offline", showConnection);
showConnection();
