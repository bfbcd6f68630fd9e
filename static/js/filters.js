// Keeps addresses short: a filter that filters nothing is not sent.

document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("form.filters")) return;
  const { parameters } = event.detail;
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "") delete parameters[name];
  }
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.filters")) return;
  for (const field of event.target.elements) field.disabled = field.name && field.value === "";
});

addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form.filters :disabled")) field.disabled = false;
});
