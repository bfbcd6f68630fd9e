// What somebody typed is not lost because their session had ended: the forms they sent, or had begun, are kept in
// this tab while they log in, and filled in again on the page they come back to.

const KEY = "painel-draft";
const corner = document.getElementById("toasts");
const here = () => location.pathname + location.search;
const nameOf = (form) => form.getAttribute("hx-post") ?? form.getAttribute("action") ?? "";
const isKept = (field) => field.name && !field.matches("[type=hidden], [type=password], [type=file]") && "value" in field;
const fieldsOf = (form) => [...form.elements].filter(isKept);
const isChecked = (field) => field.matches("[type=checkbox], [type=radio]");

function isChanged(field) {
  if (isChecked(field)) return field.checked !== field.defaultChecked;
  if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

function keep(forms) {
  const kept = forms
    .filter((form) => nameOf(form) && form.closest("main") && form.getAttribute("method") !== "get")
    .map((form) => [
      nameOf(form),
      fieldsOf(form).filter(isChanged).map((field) => [field.name, field.value, isChecked(field) ? field.checked : null]),
    ])
    .filter(([, fields]) => fields.length);
  if (kept.length) sessionStorage.setItem(KEY, JSON.stringify({ page: here(), forms: kept }));
}

function fill([name, fields]) {
  const form = [...document.querySelectorAll("main form")].find((one) => nameOf(one) === name);
  if (!form) return false;
  for (const [field, value, checked] of fields) {
    const found = fieldsOf(form).find((one) => one.name === field && (checked === null || one.value === value));
    if (!found) continue;
    if (checked === null) found.value = value;
    else found.checked = checked;
    found.dispatchEvent(new Event("input", { bubbles: true }));
  }
  return true;
}

// A form that opens in place, as that of a row, is opened first.
function openAndFill(kept) {
  const opener = [...document.querySelectorAll("main [hx-get]")].find((one) => one.getAttribute("hx-get") === kept[0]);
  if (!opener) return;
  const fillOnce = () => {
    if (!fill(kept)) return;
    document.removeEventListener("htmx:afterSettle", fillOnce);
    tell();
  };
  document.addEventListener("htmx:afterSettle", fillOnce);
  addEventListener("load", () => opener.click(), { once: true });
}

const tell = () =>
  document.dispatchEvent(new CustomEvent("painel:say", { detail: { text: corner.dataset.restored, kind: "info" } }));

function comesFromLogin() {
  if (!document.referrer) return false;
  const { origin, pathname } = new URL(document.referrer);
  return origin === location.origin && (pathname === corner.dataset.login || pathname.startsWith("/2fa/authenticate/"));
}

const draft = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);
if (draft && draft.page === here() && comesFromLogin()) {
  const rest = draft.forms.filter((kept) => !fill(kept));
  if (rest.length < draft.forms.length) tell();
  rest.forEach(openAndFill);
}

document.addEventListener("submit", (event) => keep([event.target]));

document.addEventListener("htmx:afterRequest", (event) => {
  const answered = event.detail.xhr.responseURL;
  const isLogin = answered && new URL(answered).pathname === corner.dataset.login;
  if (event.detail.successful && !isLogin && event.detail.requestConfig.verb !== "get") sessionStorage.removeItem(KEY);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#logged-out a")) keep([...document.forms]);
});
