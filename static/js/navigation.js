// Brings what the frame of the page knows of its address up to date when a filter changes that: the links of the
// navigation, the switch of accounts, the search and the choice of a language. And brings the open tab into view where
// a phone has no room for all of them.

const KEPT = ["account_id", "days", "date_from", "date_to"];

function keepFilters() {
  for (const link of document.querySelectorAll("#account-switch a")) {
    const account = new URL(link.href).searchParams.get("account_id");
    const query = new URLSearchParams(location.search);
    for (const name of ["account_id", "after", "before"]) query.delete(name);
    if (account) query.set("account_id", account);
    link.search = query;
  }
  for (const field of document.querySelectorAll("input[name=next]")) field.value = location.pathname + location.search;
  const search = document.getElementById("search");
  const here = new URLSearchParams(location.search);
  for (const name of KEPT) {
    search.elements.namedItem(name)?.remove();
    if (!here.has(name)) continue;
    search.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: here.get(name) }));
  }
}

document.addEventListener("htmx:pushedIntoHistory", () => {
  keepFilters();
  const links = document.getElementById("navigation");
  const address = new URL(links.getAttribute("hx-get"), location.href);
  const before = address.search;
  const here = new URLSearchParams(location.search);
  for (const name of KEPT) {
    if (here.has(name)) address.searchParams.set(name, here.get(name));
    else address.searchParams.delete(name);
  }
  if (address.search === before) return;
  address.searchParams.set("whole", "1");
  window.htmx.ajax("GET", address.pathname + address.search, { target: links, swap: "outerHTML" });
});

function showOpenTabs() {
  for (const tab of document.querySelectorAll(":is(.tabs, .types) > [aria-current]")) {
    const row = tab.parentElement;
    const left = tab.getBoundingClientRect().left - row.getBoundingClientRect().left;
    row.scrollLeft += left - (row.clientWidth - tab.offsetWidth) / 2;
  }
}

showOpenTabs();
addEventListener("resize", showOpenTabs);
document.addEventListener("htmx:afterSettle", showOpenTabs); // a list brings its tabs along
