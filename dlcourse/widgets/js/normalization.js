// The normalisation explorer's picture: three features before and after batch norm, or which cells share a mean.
import { clipped, lineSample, mark, markSample, row, stroke, title } from "./bias_variance_marks.js";
import { bars, upward } from "./chart.js";
import { element, svg } from "./dom.js";

const WIDTH = 1060, HEIGHT = 276;
const TOP = 36, PITCH = 76, TALL = 58;
const BEFORE = { x: 78, width: 216 }, AFTER = { x: 322, width: 216 };
const CHARTS = [["mean", { x: 600, width: 200 }], ["variance", { x: 852, width: 200 }]];
const CELL = { x: 92, y: 38, wide: 52, tall: 34, image: 242 };

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-flow", tabindex: 0, role: "group" });
  const legend = element("p", { class: "dlc-marks" });
  figure.append(scroller, legend);
  return {
    update({ picture, place, hidden }) {
      const isValues = picture.view === "values";
      const drawn = isValues ? drawValues(picture, place, hidden) : drawAxes(picture, hidden ? [] : picture.frames[place].cells);
      scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
      scroller.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": picture.label },
        ...drawn));
      legend.replaceChildren(...(isValues ? samples() : [axesNote(picture, hidden ? null : picture.frames[place])]));
      if (!isValues && !hidden) scrollToChosen(scroller);
    },
  };
}

function drawValues(picture, place, hidden) {
  const frame = picture.frames[place], bottom = TOP + 2 * PITCH + TALL;
  const count = picture.charts.length, moment = Math.min(place, picture.after.shape[0] - 1);
  const after = row(picture.after, moment), bins = picture.before.shape[1];
  const parts = [
    svg("text", { x: BEFORE.x, y: 13 }, "x before, all images"),
    svg("text", { x: AFTER.x, y: 13 }, hidden ? "y after: ?" : "y after, all images"),
    ...CHARTS.map(([name, box]) => svg("text", { x: box.x, y: 13 }, `running ${name}, batch ${frame.step}`)),
  ];
  for (let k = 0; k < count; k += 1) {
    const y = TOP + k * PITCH;
    parts.push(svg("text", { x: 0, y: y + TALL / 2 + 5, class: "dlc-row" }, `feature ${k + 1}`));
    parts.push(...histogram(row(picture.before, k), { ...BEFORE, y }, "dlc-first", picture.before_words[k]));
    if (!hidden) {
      parts.push(...histogram(after.subarray(k * bins, (k + 1) * bins), { ...AFTER, y }, "dlc-second", frame.words[k]));
    }
    for (const [name, box] of CHARTS) {
      parts.push(running(picture.charts[k][name], { ...box, y, height: TALL }, frame.step, picture.steps, `${name}${k}`));
    }
  }
  const under = (x, text) => svg("text", { x, y: bottom + 17, "text-anchor": "middle" }, text);
  for (const box of [BEFORE, AFTER]) {
    parts.push(...[-1, 0, 1].map((side) => under(box.x + (box.width * (side + 1)) / 2, number(side * picture.edge))));
  }
  for (const [, box] of CHARTS) {
    parts.push(under(box.x, "0"), under(box.x + box.width, String(picture.steps)), under(box.x + box.width / 2, "batches"));
  }
  return parts;
}

// A histogram with a line at 0 and, in its corner, mean ± standard deviation.
function histogram(shares, { x, y, width }, kind, words) {
  return [
    bars(Array.from(shares), { x, y, width, height: TALL, kind }),
    svg("path", { class: "dlc-rule", d: `M${x + width / 2} ${y - 4} V${y + TALL}` }),
    svg("text", { x: x + width, y: y - 3, "text-anchor": "end", class: "dlc-size" }, words),
  ];
}

