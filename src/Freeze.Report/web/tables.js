// Sorts tables by a column: ascending, descending, and back to the file's order.
const next = { "": "ascending", ascending: "descending", descending: "" };

function value(cell) {
  const text = (cell.dataset.sort ?? cell.firstChild?.textContent ?? "").trim();
  if (text === "" || text === "–") return null;
  const number = parseFloat(text.replace("−", "-").replaceAll(",", ""));
  return Number.isNaN(number) ? text : number;
}

// Numbers before words, gaps last in both directions.
function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
}

for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  const original = [...table.tBodies[0].rows];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.onclick = () => {
      const order = next[heading.ariaSort ?? ""];
      for (const other of headings) other.removeAttribute("aria-sort");
      if (order) heading.ariaSort = order;
      const sign = order === "descending" ? -1 : 1;
      const keyed = original.map((row) => [value(row.cells[column]), row]);
      if (order) keyed.sort(([a], [b]) => compare(a, b, sign));
      table.tBodies[0].append(...keyed.map(([, row]) => row));
    };
  });
}
