// Light, dark, or as the machine prefers. The choice is a cookie, so that the server draws the first frame right.

const root = document.documentElement;

function show(choice) {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  const choice = button.dataset.themeChoice;
  root.dataset.theme = choice;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${choice}; path=/; max-age=${choice ? 31536000 : 0}; samesite=lax${secure}`;
  show(choice);
});

show(root.dataset.theme);
