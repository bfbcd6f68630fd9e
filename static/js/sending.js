// A form that is on its way shows it, and a second click does not send it again. (htmx looks after its own.) It goes
// with the token of this moment: logging in again in another tab changes it. What was refused of a field goes from it once
// something else is typed.

const STOPPED_MS = 10000; // nothing tells that somebody stopped the loading

const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

document.addEventListener(
  "submit",
  (event) => {
    const field = event.target.elements.namedItem("csrfmiddlewaretoken");
    if (field && token()) field.value = token();
  },
  true,
);

document.addEventListener("htmx:configRequest", (event) => {
  if (token()) event.detail.headers["X-CSRFToken"] = token();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  event.submitter?.classList.add("htmx-request");
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(mayBeSent, STOPPED_MS, form);
});

function mayBeSent(form) {
  delete form.dataset.sent;
  const button = [...form.elements].find((one) => one.hasAttribute("aria-busy"));
  button?.classList.remove("htmx-request");
  button?.removeAttribute("aria-busy");
}

document.addEventListener("input", (event) => {
  const field = event.target.closest(".edit-fields .field-wrong");
  field?.querySelectorAll(".field-error").forEach((said) => said.remove());
  field?.classList.remove("field-wrong");
});

// The page may come back as it was left.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(mayBeSent));
