// The training doctor's picture: cost curves, and beside them three checks of the network.
import { createCurvePencil } from "./curve_pencil.js";
import { element, svg } from "./dom.js";

const WIDTH = 760, HEIGHT = 232, LEFT = 44, TOP = 10, RIGHT = 748, BOTTOM = 196;
const NEW = { training: "var(--dlc-accent)", validation: "var(--dlc-second)" };

export function createDrawing(figure, { change, isLive }) {
  const plot = element("div", { style: "flex: 3 1 420px; min-width: 0" });
  const checks = element("dl", { style: "flex: 1 1 170px; margin: 0; padding-top: 0.4em" });
  figure.append(element("div", { style: "display: flex; flex-wrap: wrap; gap: 0.4em 1.6em" }, plot, checks));
  let top = 1;
  if (isLive) {
    const pencil = createCurvePencil(plot, { left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM, width: WIDTH },
      (shares) => change({ losses: shares.map((share) => (share * top).toPrecision(3)).join(" ") }));
    figure.append(pencil);
  }
  return {
    update({ picture, hidden }) {
      top = picture.top;
      plot.replaceChildren(chart(picture, hidden), legend(picture, hidden));
      const secret = hidden && picture.curves.some((curve) => curve.name.endsWith("after"));
      checks.replaceChildren(...picture.checks.flatMap((row, place) => check(row, place, secret)));
      checks.hidden = picture.checks.length === 0;
    },
  };
}

// While the reader predicts, the treated run is not shown.
function visible(picture, hidden) {
  return picture.curves.filter((curve) => curve.values.data.length > 0 && !(hidden && curve.name.endsWith("after")));
}

function styleOf(curve) {
  const training = curve.name.startsWith("training");
  const old = curve.name.endsWith("before");
  return {
    stroke: old ? "var(--dlc-faint)" : NEW[training ? "training" : "validation"],
    dash: training ? "none" : "7 4",
    width: old ? 1.3 : 2.2,
  };
}

function chart(picture, hidden) {
  const across = (index, count) => LEFT + ((RIGHT - LEFT) * index) / Math.max(count - 1, 1);
  const up = (cost) => BOTTOM - ((BOTTOM - TOP) * Math.min(cost, picture.top)) / picture.top;
  const image = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": picture.label,
    style: "display: block; width: 100%; fill: var(--dlc-ink); font-size: 14px" });
  image.append(line([[LEFT, TOP], [LEFT, BOTTOM], [RIGHT, BOTTOM]], { stroke: "var(--dlc-faint)", dash: "none", width: 1 }),
    label(LEFT - 6, TOP + 8, "end", picture.top.toPrecision(2)), label(LEFT - 6, BOTTOM, "end", "0"),
    label(LEFT - 6, (TOP + BOTTOM) / 2, "end", "cost"), label((LEFT + RIGHT) / 2, BOTTOM + 24, "middle", "step"),
    label(LEFT, BOTTOM + 20, "middle", "0"), label(RIGHT, BOTTOM + 20, "end", String(picture.steps)));
  for (const curve of visible(picture, hidden)) {
    const points = Array.from(curve.values.data, (cost, index) => [across(index, curve.count), up(cost)]);
    const path = line(points, styleOf(curve));
    path.setAttribute("data-curve", curve.name);
    image.append(path);
    if (curve.breaks) image.append(cross(...points.at(-1), styleOf(curve).stroke));
  }
  return image;
}

function line(points, { stroke, dash, width }) {
  return svg("polyline", { points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "),
    style: `fill: none; stroke: ${stroke}; stroke-width: ${width}; stroke-dasharray: ${dash}; stroke-linejoin: round` });
}

function cross(x, y, stroke) {
  return svg("path", { d: `M${x - 6} ${y - 6} l12 12 m0 -12 l-12 12`, style: `fill: none; stroke: ${stroke}; stroke-width: 3.5` });
}

function label(x, y, anchor, text) {
  return svg("text", { x, y, "text-anchor": anchor }, text);
}

function legend(picture, hidden) {
  const entries = visible(picture, hidden).flatMap((curve) => {
    const sample = svg("svg", { width: 34, height: 10, "aria-hidden": "true" }, line([[1, 5], [33, 5]], styleOf(curve)));
    return [element("span", { style: "margin-right: 1.2em; white-space: nowrap" }, sample, ` ${curve.name}`)];
  });
  const broken = visible(picture, hidden).some((curve) => curve.breaks) ? "✕ from here on not a number" : "";
  return element("p", { class: "dlc-marks" }, ...entries, broken);
}

function check([name, seen, ok], place, secret) {
  const mark = secret ? "?" : `${ok ? "✓" : "✗"} ${seen}`;
  return [element("dt", { style: "color: var(--dlc-quiet); font-size: 0.95em" }, name),
    element("dd", { style: "margin: 0 0 0.5em 0; font-size: 1.1em; font-variant-numeric: tabular-nums", "data-check": place }, mark)];
}
