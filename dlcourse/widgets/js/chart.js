// Small charts in SVG: a histogram from heights between 0 and 1, and lines over a ready-made axis.
import { svg } from "./dom.js";

// Bars of one histogram in the given box; the tallest fills it.
export function bars(heights, { x, y, width, height, kind }) {
  const wide = width / heights.length;
  const outline = heights.map((share, bin) => {
    const top = y + height * (1 - share);
    return `L${x + bin * wide} ${top} L${x + (bin + 1) * wide} ${top}`;
  });
  return svg("g", {},
    svg("path", { class: kind, d: `M${x} ${y + height} ${outline.join(" ")} L${x + width} ${y + height} Z` }),
    svg("path", { class: "dlc-axis", d: `M${x} ${y + height} H${x + width}` }));
}

// A place in the box for a value on the axis from low to high; larger values are further up.
export function upward({ y, height }, { low, high }) {
  return (value) => y + (height * (high - value)) / (high - low);
}

// Horizontal rules with their labels; label(tick) may give a string or an SVG node.
export function ruler(box, scale, label) {
  const up = upward(box, scale);
  return svg("g", {}, ...scale.ticks.flatMap((tick) => [
    svg("path", { class: "dlc-rule", d: `M${box.x} ${up(tick)} H${box.x + box.width}` }),
    svg("text", { x: box.x - 8, y: up(tick) + 5, "text-anchor": "end" }, label(tick)),
  ]));
}

// A line with a mark at every point: "circle" or "triangle". A point whose y is null is left out.
export function line(points, { kind, mark }) {
  const known = points.filter(([, y]) => y !== null);
  const marks = known.map(([x, y]) => mark === "circle"
    ? svg("circle", { class: kind, cx: x, cy: y, r: 4.5 })
    : svg("path", { class: kind, d: `M${x} ${y - 6} L${x + 5.5} ${y + 4.5} L${x - 5.5} ${y + 4.5} Z` }));
  const path = known.length ? `M${known.map(([x, y]) => `${x} ${y}`).join(" L")}` : "";
  return svg("g", {}, svg("path", { class: `${kind} dlc-stroke`, d: path }), ...marks);
}
