"use strict";
// Sorts and filters the table of class.html. Without it the table is whole, in the order of ids.
(() => {
  const table = document.querySelector(".map");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const find = document.getElementById("find");
  const show = document.getElementById("show");
  const column = document.getElementById("column");
  const count = document.getElementById("count");
  const FIXED = 5; // columns before the cells
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const named = rows.map(row => `${row.cells[0].textContent} ${row.cells[1].textContent}`.toLowerCase());
  const RANK = { h0: 0, h1: 1, h2: 2, h3: 3, hx: 4, h4: 5, "h-": 6 };

  const value = (row, index, kind) => {
    const cell = row.cells[index];
    if (kind === "number") return cell.textContent === "" ? -1 : Number(cell.textContent);
    return kind === "cell" ? RANK[cell.className] : cell.textContent;
  };

  const sort = (index, down) => {
    const kind = heads[index].dataset.kind;
    const keyed = rows.map((row, place) => [value(row, index, kind), place, row]);
    const compare = kind === "text" ? (a, b) => words.compare(a[0], b[0]) : (a, b) => a[0] - b[0];
    keyed.sort((a, b) => (down ? -1 : 1) * compare(a, b) || a[1] - b[1]);
    body.replaceChildren(...keyed.map(each => each[2]));
    heads.forEach((head, at) => {
      if (at === index) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      head.querySelector(".way").textContent = at === index ? (down ? " ▼" : " ▲") : "";
    });
    count.textContent = `Sorted by ${heads[index].dataset.name}, ${down ? "downwards" : "upwards"}. ${told()}`;
  };

  const told = () => `${rows.filter(row => !row.hidden).length} of ${rows.length} shown.`;

  const fits = (row, at) => {
    if (!named[at].includes(find.value.trim().toLowerCase())) return false;
    if (show.value === "attention" && !("attention" in row.dataset)) return false;
    if (show.value === "open" && row.cells[2].textContent !== "" && row.cells[2].textContent === row.cells[3].textContent) return false;
    if (show.value.startsWith("status:") && row.dataset.status !== show.value.slice(7)) return false;
    return !column || column.value === "" || !["h4", "h-"].includes(row.cells[FIXED + Number(column.value)].className);
  };

  const filter = () => {
    rows.forEach((row, at) => { row.hidden = !fits(row, at); });
    count.textContent = told();
  };

  heads.forEach((head, index) => {
    const button = document.createElement("button");
    const way = document.createElement("span");
    head.dataset.name = head.textContent;
    way.className = "way";
    way.ariaHidden = "true";
    button.type = "button";
    button.append(head.textContent, way);
    button.addEventListener("click", () => sort(index, head.getAttribute("aria-sort") === "ascending"));
    head.replaceChildren(button);
  });
  const form = document.querySelector("form.tools");
  form.hidden = false;
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("input", filter);
  count.textContent = told();
})();
