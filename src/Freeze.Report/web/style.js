// The look of charts, in light and dark mode.
export const dark = matchMedia("(prefers-color-scheme: dark)");

// Every colour has a contrast of at least 3:1 with the page.
const palettes = {
  light: ["#1f6fb4", "#c8500a", "#1b7f4d", "#8b3fa8", "#c02942", "#0b7f8c", "#7a5a1e", "#c2408c", "#5b6470", "#7a7500"],
  dark: ["#6cb6f5", "#f59a52", "#5fce92", "#c896ec", "#ff8589", "#4fc9d6", "#d2ab68", "#f08ec6", "#aab4c2", "#cfcb4a"],
};

const ranges = {
  color: () => (dark.matches ? palettes.dark : palettes.light),
  strokeDash: () => [[1, 0], [6, 4], [2, 3], [9, 3, 2, 3]],
  shape: () => ["circle", "triangle-up", "cross", "diamond"],
};

/** A style for each value of a channel. With many colours, neighbours are similar, so a sweep reads as a gradient. */
export function looksOf(channel, count) {
  const range = ranges[channel]();
  const many = channel === "color" && count > range.length;
  return Array.from({ length: count }, (_, i) => (many ? `hsl(${Math.round((i * 320) / count)}, 65%, ${dark.matches ? 70 : 35}%)` : range[i % range.length]));
}

/** Vega-Lite's configuration; the page draws its own legends, but saved pictures use Vega's. */
export function style(withLegend = false) {
  const ink = dark.matches ? "#d5dae3" : "#2b3240";
  const line = dark.matches ? "#3b4352" : "#d9dde5";
  const axis = { labelColor: ink, titleColor: ink, domainColor: line, tickColor: line, gridColor: line, titleFontWeight: "normal", labelFontSize: 12, titleFontSize: 12, labelOverlap: true };
  return {
    background: withLegend ? (dark.matches ? "#14171d" : "#ffffff") : "transparent",
    font: "system-ui, sans-serif",
    view: { stroke: null },
    axis,
    header: { labelColor: ink, titleColor: ink },
    legend: withLegend ? { labelColor: ink, orient: "bottom", columns: 5, labelLimit: 260, symbolLimit: 60 } : { disable: true },
  };
}
