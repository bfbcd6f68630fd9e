// Keeps addresses short: a filter that filters nothing is not sent. And asks once: leaving a field, Enter and the
// pause in typing may all mean the same address.

const spelled = (query) => {
  query.sort();
  return query.toString();
};

document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("form.filters")) return;
  const { parameters, formData } = event.detail;
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "") delete parameters[name];
  }
  const wanted = spelled(new URLSearchParams(formData));
  if (wanted === spelled(new URLSearchParams(location.search))) event.preventDefault();
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("form.filters")) return; // htmx sends it
  for (const field of event.target.elements) field.disabled = field.name && field.value === "";
});

addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form.filters :disabled")) field.disabled = false;
});