// Triangles for the batches so far, a line for what is remembered, dashes for all images.
function running(chart, box, step, steps, name) {
  const up = upward(box, chart), across = (batch) => box.x + (box.width * batch) / steps;
  const line = Array.from(chart.running.data.subarray(0, step + 1), (value, k) => [across(k), up(value)]);
  const batches = Array.from(chart.batch.data.subarray(0, step), (value, k) => [across(k + 1), up(value)])
    .filter(([, y]) => Number.isFinite(y));
  return svg("g", {},
    svg("path", { class: "dlc-axis", d: `M${box.x} ${box.y} V${box.y + box.height} H${box.x + box.width}` }),
    svg("text", { x: box.x - 5, y: up(chart.all) + 5, "text-anchor": "end" }, number(chart.all.toFixed(2))),
    clipped(box, [
      stroke([[box.x, up(chart.all)], [box.x + box.width, up(chart.all)]], "var(--dlc-quiet)", { width: 1.4, dash: "5 4" }),
      ...batches.map((at) => mark("triangle", at, "var(--dlc-second)")),
      stroke(line, "var(--dlc-accent)", { width: 3, "data-curve": name }),
    ], 5),
    mark("dot", [line.at(-1)[0], Math.min(box.y + box.height, Math.max(box.y, line.at(-1)[1]))], "var(--dlc-accent)"));
}

function samples() {
  return [lineSample("remembered (running)", "var(--dlc-accent)", { width: 3 }),
    markSample("a training batch", "triangle", "var(--dlc-second)"),
    lineSample("all images", "var(--dlc-quiet)", { width: 1.4, dash: "5 4" }),
    element("span", {}, "In the histograms: mean ± standard deviation; beyond ±6 in the last bar")];
}

function drawAxes(picture, cells) {
  const [images, channels, length] = picture.shape, chosen = new Set(cells);
  const parts = [];
  for (let channel = 0; channel < channels; channel += 1) {
    parts.push(svg("text", { x: 0, y: CELL.y + CELL.tall * (channel + 0.5) + 5, class: "dlc-row" }, `channel ${channel + 1}`));
  }
  for (let image = 0; image < images; image += 1) {
    const x = CELL.x + image * CELL.image;
    parts.push(title({ x, y: CELL.y }, `image ${image + 1}`));
    for (let k = 0; k < channels * length; k += 1) {
      const index = image * channels * length + k;
      parts.push(cell(x + (k % length) * CELL.wide, CELL.y + Math.floor(k / length) * CELL.tall, picture.numbers[index],
        chosen.has(index), picture.constant));
    }
  }
  return parts;
}

// One number; those that share the mean are filled and bold, those of a channel with constants outlined and bold.
function cell(x, y, value, isChosen, isConstant) {
  const filled = isChosen && !isConstant;
  const [edge, width] = isChosen ? ["var(--dlc-accent)", 3] : ["var(--dlc-faint)", 1];
  return svg("g", { "data-chosen": String(isChosen) },
    svg("rect", { x: x + 2, y: y + 2, width: CELL.wide - 4, height: CELL.tall - 4, rx: 3,
      style: `fill: var(${filled ? "--dlc-accent" : "--dlc-paper"}); stroke: ${edge}; stroke-width: ${width}` }),
    svg("text", { x: x + CELL.wide / 2, y: y + CELL.tall / 2 + 5, "text-anchor": "middle",
      style: `fill: var(${filled ? "--dlc-on-accent" : "--dlc-ink"}); font-weight: ${isChosen ? 700 : 400}` }, value));
}

// On a narrow screen the block is wider than the figure: bring the first chosen cell to the left if any is outside.
function scrollToChosen(scroller) {
  const places = [...scroller.querySelectorAll('[data-chosen="true"]')].map((node) => node.getBoundingClientRect());
  const frame = scroller.getBoundingClientRect(), left = places[0].left;
  if (left < frame.left || places.at(-1).right > frame.right) scroller.scrollLeft += left - frame.left - CELL.x;
}

function axesNote(picture, frame) {
  const how = picture.constant ? "Outlined, normalised by two constants" : "Filled, one mean and one variance";
  const more = !picture.more ? "" : ` (and ${picture.more} more images${picture.more_shaded ? " take part" : ""})`;
  return element("span", {}, `${how}: ${frame ? frame.name + more : "?"}. Momentum, γ, β and bug: for the values only.`);
}

function number(value) {
  return String(value).replace("-", "−");
}
