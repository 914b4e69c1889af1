/*! Charts by Vega, Vega-Lite and Vega-Embed (University of Washington Interactive Data Lab, BSD-3-Clause). */
// Draws the charts of a report. Each figure holds its specification and its data, by columns; nothing is fetched.
import embed from "vega-embed";

const dark = matchMedia("(prefers-color-scheme: dark)");
// More rows than this are drawn on a canvas: a document of so many elements is slow.
const mostElements = 4000;

function rows(columns) {
  const fields = Object.entries(columns).map(([name, column]) => [name, column.codes ? column.codes.map((code) => column.words[code]) : column]);
  const count = fields.length ? fields[0][1].length : 0;
  return Array.from({ length: count }, (_, i) => Object.fromEntries(fields.map(([name, values]) => [name, values[i]])));
}

function style() {
  const ink = dark.matches ? "#d5dae3" : "#2b3240";
  const line = dark.matches ? "#3b4352" : "#d9dde5";
  const axis = { labelColor: ink, titleColor: ink, domainColor: line, tickColor: line, gridColor: line, titleFontWeight: "normal", labelFontSize: 12, titleFontSize: 12 };
  return {
    background: "transparent",
    font: "system-ui, sans-serif",
    view: { stroke: null },
    axis,
    header: { labelColor: ink, titleColor: ink },
    // Below the chart, so that a phone has its whole width for it.
    legend: { labelColor: ink, titleColor: ink, orient: "bottom", columns: innerWidth < 700 ? 2 : 5, labelLimit: 220, symbolLimit: 60, labelFontSize: 12,
      layout: { bottom: { anchor: "start", direction: innerWidth < 700 ? "vertical" : "horizontal", margin: 14 } } },
  };
}

function marks(item) {
  const own = item.marktype && item.role === "mark" ? item.items.length : 0;
  return own + (item.items ?? []).reduce((sum, inner) => sum + (inner.items ? inner.items.reduce((s, child) => s + marks(child), 0) : 0), 0);
}

// Small charts side by side: as many as there is room for, in rows of about the same length, over the whole width.
function arrange(spec, width) {
  // Names of axes and numbers beside them.
  const beside = 105;
  const count = new Set(spec.datasets[spec.data.name].map((row) => row[spec.encoding.facet.field])).size;
  const most = Math.max(1, Math.floor(width / (spec.width + beside)));
  const columns = Math.max(1, Math.ceil(count / Math.ceil(count / most)));
  spec.encoding.facet.columns = columns;
  spec.width = Math.min(480, Math.floor(width / columns) - beside);
}

async function draw(figure) {
  const { spec, data } = JSON.parse(figure.querySelector("script").textContent);
  spec.datasets = Object.fromEntries(Object.entries(data).map(([name, columns]) => [name, rows(columns)]));
  if (spec.encoding?.facet) {
    figure.classList.add("arranged");
    arrange(spec, figure.clientWidth);
  }
  const count = Object.values(spec.datasets).reduce((sum, set) => sum + set.length, 0);
  const { view } = await embed(figure.querySelector(".plot"), spec, {
    actions: false,
    renderer: count > mostElements ? "canvas" : "svg",
    config: style(),
    tooltip: { theme: dark.matches ? "dark" : "light" },
  });
  figure.dataset.marks = marks(view.scenegraph().root);
  figure.querySelector("button").onclick = async () => {
    const link = document.createElement("a");
    link.href = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(await view.toSVG());
    link.download = figure.id + ".svg";
    link.click();
  };
}

async function drawAll(which = "figure.chart") {
  for (const figure of document.querySelectorAll(which)) {
    try {
      await draw(figure);
    } catch (error) {
      console.error(error);
      figure.querySelector(".plot").textContent = "This chart could not be drawn: " + error.message;
    }
  }
  document.documentElement.dataset.drawn = "yes";
}

dark.addEventListener("change", () => drawAll());
// The others follow the width by themselves.
let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => drawAll("figure.arranged"), 200);
});
drawAll();
