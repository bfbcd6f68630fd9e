// Quick replies: a menu, or "/word" typed in an answer. The server sends them filled for the question.

const TYPED = /(^|\s)\/([\p{L}\d-]*)$/u;
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
let asked = false; // by the button: then all of them show, whatever is typed

const formOf = (element) => element.closest?.("form[data-answer]");
const placeOf = (form) => form.querySelector("[data-replies]");
const isOpen = (form) => !placeOf(form).hidden;
const shown = (form) => [...placeOf(form).querySelectorAll("[role=option]:not([hidden])")];

/** What was typed after a slash right before the caret, and where it begins; null when nothing was. */
function typed(field) {
  const match = TYPED.exec(field.value.slice(0, field.selectionStart));
  return match && { word: fold(match[2]), from: field.selectionStart - match[2].length - 1 };
}

function show(form, open) {
  const place = placeOf(form);
  const field = form.querySelector("textarea");
  place.hidden = !open;
  form.querySelector("[data-opens-replies]").setAttribute("aria-expanded", String(open));
  if (!open) {
    asked = false;
    field.removeAttribute("aria-activedescendant");
  } else if (!place.firstElementChild) {
    place.dispatchEvent(new CustomEvent("wanted"));
  } else {
    filter(form);
  }
}

function filter(form) {
  const word = asked ? "" : (typed(form.querySelector("textarea"))?.word ?? "");
  for (const option of placeOf(form).querySelectorAll("[role=option]")) {
    option.hidden = !option.dataset.word.startsWith(word);
  }
  choose(form, shown(form)[0]);
}

function choose(form, option) {
  for (const one of placeOf(form).querySelectorAll("[role=option]")) {
    one.setAttribute("aria-selected", String(one === option));
  }
  const field = form.querySelector("textarea");
  if (option) {
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

function take(form, option) {
  const field = form.querySelector("textarea");
  const from = typed(field)?.from ?? field.selectionStart;
  const detail = { text: option.querySelector("[data-text]").textContent, from, to: field.selectionEnd };
  field.dispatchEvent(new CustomEvent("painel:insert", { bubbles: true, detail })); // static/js/answers.js
  show(form, false);
}

document.addEventListener("click", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  const option = event.target.closest("[role=option]");
  if (option) return take(form, option);
  if (!event.target.closest("[data-opens-replies]")) return;
  asked = !isOpen(form);
  show(form, asked);
  form.querySelector("textarea").focus();
});

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  asked = false;
  const wanted = typed(event.target) !== null;
  if (wanted || isOpen(form)) show(form, wanted);
});

document.addEventListener(
  "keydown",
  (event) => {
    const form = formOf(event.target);
    if (!form || !isOpen(form) || event.ctrlKey || event.metaKey || event.altKey) return;
    const options = shown(form);
    const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Escape") show(form, false);
    else if (event.key in steps && options.length) {
      choose(form, options[(at + steps[event.key] + options.length) % options.length]);
    } else if ((event.key === "Enter" || event.key === "Tab") && options[at]) take(form, options[at]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

document.addEventListener("htmx:afterSwap", (event) => {
  const place = event.detail.target;
  if (place?.matches("[data-replies]")) filter(formOf(place));
});
