// The optimizer race's picture: the paths on the surface up to the player's step, and the costs beside them.
import { ruler, upward } from "./chart.js";
import { element, svg } from "./dom.js";

const WIDTH = 1060, HEIGHT = 268;
const MAP = { x: 46, y: 30, width: 360, height: 188 };
const COST = { x: 496, y: 30, width: 540, height: 188 };
const LOOKS = [
  { stroke: "var(--dlc-ink)", dash: "2 4", mark: "square" },
  { stroke: "var(--dlc-accent)", dash: "none", mark: "circle" },
  { stroke: "var(--dlc-quiet)", dash: "8 3 2 3", mark: "diamond" },
  { stroke: "var(--dlc-faint)", dash: "12 3", mark: "down" },
  { stroke: "var(--dlc-second)", dash: "7 4", mark: "up" },
];

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-flow", tabindex: 0, role: "group" });
  const legend = element("p", { class: "dlc-marks" });
  figure.append(scroller, legend);
  return {
    update({ picture, place, hidden }) {
      const { step } = picture.frames[place];
      const shown = hidden ? 0 : step;
      const label = `${picture.label}, step ${shown}`;
      scroller.setAttribute("aria-label", `${label}, scrolls sideways`);
      scroller.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
        surface(picture, shown), costs(picture, shown)));
      legend.replaceChildren(...picture.racers.map(({ name }, racer) => sample(name, racer)));
    },
  };
}

function surface(picture, step) {
  const [x0, x1, y0, y1] = picture.window;
  const at = ([x, y]) => [MAP.x + (MAP.width * (x - x0)) / (x1 - x0), MAP.y + (MAP.height * (y1 - y)) / (y1 - y0)];
  const clip = `dlc-race-${Math.random().toString(36).slice(2)}`;
  const lines = picture.contours.map((line) => svg("polyline", { points: joined(pairs(line).map(at)),
    style: "fill: none; stroke: var(--dlc-rule); stroke-width: 1.2" }));
  const paths = picture.racers.map(({ name, path }, racer) => walk(pairs(path).slice(0, step + 1).map(at), racer, name));
  return svg("g", {},
    svg("clipPath", { id: clip }, svg("rect", MAP)),
    svg("text", { x: MAP.x, y: MAP.y - 12 }, `the paths after ${step} steps`),
    svg("g", { "clip-path": `url(#${clip})` }, ...lines, ...paths),
    svg("path", { class: "dlc-axis", d: `M${MAP.x} ${MAP.y} V${MAP.y + MAP.height} H${MAP.x + MAP.width}` }),
    ...[[x0, MAP.x, "start"], [x1, MAP.x + MAP.width, "end"]].map(([value, x, anchor]) =>
      svg("text", { x, y: MAP.y + MAP.height + 20, "text-anchor": anchor }, String(value))),
    svg("text", { x: MAP.x + MAP.width / 2, y: MAP.y + MAP.height + 20, "text-anchor": "middle" }, "x"),
    ...[[y0, MAP.y + MAP.height], [y1, MAP.y + 10]].map(([value, y]) =>
      svg("text", { x: MAP.x - 6, y, "text-anchor": "end" }, String(value))));
}

function costs(picture, step) {
  const up = upward(COST, picture.scale), under = COST.y + COST.height + 20;
  const across = (k) => COST.x + (COST.width * k) / picture.steps;
  const curves = picture.racers.map(({ name, cost }, racer) =>
    walk(Array.from(cost.data.slice(0, step + 1), (value, k) => [across(k), up(value)]), racer, `${name} cost`));
  return svg("g", {},
    svg("text", { x: COST.x, y: COST.y - 12 }, "cost above the lowest"),
    ruler(COST, picture.scale, power), ...curves,
    svg("text", { x: COST.x, y: under, "text-anchor": "middle" }, "0"),
    svg("text", { x: COST.x + COST.width / 2, y: under, "text-anchor": "middle" }, "step"),
    svg("text", { x: COST.x + COST.width, y: under, "text-anchor": "middle" }, String(picture.steps)));
}

function power(exponent) {
  return exponent === 0 ? "1" : exponent > 0 ? "1" + "0".repeat(exponent) : `1e${exponent}`;
}

// A line with its mark at the end, where the racer is.
function walk(points, racer, name) {
  const { stroke, dash } = LOOKS[racer];
  return svg("g", { "data-walk": name },
    svg("polyline", { points: joined(points), style: `fill: none; stroke: ${stroke}; stroke-width: 2.2; ` +
      `stroke-dasharray: ${dash}; stroke-linejoin: round` }),
    head(points.at(-1), racer));
}

function head([x, y], racer) {
  const { stroke, mark } = LOOKS[racer], style = `fill: ${stroke}; stroke: var(--dlc-paper); stroke-width: 1`;
  if (mark === "circle") return svg("circle", { cx: x, cy: y, r: 5.5, style });
  const outline = {
    square: "M-5 -5 H5 V5 H-5 Z", diamond: "M0 -7 L7 0 L0 7 L-7 0 Z",
    up: "M0 -7 L6 5 L-6 5 Z", down: "M0 7 L6 -5 L-6 -5 Z",
  }[mark];
  return svg("path", { d: outline, transform: `translate(${x} ${y})`, style });
}

function sample(name, racer) {
  const { stroke, dash } = LOOKS[racer];
  const image = svg("svg", { width: 44, height: 16, "aria-hidden": "true" },
    svg("path", { d: "M1 8 H34", style: `fill: none; stroke: ${stroke}; stroke-width: 2.2; stroke-dasharray: ${dash}` }),
    head([36, 8], racer));
  return element("span", { style: "margin-right: 1.4em; white-space: nowrap" }, image, ` ${name}`);
}

function pairs({ data }) {
  return Array.from({ length: data.length / 2 }, (_, k) => [data[2 * k], data[2 * k + 1]]);
}

function joined(points) {
  return points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
}
