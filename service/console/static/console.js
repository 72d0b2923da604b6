// Comfort only: every page works without this file.
"use strict";

// A checkbox in the table's head that ticks every row of this page.
for (const table of document.querySelectorAll("table[data-select-all]")) {
  const head = table.querySelector("thead th");
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
  if (!head || boxes.length === 0) continue;
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", table.dataset.selectAll);
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  boxes.forEach((box) => box.addEventListener("change", show));
  head.replaceChildren(all);
  show();
}
