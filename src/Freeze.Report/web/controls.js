// A reader's choices for curves: a filter by name, an axis to group by, and a logarithmic scale.
function field(label, input, changed) {
  const box = document.createElement("label");
  box.append(...(input.type === "checkbox" ? [input, " " + label] : [label + " ", input]));
  input.addEventListener(input.type === "search" ? "input" : "change", changed);
  return box;
}

const input = (type) => Object.assign(document.createElement("input"), { type });

/** The controls of a chart of curves, or null if there is nothing to choose. */
export function controls(state, changed) {
  const { usermeta } = state.spec;
  if (!usermeta?.axes) return null;
  const box = document.createElement("div");
  box.className = "controls";
  const names = new Set(state.data.curves.map((row) => row.series));
  if (names.size > 3) {
    const search = input("search");
    search.placeholder = "part of a name";
    box.append(field("Filter", search, () => ((state.options.filter = search.value), changed())));
  }
  if (usermeta.axes.length > 1) {
    const select = document.createElement("select");
    for (const [value, text] of [["", "all axes"], ...usermeta.axes.map((axis) => [axis, axis])]) select.append(new Option(text, value));
    box.append(field("Group by", select, () => ((state.options.by = select.value), changed())));
  }
  const log = input("checkbox");
  box.append(field("Log scale", log, () => ((state.options.log = log.checked), changed())));
  return box;
}

// Joins curves that share a value of an axis: their mean over runs, and the band over all of them.
function grouped(rows, axis) {
  const groups = new Map();
  for (const row of rows) {
    const series = row["by " + axis];
    const key = JSON.stringify([series, row.measure, row.x]);
    if (!groups.has(key)) groups.set(key, { series, measure: row.measure, x: row.x, n: 0, sum: 0, low: Infinity, high: -Infinity });
    if (row.y === null) continue;
    const group = groups.get(key);
    group.n += row.n;
    group.sum += row.y * row.n;
    group.low = Math.min(group.low, row.low);
    group.high = Math.max(group.high, row.high);
  }
  return [...groups.values()].map((group) => (group.n ? { ...group, y: group.sum / group.n } : { ...group, y: null, low: null, high: null }));
}

/** The rows that a reader has chosen; writes a logarithmic scale into the specification if it is chosen. */
export function chosen({ data, options }, spec) {
  let { curves } = data;
  if (!curves) return data;
  if (options.by) curves = grouped(curves, options.by);
  const words = (options.filter ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const found = curves.filter((row) => words.every((word) => row.series.toLowerCase().includes(word)));
  // A filter without matches hides nothing: an empty chart has no scale.
  if (found.length) curves = found;
  if (options.log && curves.some((row) => row.y > 0)) {
    for (const { encoding } of spec.layer) encoding.y.scale = { type: "log", nice: false };
    // A logarithmic scale cannot show 0.
    curves = curves.map((row) => (row.y > 0 ? { ...row, low: row.low > 0 ? row.low : row.y } : { ...row, y: null, low: null, high: null }));
  }
  return { ...data, curves };
}
