// Chooses rows of a list: draws a box in each, and lets the link of the list (data-select-link) name what is chosen.
// Without scripts the link speaks of all that pass the filters. Shift chooses everything in between.

const lists = () => document.querySelectorAll("[data-select]");
let last = null;

// Rows are kept light: what a row is about stands in its first link alone.
const idOf = (row) => row.querySelector("a[href]").pathname.split("/").filter(Boolean).pop();

function box(label) {
  const input = document.createElement("input");
  input.type = "checkbox";
  input.setAttribute("aria-label", label);
  return input;
}

function prepare(list) {
  const link = list.closest("section").querySelector("[data-select-link]");
  if (!link) return;
  for (const row of list.children) {
    if (row.matches("[data-editing]") || row.querySelector("[data-pick]")) continue;
    const id = idOf(row);
    const input = box(`${link.dataset.row} ${id}`);
    input.dataset.pick = id;
    (row.localName === "tr" ? row.firstElementChild : row).prepend(input);
  }
  const bar = link.parentElement;
  if (bar.querySelector("[data-pick-all]")) return;
  const all = box(link.dataset.all);
  all.dataset.pickAll = "";
  bar.prepend(all);
  const words = link.querySelector("span");
  link.dataset.everything = words.textContent;
  link.dataset.href = link.getAttribute("href");
}

function show(section) {
  if (!section.querySelector("[data-pick-all]")) return;
  const boxes = [...section.querySelectorAll("[data-pick]")];
  const chosen = boxes.filter((one) => one.checked);
  const link = section.querySelector("[data-select-link]");
  const all = section.querySelector("[data-pick-all]");
  all.checked = chosen.length > 0 && chosen.length === boxes.length;
  all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  section.toggleAttribute("data-editing", chosen.length > 0); // live updates wait for whoever is choosing
  const address = new URL(link.dataset.href, location.href);
  if (chosen.length) {
    const account = address.searchParams.get("account_id");
    address.search = "";
    if (account) address.searchParams.set("account_id", account);
    for (const one of chosen) address.searchParams.append("item", one.dataset.pick);
  }
  link.setAttribute("href", address.pathname + address.search);
  link.classList.toggle("button-primary", chosen.length > 0);
  link.querySelector("span").textContent = chosen.length
    ? `${link.dataset.words} (${chosen.length})`
    : link.dataset.everything;
}

document.addEventListener("click", (event) => {
  if (!event.target.matches("[data-pick]")) return;
  const boxes = [...event.target.closest("[data-select]").querySelectorAll("[data-pick]")];
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(event.target)].sort((one, two) => one - two);
  if (event.shiftKey && from >= 0) {
    for (const one of boxes.slice(from, to + 1)) one.checked = event.target.checked;
  }
  last = event.target;
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-pick], [data-pick-all]")) return;
  const section = event.target.closest("section");
  if (event.target.matches("[data-pick-all]")) {
    for (const one of section.querySelectorAll("[data-pick]")) one.checked = event.target.checked;
  }
  show(section);
});

// Going back shows boxes as the browser remembers them, and the link with them.
addEventListener("pageshow", () => lists().forEach((list) => show(list.closest("section"))));
document.addEventListener("htmx:load", () => lists().forEach(prepare));
lists().forEach(prepare);
