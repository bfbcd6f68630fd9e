// Asks before what cannot be undone: <form data-confirm="…" data-confirm-action="Disconnect">. Works for htmx too.

const dialog = document.getElementById("confirm");

function ask(element) {
  dialog.querySelector("[data-confirm-text]").textContent = element.dataset.confirm;
  const button = dialog.querySelector("[data-confirm-yes]");
  button.textContent = element.dataset.confirmAction || button.dataset.word;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    if (!(await ask(form))) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  },
  true,
);
