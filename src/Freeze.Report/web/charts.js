/*! Charts by Vega, Vega-Lite and Vega-Embed (University of Washington Interactive Data Lab, BSD-3-Clause). */
// Draws the charts of a report. Each figure holds its specification and its data, by columns; nothing is fetched.
import embed from "vega-embed";
import { controls, chosen } from "./controls.js";
import { keysOf, legend, picked } from "./legend.js";
import { dark, style } from "./style.js";
import "./tables.js";

// Charts with more rows are drawn on a canvas: a document of so many elements is slow.
const mostElements = 4000;
const states = new Map();

function rows(columns) {
  const fields = Object.entries(columns).map(([name, column]) => [name, column.codes ? column.codes.map((code) => column.words[code]) : column]);
  const count = fields.length ? fields[0][1].length : 0;
  return Array.from({ length: count }, (_, i) => Object.fromEntries(fields.map(([name, values]) => [name, values[i]])));
}

function marks(item) {
  const own = item.marktype && item.role === "mark" ? item.items.length : 0;
  return own + (item.items ?? []).reduce((sum, inner) => sum + (inner.items ? inner.items.reduce((s, child) => s + marks(child), 0) : 0), 0);
}

// Small multiples: as many per row as fit, in rows of similar length, over the whole width.
function arrange(spec, width) {
  // The space beside each chart for axis titles and numbers.
  const beside = spec.usermeta?.square ? 20 : 105;
  const count = new Set(spec.datasets[spec.data.name].map((row) => row[spec.encoding.facet.field])).size;
  const most = Math.max(1, Math.floor(width / (spec.width + beside)));
  const columns = Math.max(1, Math.ceil(count / Math.ceil(count / most)));
  spec.encoding.facet.columns = columns;
  spec.width = Math.min(480, Math.floor(width / columns) - beside);
  if (spec.usermeta?.square) spec.height = spec.width;
}

function stateOf(figure) {
  const { spec, data } = JSON.parse(figure.querySelector("script").textContent);
  const state = { figure, spec, data: Object.fromEntries(Object.entries(data).map(([name, columns]) => [name, rows(columns)])), picks: {}, options: {} };
  const redraw = () => draw(state).catch((error) => fail(figure, error));
  const choices = controls(state, () => {
    state.picks = {};
    redraw();
  });
  if (choices) figure.prepend(choices);
  state.redraw = redraw;
  figure.querySelector("figcaption button").onclick = () => save(state);
  return state;
}

// The current view: the specification with its rows, and the keys of its legend.
function current(state) {
  const spec = structuredClone(state.spec);
  const all = chosen(state, spec);
  const keys = keysOf(spec, all);
  spec.datasets = Object.fromEntries(Object.entries(all).map(([name, set]) => [name, set.filter((row) => picked(row, state.picks))]));
  if (spec.encoding?.facet) arrange(spec, state.figure.clientWidth);
  return { spec, keys };
}

async function draw(state) {
  const { figure } = state;
  const { spec, keys } = current(state);
  const names = JSON.stringify(keys.map((key) => [key.names, key.looks]));
  if (state.names !== names) {
    figure.querySelector(".legend")?.remove();
    figure.querySelector(".plot").after(legend(keys, state.picks, state.redraw));
    state.names = names;
  }
  const count = Object.values(spec.datasets).reduce((sum, set) => sum + set.length, 0);
  state.finalize?.();
  // Vega replaces its element's accessible name and description, so it gets an element inside the plot.
  const place = document.createElement("div");
  figure.querySelector(".plot").replaceChildren(place);
  const { view, finalize } = await embed(place, spec, {
    actions: false,
    renderer: count > mostElements ? "canvas" : "svg",
    config: style(),
    tooltip: { theme: dark.matches ? "dark" : "light" },
  });
  state.finalize = finalize;
  figure.dataset.marks = marks(view.scenegraph().root);
}

// A saved picture contains its legend.
async function save(state) {
  const { spec } = current(state);
  if (spec.width === "container") spec.width = state.figure.clientWidth - 100;
  const { view, finalize } = await embed(document.createElement("div"), spec, { actions: false, config: style(true) });
  const link = document.createElement("a");
  link.href = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(await view.toSVG());
  link.download = state.figure.id + ".svg";
  link.click();
  finalize();
}

function fail(figure, error) {
  console.error(error);
  figure.querySelector(".plot").textContent = "This chart could not be drawn: " + error.message;
}

// A folded chart is drawn when it is unfolded.
let drawing = false;
async function drawSeen() {
  if (drawing) return;
  drawing = true;
  for (let figure; (figure = [...document.querySelectorAll("figure.chart")].find((one) => !states.has(one) && !one.closest("details:not([open])"))); ) {
    try {
      states.set(figure, stateOf(figure));
      await draw(states.get(figure));
    } catch (error) {
      fail(figure, error);
    }
  }
  drawing = false;
  document.documentElement.dataset.drawn = "yes";
}

document.addEventListener("toggle", drawSeen, true);
document.addEventListener("DOMContentLoaded", drawSeen);
dark.addEventListener("change", () => states.forEach((state) => state.redraw()));
// Charts without facets follow the width by themselves.
let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => states.forEach((state) => state.spec.encoding?.facet && state.redraw()), 200);
});
