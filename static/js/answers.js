// The form of an answer: counts what is typed and holds back what is too long, sends with Ctrl+Enter, keeps a draft in
// this browser until Mercado Livre has the answer, puts earlier answers in, and tells the server who is at it (the aside
// comes back with colleagues).

const BEAT_MS = 10000;
const PAUSE_MS = 700; // after typing, before the aside is asked for again
const KEEP_MS = 14 * 24 * 3600 * 1000;
const drawn = new WeakMap();
let pause = 0;

const forms = () => [...document.querySelectorAll("form[data-answer]")];
const fieldOf = (form) => form.querySelector("textarea");

function beat(form) {
  if (!document.hidden) form.querySelector("[data-beat]").dispatchEvent(new CustomEvent("beat"));
}

function count(form) {
  const field = fieldOf(form);
  const left = form.querySelector("[data-left]");
  const { length } = [...field.value]; // as the server counts: an emoji is one
  const isTooLong = length > Number(field.dataset.longest);
  left.textContent = length;
  left.toggleAttribute("data-too-long", isTooLong);
  field.setCustomValidity(isTooLong ? field.dataset.wordsTooLong : "");
}

// Drafts. A browser that keeps nothing still lets people answer.

function keep(form) {
  try {
    const text = fieldOf(form).value;
    if (text.trim()) localStorage.setItem(form.dataset.draft, JSON.stringify({ text, at: Date.now() }));
    else localStorage.removeItem(form.dataset.draft);
  } catch {}
}

function restore(form) {
  try {
    const field = fieldOf(form);
    const draft = JSON.parse(localStorage.getItem(form.dataset.draft) ?? "null");
    if (field.value || !draft) return;
    field.value = draft.text;
    form.querySelector("[data-restored]").hidden = false;
  } catch {}
}

function forget(ends) {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith("draft:") && ends(key, localStorage.getItem(key))) localStorage.removeItem(key);
    }
  } catch {}
}

const isOld = (_key, value) => !(Date.now() - (JSON.parse(value).at ?? 0) < KEEP_MS);

// Puts `text` where the caret is, or in place of what stands between `from` and `to`.
function insert(field, text, from = field.selectionStart, to = field.selectionEnd) {
  field.focus();
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function begin() {
  for (const form of forms()) {
    if (form.dataset.begun) continue;
    form.dataset.begun = "yes";
    restore(form);
    count(form);
    beat(form);
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-answer]");
  if (!form) return;
  form.querySelector("[data-restored]").hidden = true;
  count(form);
  keep(form);
  clearTimeout(pause);
  pause = setTimeout(() => beat(form), PAUSE_MS);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("form[data-answer]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector(".button-primary"));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const field = button && document.querySelector("form[data-answer] textarea");
  if (!field) return;
  const text = button.closest("li").querySelector("[data-suggestion]").textContent;
  const before = field.value.slice(0, field.selectionStart);
  insert(field, before && !before.endsWith("\n") ? `\n${text}` : text);
});

document.addEventListener("painel:insert", (event) => {
  const { text, from, to } = event.detail;
  insert(event.target, text, from, to);
});

document.addEventListener("painel:answered", (event) => {
  forget((key) => key.endsWith(`:${event.detail.id}`));
  const said = { text: event.detail.text, kind: "success" };
  document.dispatchEvent(new CustomEvent("painel:say", { detail: said }));
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.matches("[data-beat]")) event.detail.headers["Painel-Live"] = "1"; // fails in silence
});

// An aside that says the same is not drawn again: a screen reader would read it again.
document.addEventListener("htmx:beforeSwap", (event) => {
  const place = event.detail.target;
  if (!place?.matches("[data-beat]") || !event.detail.shouldSwap) return;
  const html = event.detail.serverResponse.trim();
  if ((drawn.get(place) ?? "") === html) event.detail.shouldSwap = false;
  drawn.set(place, html);
});

document.addEventListener("htmx:afterSwap", begin);
addEventListener("storage", (event) => event.newValue && forms().forEach(restore));
setInterval(() => forms().forEach(beat), BEAT_MS);
forget(isOld);
begin();
