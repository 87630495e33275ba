// The command center's picture: parallel coordinates, a scatter plot and the curves of all runs. One run can be picked,
// with the slider below or by pointing at it; it is then marked in all three.
import { element, svg, uniqueId } from "./dom.js";

const WIDTH = 1060, HEIGHT = 296;
const PARALLEL = { x: 58, y: 44, width: 420, height: 204 };
const SCATTER = { x: 590, y: 44, width: 180, height: 204 };
const CURVES = { x: 856, y: 44, width: 190, height: 204 };
const LOOKS = {
  best: "stroke: var(--dlc-accent); stroke-width: 3.4",
  top: "stroke: var(--dlc-accent); stroke-width: 1.5; opacity: 0.85",
  other: "stroke: var(--dlc-faint); stroke-width: 1.2",
  out: "stroke: var(--dlc-faint); stroke-width: 1.1; stroke-dasharray: 1.5 4",
  picked: "stroke: var(--dlc-second); stroke-width: 4; stroke-dasharray: 9 4",
};
const SAMPLES = { best: "best", top: "next four", other: "others", out: "stopped, or no number", picked: "picked" };

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-flow", tabindex: 0, role: "group" });
  const id = uniqueId("dlc");
  const range = element("input", { type: "range", id, min: 0, value: 0, step: 1, style: "width: 14em",
    oninput: () => pick(Number(range.value) - 1) });
  const readout = element("span", { class: "dlc-readout" });
  const legend = element("p", { class: "dlc-marks" }, ...Object.entries(SAMPLES).map(sample));
  figure.append(scroller, element("div", { class: "dlc-below" },
    element("label", { for: id, style: "display: flex; gap: 0.6em; align-items: center" }, "Pick a run", range), readout), legend);
  let now = null, picked = -1; // a place in the order of the runs, best first

  function pick(place) {
    picked = place;
    range.value = place + 1;
    paint();
  }

  function paint() {
    const { picture, frame } = now;
    const run = picked >= 0 ? frame.order[Math.min(picked, frame.order.length - 1)] : -1;
    const image = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": picture.label });
    const runs = [...frame.order].reverse(); // the best is drawn last
    image.append(frameOf(picture), ...runs.map((other) => runOf(now, other, other === run)));
    if (run >= 0) image.append(runOf(now, run, true));
    image.append(...labels(picture), ...edges(now));
    scroller.replaceChildren(image);
    range.max = frame.order.length;
    range.setAttribute("aria-valuetext", run >= 0 ? `rank ${frame.order.indexOf(run) + 1}` : "none");
    readout.textContent = said(now, run);
    for (const path of image.querySelectorAll("[data-run]")) {
      path.addEventListener("click", () => pick(frame.order.indexOf(Number(path.dataset.run))));
    }
  }

  return {
    update({ picture, place, hidden }) {
      scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
      const frame = hidden ? { epochs: [], order: [], out: [], edges: [] } : picture.frames[place];
      now = { picture, frame };
      paint();
    },
  };
}

function said({ picture, frame }, run) {
  if (frame.order.length === 0) return "";
  const shown = run >= 0 ? run : frame.order[0];
  const rank = frame.order.indexOf(shown) + 1;
  const score = picture.scores[shown][frame.epochs[shown] - 1] ?? "no number";
  return `${run >= 0 ? `Rank ${rank}` : `Best of ${frame.order.length}`}: ${score} · ${picture.named[shown]}`;
}

function lookOf(frame, run) {
  if (run === frame.order[0]) return "best";
  if (frame.out.includes(run)) return "out";
  return frame.order.indexOf(run) < 5 ? "top" : "other";
}

const across = (box, place) => box.x + box.width * place;
const up = (box, place) => box.y + box.height * (1 - place);
const column = (picture, axis) => PARALLEL.x + (PARALLEL.width * axis) / (picture.axes.length - 1);

// The values along the upright axes, over the lines.
function labels(picture) {
  return picture.axes.flatMap((axis, number) => axis.ticks.map((tick, place) => svg("text", {
    x: column(picture, number) + 6, y: up(PARALLEL, tick) + 5,
    style: "font-size: 12px; paint-order: stroke; stroke: var(--dlc-paper); stroke-width: 4px; pointer-events: none",
  }, axis.labels[place])));
}

