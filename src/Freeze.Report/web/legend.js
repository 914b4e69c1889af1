// Legends as buttons: they wrap, have accessible names, and work with the keyboard.
import { looksOf } from "./style.js";

const said = { series: "runs", part: "weights" };
const glyphs = { circle: "●", "triangle-up": "▲", cross: "✚", diamond: "◆" };

/** The channels that distinguish series, in the data's order; writes their domains and styles into the specification. */
export function keysOf(spec, data) {
  const encodings = [spec, ...(spec.layer ?? [])].map((part) => part.encoding ?? {});
  return ["color", "strokeDash", "shape"].flatMap((channel) => {
    const definitions = encodings.map((encoding) => encoding[channel]).filter((definition) => definition?.field);
    if (!definitions.length) return [];
    const { field, sort } = definitions[0];
    const found = [...new Set(Object.values(data).flatMap((set) => set.filter((row) => field in row).map((row) => row[field])))];
    const names = sort ? sort.filter((name) => found.includes(name)) : found;
    const looks = looksOf(channel, names.length);
    for (const definition of definitions) definition.scale = { domain: names, range: looks };
    return [{ channel, field, names, looks }];
  });
}

/** Whether a row is visible: nothing is picked, or its value is. */
export const picked = (row, picks) => Object.entries(picks).every(([field, values]) => !values.size || !(field in row) || values.has(row[field]));

function sample(channel, look) {
  const mark = document.createElement("span");
  mark.className = "key " + channel;
  mark.ariaHidden = "true";
  if (channel === "color") mark.style.background = look;
  else if (channel === "shape") mark.textContent = glyphs[look];
  else mark.innerHTML = `<svg width="26" height="8"><path d="M0 4h26" stroke="currentColor" stroke-width="2" stroke-dasharray="${look[1] ? look : ""}"/></svg>`;
  return mark;
}

/** The legend of a chart; pressing entries shows only those. */
export function legend(keys, picks, changed) {
  const box = document.createElement("div");
  box.className = "legend";
  for (const key of keys.filter((one) => one.names.length > 1)) {
    const group = document.createElement("div");
    group.role = "group";
    group.ariaLabel = `Legend: ${said[key.field] ?? key.field}`;
    group.title = "Press a name to show only what you press";
    key.names.forEach((name, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.ariaPressed = "false";
      button.append(sample(key.channel, key.looks[i]), name);
      button.onclick = () => {
        const values = (picks[key.field] ??= new Set());
        if (!values.delete(name)) values.add(name);
        button.ariaPressed = String(values.has(name));
        changed();
      };
      group.append(button);
    });
    box.append(group);
  }
  return box;
}
