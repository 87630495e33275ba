// The label-spread explorer's picture: a map whose numerals are labels, and the share of right ones over the steps.
import { ruler, upward } from "./chart.js";
import { element, svg } from "./dom.js";

const WIDTH = 1060, HEIGHT = 440;
const MARGIN = 150; // on both sides, so that the picture is low enough for a slide
const MAP = { x: 16, y: 34, width: 690, height: 392 };
const CURVE = { x: 780, y: 34, width: 262, height: 346 };
const AXIS = { low: 0, high: 100, ticks: [0, 25, 50, 75, 100] };

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-flow", tabindex: 0, role: "group" });
  const legend = element("p", { class: "dlc-marks" },
    "A numeral is the label that a digit carries, · is none yet. Large: given. In a box: wrong.");
  figure.append(scroller, legend);
  return {
    update({ picture, place, hidden }) {
      scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
      const image = svg("svg", { viewBox: `${-MARGIN} 0 ${WIDTH + 2 * MARGIN} ${HEIGHT}`, role: "img", "aria-label": picture.label },
        svg("text", { x: MAP.x, y: MAP.y - 14 }, `step ${picture.steps[place]}`),
        svg("text", { x: CURVE.x, y: CURVE.y - 14 }, "right labels, %"));
      if (!hidden) image.append(map(picture, picture.frames[place].labels));
      image.append(curve(picture, hidden ? place - 3 : place));
      scroller.replaceChildren(image);
    },
  };
}

function map({ points, truth, known }, labels) {
  const group = svg("g", { "data-part": "map" });
  const given = [];
  labels.forEach((label, digit) => {
    const x = MAP.x + (MAP.width * (points.data[2 * digit] + 1.04)) / 2.08;
    const y = MAP.y + (MAP.height * (1.04 - points.data[2 * digit + 1])) / 2.08;
    const isGiven = known[digit] >= 0;
    const mark = numeral(x, y, label, isGiven, label >= 0 && label !== truth[digit]);
    if (isGiven) given.push(mark);
    else group.append(mark);
  });
  group.append(...given); // on top of the others
  return group;
}

function numeral(x, y, label, isGiven, isWrong) {
  const size = isGiven ? 23 : 13, half = size * 0.58;
  const colour = isWrong ? "var(--dlc-second)" : isGiven ? "var(--dlc-accent)" : "var(--dlc-quiet)";
  const text = svg("text", { x, y: y + size * 0.36, "text-anchor": "middle",
    style: `font-size: ${size}px; font-weight: ${isGiven ? 700 : 400}; fill: ${colour}` }, label < 0 ? "·" : String(label));
  if (!isWrong) return text;
  const box = svg("rect", { x: x - half, y: y - half, width: 2 * half, height: 2 * half, rx: 3,
    style: `fill: none; stroke: ${colour}; stroke-width: ${isGiven ? 2.4 : 1.3}` });
  return svg("g", { "data-wrong": isGiven ? "given" : "other" }, box, text);
}

function curve(picture, place) {
  const up = upward(CURVE, AXIS), under = CURVE.y + CURVE.height;
  const across = (step) => CURVE.x + (CURVE.width * step) / (picture.steps.length - 1);
  const line = (values, until, style) => svg("polyline", { style: `fill: none; ${style}`,
    points: Array.from(values.data.slice(0, until + 1), (v, i) => `${across(i).toFixed(1)},${up(v).toFixed(1)}`).join(" ") });
  const group = svg("g", {}, ruler(CURVE, AXIS, String));
  if (picture.clean) {
    group.append(line(picture.clean, place, "stroke: var(--dlc-faint); stroke-width: 1.8; stroke-dasharray: 2 4"),
      svg("text", { x: CURVE.x + CURVE.width, y: under - 8, "text-anchor": "end" }, "dotted: all given labels right"));
  }
  const run = line(picture.right, place, "stroke: var(--dlc-accent); stroke-width: 2.4");
  run.setAttribute("data-curve", "right");
  group.append(run, svg("circle", { cx: across(place), cy: up(picture.right.data[place]), r: 5.5, class: "dlc-first" }));
  picture.steps.forEach((step, i) => {
    if (i % 2 === 0) group.append(svg("text", { x: across(i), y: under + 20, "text-anchor": "middle" }, String(step)));
  });
  group.append(svg("text", { x: CURVE.x + CURVE.width / 2, y: under + 42, "text-anchor": "middle" }, "step"));
  return group;
}