// The axes and their names.
function frameOf(picture) {
  const score = picture.axes.at(-1), chosen = picture.axes[picture.against];
  const parts = picture.axes.flatMap((axis, number) => [
    svg("path", { class: "dlc-axis", d: `M${column(picture, number)} ${PARALLEL.y} v${PARALLEL.height}` }),
    svg("text", { x: column(picture, number), y: PARALLEL.y + PARALLEL.height + 34, "text-anchor": "middle" }, axis.name),
  ]);
  for (const [box, below, title] of [[SCATTER, chosen, `${score.name} against ${chosen.name}`], [CURVES, picture.epochs, `${score.name} after each epoch`]]) {
    parts.push(svg("text", { x: box.x - 46, y: 18 }, title),
      svg("path", { class: "dlc-axis", d: `M${box.x} ${box.y} v${box.height} h${box.width}` }),
      ...score.ticks.flatMap((tick, place) => [
        svg("path", { class: "dlc-rule", d: `M${box.x} ${up(box, tick)} h${box.width}` }),
        svg("text", { x: box.x - 7, y: up(box, tick) + 5, "text-anchor": "end", style: "font-size: 12px" }, score.labels[place])]),
      ...below.ticks.map((tick, place) => svg("text", { x: across(box, tick), y: box.y + box.height + 18,
        "text-anchor": "middle", style: "font-size: 12px" }, below.labels[place])),
      svg("text", { x: box.x + box.width / 2, y: box.y + box.height + 38, "text-anchor": "middle" }, below.name));
  }
  return svg("g", {}, ...parts);
}

// One run in all three pictures.
function runOf({ picture, frame }, run, isPicked) {
  const look = isPicked ? "picked" : lookOf(frame, run);
  const have = frame.epochs[run], count = picture.places.shape[1], length = picture.curves.shape[1];
  const places = Array.from(picture.places.data.subarray(run * count, (run + 1) * count));
  const scores = Array.from(picture.curves.data.subarray(run * length, run * length + have));
  const score = scores.at(-1), parts = [];
  const curve = scores.map((value, epoch) => [across(CURVES, picture.epochs.places[epoch]), up(CURVES, value)]).filter(([, y]) => Number.isFinite(y));
  if (curve.length > 0) parts.push(line(curve, look, run, "curve"));
  if (curve.length === 1) parts.push(svg("circle", { cx: curve[0][0], cy: curve[0][1], r: 2.6, style: fill(look) }));
  if (Number.isFinite(score)) {
    parts.push(line([...places, score].map((value, axis) => [column(picture, axis), up(PARALLEL, value)]), look, run, "parallel"));
    parts.push(mark(across(SCATTER, places[picture.against]), up(SCATTER, score), look, run));
  }
  return svg("g", { style: "cursor: pointer" }, ...parts);
}

function line(points, look, run, panel) {
  const text = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return svg("g", { "data-run": run },
    svg("polyline", { points: text, "data-panel": panel, "data-look": look, style: `fill: none; stroke-linejoin: round; ${LOOKS[look]}` }),
    svg("polyline", { points: text, style: "fill: none; stroke: transparent; stroke-width: 9" })); // easier to point at
}

const fill = (look) => `fill: ${look === "picked" ? "var(--dlc-second)" : look === "best" || look === "top" ? "var(--dlc-accent)" : "var(--dlc-faint)"}`;

const STAR = Array.from({ length: 10 }, (_, k) => [k, k % 2 ? 4 : 9.5])
  .map(([k, r]) => `${(r * Math.sin((Math.PI * k) / 5)).toFixed(2)} ${(-r * Math.cos((Math.PI * k) / 5)).toFixed(2)}`).join(" L");

function mark(x, y, look, run) {
  const shapes = {
    best: () => svg("path", { d: `M${STAR} Z`, transform: `translate(${x} ${y})`, style: fill(look) }),
    out: () => svg("path", { d: `M${x - 4} ${y - 4} l8 8 m0 -8 l-8 8`, style: "stroke: var(--dlc-faint); stroke-width: 1.6" }),
    picked: () => svg("circle", { cx: x, cy: y, r: 8, style: "fill: none; stroke: var(--dlc-second); stroke-width: 3.4" }),
  };
  const shape = (shapes[look] ?? (() => svg("circle", { cx: x, cy: y, r: 4.2, style: fill(look) })))();
  return svg("g", { "data-run": run, "data-mark": look }, shape);
}

// Where the best value lies at the end of a range.
function edges({ picture, frame }) {
  return frame.edges.flatMap(([axis, end]) => {
    const high = end === "upper", x = column(picture, axis), y = up(PARALLEL, high ? 1 : 0), turn = high ? -1 : 1;
    const parts = [
      svg("path", { d: `M${x} ${y + 12 * turn} l7 ${-12 * turn} h-14 Z`, style: "fill: var(--dlc-second)" }),
      svg("text", { x, y: y + (high ? -16 : 26), "text-anchor": "middle", style: "fill: var(--dlc-second); font-weight: 650" }, "edge: widen"),
    ];
    if (axis === picture.against) {
      parts.push(svg("path", { d: `M${across(SCATTER, high ? 1 : 0)} ${SCATTER.y} v${SCATTER.height}`,
        style: "stroke: var(--dlc-second); stroke-width: 2; stroke-dasharray: 6 4" }));
    }
    return parts;
  });
}

function sample([look, name]) {
  const image = svg("svg", { width: 34, height: 10, "aria-hidden": "true" },
    svg("polyline", { points: "1,5 33,5", style: `fill: none; ${LOOKS[look]}` }));
  return element("span", { style: "margin-right: 1.2em; white-space: nowrap" }, image, ` ${name}`);
}
