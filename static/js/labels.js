// Choosing parcels on the dispatch board: counts them, keeps the choice when the board refreshes itself, and
// takes the file once it is printed.

const form = document.getElementById("labels");
const chosen = new Set();

const boxes = () => [...form.querySelectorAll('input[name="ids"]')];
const most = () => Number(form.dataset.most);

function choose(box, wanted) {
  if (wanted && !chosen.has(box.value) && chosen.size >= most()) return (box.checked = false);
  box.checked = wanted;
  if (wanted) chosen.add(box.value);
  else chosen.delete(box.value);
  return wanted;
}

function show() {
  for (const all of form.querySelectorAll("[data-choose]")) {
    const lane = boxes().filter((box) => box.dataset.lane === all.dataset.choose);
    all.checked = lane.length > 0 && lane.every((box) => box.checked);
    all.indeterminate = !all.checked && lane.some((box) => box.checked);
    all.closest("label").hidden = false;
  }
  const count = form.querySelector("[data-chosen]");
  if (!count) return;
  count.textContent = chosen.size;
  form.querySelector("[data-clear]").hidden = chosen.size === 0;
}

function restore() {
  const here = new Set(boxes().map((box) => box.value));
  chosen.forEach((id) => here.has(id) || chosen.delete(id));
  boxes().forEach((box) => (box.checked = chosen.has(box.value)));
  show();
}

function clear() {
  chosen.clear();
  restore();
}

if (form) {
  boxes().forEach((box) => box.checked && choose(box, true));
  show();

  form.addEventListener("change", ({ target }) => {
    if (target.name === "ids") choose(target, target.checked);
    else if (target.dataset.choose) {
      const wanted = target.checked;
      boxes()
        .filter((box) => box.dataset.lane === target.dataset.choose)
        .forEach((box) => choose(box, wanted));
    }
    show();
  });

  form.addEventListener("click", ({ target }) => target.closest("[data-clear]") && clear());

  document.addEventListener("htmx:afterSwap", () => {
    restore();
    const result = document.getElementById("label-result");
    if (!result?.children.length || result.dataset.seen) return;
    result.dataset.seen = "yes";
    result.scrollIntoView({ block: "nearest" });
    if (!("printed" in result.dataset)) return;
    clear();
    result.querySelector("[data-download]").click();
  });
}
