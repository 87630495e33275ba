// What the views of the bias and variance explorer draw with: axes, lines, marks, and their samples in the legend.
import { ruler, upward } from "./chart.js";
import { element, svg } from "./dom.js";

export const LEFT = { x: 46, y: 30, width: 400, height: 204 };
export const RIGHT = { x: 556, y: 30, width: 484, height: 204 };
const DELAYS = { ticks: [0, 5, 10] };

export function stroke(points, colour, { width = 2.2, dash = "none", ...attributes } = {}) {
  return svg("polyline", { ...attributes, points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "),
    style: `fill: none; stroke: ${colour}; stroke-width: ${width}; stroke-dasharray: ${dash}; stroke-linejoin: round` });
}

// A dot, a hollow circle, a triangle, a diamond or a cross, with its middle at (x, y).
export function mark(kind, [x, y], colour) {
  const outline = {
    dot: "M-4.5 0 A4.5 4.5 0 1 1 4.5 0 A4.5 4.5 0 1 1 -4.5 0 Z", triangle: "M0 -5 L5 4 L-5 4 Z", diamond: "M0 -6 L6 0 L0 6 L-6 0 Z",
    circle: "M-4 0 A4 4 0 1 1 4 0 A4 4 0 1 1 -4 0 Z", cross: "M-7 0 H7 M0 -7 V7", down: "M0 6 L6 -5 L-6 -5 Z",
  }[kind];
  const isLine = kind === "circle" || kind === "cross";
  return svg("path", { d: outline, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, style: isLine
    ? `fill: var(--dlc-paper); stroke: ${colour}; stroke-width: 2` : `fill: ${colour}; stroke: var(--dlc-paper); stroke-width: 1` });
}

export function title(box, text) {
  return svg("text", { x: box.x, y: box.y - 12 }, text);
}

// Names under an axis: [[x, text], …], and in the middle what the axis is.
export function under(box, ticks, name) {
  const y = box.y + box.height;
  return svg("g", {},
    ...ticks.map(([x, text]) => svg("text", { x, y: y + 18, "text-anchor": "middle" }, text)),
    svg("text", { x: box.x + box.width / 2, y: y + 38, "text-anchor": "middle" }, name));
}

// What is drawn inside a box, and cut off at its edges.
export function clipped(box, children, margin = 0) {
  const id = `dlc-clip-${Math.random().toString(36).slice(2)}`;
  const size = { x: box.x - margin, y: box.y, width: box.width + 2 * margin, height: box.height };
  return svg("g", {}, svg("clipPath", { id }, svg("rect", size)), svg("g", { "clip-path": `url(#${id})` }, ...children));
}

// The chart of one day: the axes, the truth, and a function from hours and delays to places.
export function dayChart(picture, text) {
  const [x0, x1, low, high] = picture.window, up = upward(LEFT, { low, high });
  const at = (hours, delays) => Array.from(delays, (delay, k) =>
    [LEFT.x + (LEFT.width * (hours[k] - x0)) / (x1 - x0), up(delay)]);
  const axes = svg("g", {}, title(LEFT, text), ruler(LEFT, { ...DELAYS, low, high }, String),
    under(LEFT, [6, 10, 14, 18, 22].map((hour) => [LEFT.x + (LEFT.width * (hour - x0)) / (x1 - x0), String(hour)]),
      "hour of the day; delay in minutes"));
  const truth = stroke(at(picture.at.data, picture.truth.data), "var(--dlc-accent)", { width: 5, "data-curve": "truth" });
  return { axes, at, truth };
}

// Row k of a table that came as one array.
export function row({ shape, data }, k) {
  const size = data.length / shape[0];
  return data.slice(k * size, (k + 1) * size);
}

export function pairs(data) {
  return Array.from({ length: data.length / 2 }, (_, k) => [data[2 * k], data[2 * k + 1]]);
}

export function sample(name, ...drawn) {
  const image = svg("svg", { width: 34, height: 14, "aria-hidden": "true" }, ...drawn);
  return element("span", { style: "margin-right: 1.2em; white-space: nowrap" }, image, ` ${name}`);
}

export function lineSample(name, colour, options) {
  return sample(name, stroke([[1, 7], [33, 7]], colour, options));
}

export function markSample(name, kind, colour) {
  return sample(name, mark(kind, [17, 7], colour));
}
