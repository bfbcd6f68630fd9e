// One hand on the keyboard: "/" searches, "g" and a letter goes somewhere, "?" lists them all.

const list = document.getElementById("shortcuts");
const WAIT_MS = 1200;
let leader = 0;

function isTyping(target) {
  return target.isContentEditable || target.matches("input, select, textarea");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    const fields = [...document.querySelectorAll("#search-field, [data-search-page], input[type=search]")];
    const search = fields.find((field) => field.checkVisibility());
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?") {
    list.showModal();
  } else if (event.key === "g") {
    leader = Date.now();
  } else if (Date.now() - leader < WAIT_MS) {
    leader = 0;
    document.querySelector(`.sidebar [data-key="${CSS.escape(event.key)}"]`)?.click();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-opens-shortcuts]")) list.showModal();
});
