// Walks through the questions: j and k (or the arrows on the list) open the next and the previous one, r begins to
// answer, Escape comes back to the list, and a sent answer moves on to the next one that waits.

const wide = matchMedia("(min-width: 56.01rem)");
const pane = document.getElementById("question-pane");
let wantsField = false; // whoever opens a question by Enter, by mouse or by answering wants to type
let coming = null; // the question we move on to, until it is here: a list drawn anew meanwhile loses the request
let after = []; // what stood behind the question that is being answered, the next one first

const rows = () => [...document.querySelectorAll("#question-list a.ask")];
const idIn = (address) => new URL(address, location.href).searchParams.get("question");
const chosen = () => pane?.querySelector("article.question")?.id.replace("question-", "");
const rowOf = (id) => rows().find((row) => idIn(row.href) === id);

function mark() {
  const id = chosen();
  for (const row of rows()) {
    if (idIn(row.href) === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function walk(step) {
  const all = rows();
  const here = document.activeElement?.closest?.("a.ask") ?? rowOf(chosen());
  const at = all.indexOf(here);
  const next = at < 0 ? all[0] : all[at + step];
  if (!next) return;
  next.focus();
  open(next, false);
}

function open(row, toType) {
  wantsField = toType;
  window.htmx.process(row); // a list that was drawn this instant would follow its link as browsers do
  row.click();
}

function toField() {
  const field = pane?.querySelector("form[data-answer] textarea");
  (field ?? pane?.querySelector(".question-text"))?.focus();
}

const isTyping = (target) => target.isContentEditable || target.matches("input, select, textarea");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && event.target.closest("form[data-answer]")) {
    (rowOf(chosen()) ?? pane.querySelector(".question-text")).focus();
  } else if (event.altKey || isTyping(event.target)) {
    return;
  } else if (event.key === "j" || event.key === "k") {
    walk(event.key === "j" ? 1 : -1);
  } else if (event.target.closest("a.ask") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    walk(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "r" && pane?.querySelector("form[data-answer]")) {
    event.preventDefault();
    toField();
  }
});

document.addEventListener("click", (event) => {
  // `open` said already who wants to type.
  if (event.isTrusted && event.target.closest("a.ask")) wantsField = wide.matches;
});

// The list may be drawn anew before the answer to the form is here, so what comes next is remembered first.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.matches("form[data-answer]")) return;
  const all = rows();
  const at = all.findIndex((row) => idIn(row.href) === chosen());
  after = [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0))]
    .filter((row) => row.querySelector("[data-tone]"))
    .map((row) => idIn(row.href));
});

document.addEventListener("painel:answered", (event) => {
  rowOf(event.detail.id)?.setAttribute("data-done", "");
  const next = after.map(rowOf).find((row) => row && !row.hasAttribute("data-done"));
  coming = next ? idIn(next.href) : null;
  if (next) open(next, true);
  else pane?.querySelector(".question-text")?.focus();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target === pane) {
    coming = null;
    if (wantsField) toField();
    wantsField = false;
    pane.scrollTop = 0;
    if (!wide.matches) scrollTo(0, 0);
  }
  const lost = event.detail.target?.id === "question-list" && coming && rowOf(coming);
  if (lost) open(lost, true);
  mark();
});
