// Brings the links of the navigation up to date when a filter changes the account or the period of the address.

const KEPT = ["account_id", "days", "date_from", "date_to"];

document.addEventListener("htmx:pushedIntoHistory", () => {
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
