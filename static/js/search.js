// What the search of the top bar found, below its field: the arrows walk through it, Escape closes it.

const form = document.getElementById("search");
const field = document.getElementById("search-field");
const found = document.getElementById("found");

const close = () => (found.hidden = true);
const open = () => (found.hidden = !field.value.trim() || !found.childElementCount);

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === found && form.contains(document.activeElement)) open();
});

field?.addEventListener("focus", open);
field?.addEventListener("input", () => field.value.trim() || close());

form?.addEventListener("focusout", (event) => {
  if (!form.contains(event.relatedTarget)) close();
});

form?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (event.target !== field) field.focus();
    close();
    event.stopPropagation();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (found.hidden) return;
    event.preventDefault();
    const stops = [field, ...found.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[(at + stops.length) % stops.length].focus();
  }
});

// A click inside leaves the field before it lands; without this the links would be gone by then.
found?.addEventListener("pointerdown", (event) => event.preventDefault());
