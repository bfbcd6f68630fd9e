// Counts what is typed as an answer, and sends it with Ctrl+Enter.

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-answer]");
  if (form) form.querySelector("[data-left]").textContent = event.target.value.length;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("form[data-answer]");
  if (form) form.requestSubmit();
});

// Whoever opens the form wants to type.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches("details.answer-form[open]")) event.target.querySelector("textarea").focus();
  },
  true,
);
