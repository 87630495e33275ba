// The playground's picture: inputs, units, output with the points, and the costs. Weights come from Python.
import { drawCurves } from "./curves.js";
import { element } from "./dom.js";
import { createWeightEditor } from "./edit_weight.js";
import { colourOf, drawMap, largest, zeroLine } from "./heat.js";
import { forward } from "./mlp.js";
import { createOwnPoints } from "./own_points.js";
import { createPageTraining } from "./page_training.js";

const WIDTH = 1060, HEIGHT = 330, TOP = 22;
const OUTPUT = { x: 475, y: TOP, size: 300 };
const CURVES = { x: 830, y: TOP + 10, width: 215, height: 255 };

const NEAR = 6; // pixels between a click and the weight that it means

export function createDrawing(figure, { change, isLive }) {
  const canvas = element("canvas", { role: "img" });
  const readout = element("p", { class: "dlc-readout" });
  const legend = element("p", { class: "dlc-marks" },
    "● ▲ training, ○ △ validation. Lines are weights, dashed where negative.");
  const scroller = element("div", { class: "dlc-playground", tabindex: 0, role: "group" }, canvas);
  const training = createPageTraining((weights, words) => {
    last.weights = weights;
    editor.show(weights);
    readout.textContent = words;
    paint();
  });
  const editor = createWeightEditor(training.set);
  const own = createOwnPoints((points) => change({ own: points, epoch: 0 }));
  figure.append(scroller, element("div", { class: "dlc-below" }, legend, training.node, editor.node, readout));
  if (isLive) figure.append(own.node);
  canvas.addEventListener("click", (event) => {
    const scale = WIDTH / canvas.clientWidth, x = event.offsetX * scale, y = event.offsetY * scale;
    if (x >= OUTPUT.x && x <= OUTPUT.x + OUTPUT.size && y >= OUTPUT.y && y <= OUTPUT.y + OUTPUT.size) {
      const { extent } = last.picture, share = (2 * extent) / OUTPUT.size;
      if (isLive) own.add((x - OUTPUT.x) * share - extent, extent - (y - OUTPUT.y) * share);
      return;
    }
    const position = weightAt(last.picture.sizes, x, y);
    if (position !== null) editor.pick(position);
  });
  let last = null, colours = null, ink = "";
  const paint = () => {
    if (!last || !canvas.isConnected) return;
    const now = getComputedStyle(scroller).color; // another theme, other colours
    if (now !== ink) [colours, ink] = [palette(scroller), now];
    draw(canvas, last, colours);
  };
  new ResizeObserver(paint).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  return {
    update({ picture, place }) {
      if (last?.picture === picture && last.place === place) return;
      last = { picture, place, weights: picture.frames[place].weights.data };
      training.reset(picture, last.weights);
      editor.reset(picture.sizes, last.weights);
      own.show(picture.own, picture.extent);
      canvas.setAttribute("aria-label", picture.label);
      scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
      const frame = picture.frames[place];
      readout.textContent = `epoch ${place}: cost ${number(frame.cost)} (training), ${number(frame.val_cost)} (validation)`;
      paint();
    },
  };
}

function number(value) {
  return value === null ? "not finite" : value.toPrecision(3);
}

function draw(canvas, { picture, place, weights }, colours) {
  const scale = (canvas.clientWidth / WIDTH) * devicePixelRatio;
  if (!scale) return; // not on the page yet
  canvas.width = Math.round(WIDTH * scale);
  canvas.height = Math.round(HEIGHT * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.font = `13px ${getComputedStyle(canvas).fontFamily}`;
  const { sizes, frames } = picture;
  const values = forward(sizes, picture.activation, weights, picture.grid);
  const places = layout(sizes);
  drawWeights(context, sizes, places, weights, colours);
  values.slice(0, -1).forEach((layer, column) => layer.forEach((map, unit) => {
    const at = places[column][unit];
    drawMap(context, map, { ...at, side: picture.side, limit: largest(map), ...colours.map });
    frameOf(context, at, colours.quiet);
    if (column === 0) caption(context, picture.inputs[unit], at, colours.ink);
  }));
  drawOutput(context, picture, values.at(-1)[0], colours);
  context.fillStyle = colours.ink;
  context.textAlign = "left";
  context.fillText("cost:  — training   - - validation", CURVES.x, TOP - 6);
  drawCurves(context, frames, place, { ...CURVES, ...colours });
}

function palette(node) {
  const names = { ink: "--dlc-ink", quiet: "--dlc-quiet", training: "--dlc-accent", validation: "--dlc-second" };
  const found = Object.fromEntries(Object.entries(names).map(([key, name]) => [key, `rgb(${colourOf(node, name)})`]));
  const paper = colourOf(node, "--dlc-paper");
  found.paper = `rgb(${paper})`;
  found.map = { low: colourOf(node, "--dlc-accent"), zero: paper, high: colourOf(node, "--dlc-second") };
  return found;
}

// Where the maps are: a column for the inputs and for each hidden layer, then the output.
function layout(sizes) {
  const rows = Math.max(...sizes.slice(0, -1));
  const size = Math.min(34, (HEIGHT - TOP - 8) / rows - 5);
  const pitch = size + 5;
  const columns = sizes.length - 1;
  const step = columns > 1 ? (OUTPUT.x - 110 - size) / (columns - 1) : 0;
  const places = sizes.slice(0, -1).map((count, column) => Array.from({ length: count }, (_, unit) => ({
    x: 52 + column * step, y: TOP + 150 + (unit - count / 2) * pitch, size })));
  return [...places, [OUTPUT]];
}

function drawWeights(context, sizes, places, weights, colours) {
  let position = 0;
  for (let layer = 1; layer < sizes.length; layer += 1) {
    const count = sizes[layer] * sizes[layer - 1];
    const most = largest(weights.subarray(position, position + count));
    for (let unit = 0; unit < sizes[layer]; unit += 1) {
      for (let input = 0; input < sizes[layer - 1]; input += 1) {
        const weight = weights[position + unit * sizes[layer - 1] + input];
        drawWeight(context, places[layer - 1][input], places[layer][unit], weight, most, colours);
      }
    }
    position += count + sizes[layer];
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

// The place of the weight whose line passes nearest to a point of the canvas, or null when none is near.
export function weightAt(sizes, x, y) {
  const places = layout(sizes);
  let best = null, least = NEAR, position = 0;
  for (let layer = 1; layer < sizes.length; layer += 1) {
    for (let unit = 0; unit < sizes[layer]; unit += 1) {
      for (let input = 0; input < sizes[layer - 1]; input += 1, position += 1) {
        const away = distance(ends(places[layer - 1][input], places[layer][unit]), x, y);
        if (away < least) [best, least] = [position, away];
      }
    }
    position += sizes[layer];
  }
  return best;
}

function ends(from, to) {
  return [from.x + from.size, from.y + from.size / 2, to.x, to.y + to.size / 2];
}

// Up and down from a point to the curve of a weight, which is level at both ends.
function distance([x0, y0, x1, y1], x, y) {
  if (x < x0 || x > x1) return Infinity;
  let low = 0, high = 1;
  const at = (t, a, b, c, d) => (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t * t * (1 - t) * c + t ** 3 * d;
  const middle = (x0 + x1) / 2;
  for (let k = 0; k < 20; k += 1) {
    const t = (low + high) / 2;
    if (at(t, x0, middle, middle, x1) < x) low = t;
    else high = t;
  }
  return Math.abs(at(low, y0, y0, y1, y1) - y);
}

function drawWeight(context, from, to, weight, most, colours) {
  if (!Number.isFinite(weight)) return;
  const [x0, y0, x1, y1] = ends(from, to);
  const middle = (x0 + x1) / 2, share = Math.abs(weight) / most;
  context.strokeStyle = weight > 0 ? colours.validation : colours.training;
  context.setLineDash(weight > 0 ? [] : [5, 3]);
  context.lineWidth = 0.4 + 3 * share;
  context.globalAlpha = 0.25 + 0.75 * share;
  context.beginPath();
  context.moveTo(x0, y0);
  context.bezierCurveTo(middle, y0, middle, y1, x1, y1);
  context.stroke();
}

function frameOf(context, { x, y, size }, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.strokeRect(x, y, size, size);
}

function caption(context, text, { x, y, size }, ink) {
  context.fillStyle = ink;
  context.textAlign = "right";
  context.fillText(text, x - 6, y + size / 2 + 4);
}

function drawOutput(context, picture, values, colours) {
  context.fillStyle = colours.paper;
  context.fillRect(OUTPUT.x, OUTPUT.y, OUTPUT.size, OUTPUT.size);
  drawMap(context, values, { ...OUTPUT, side: picture.side, limit: 2, strength: 0.6, ...colours.map });
  frameOf(context, OUTPUT, colours.quiet);
  context.strokeStyle = colours.ink;
  context.lineWidth = 2;
  context.beginPath();
  for (const [x0, y0, x1, y1] of zeroLine(values, picture.side)) {
    context.moveTo(OUTPUT.x + x0 * OUTPUT.size, OUTPUT.y + y0 * OUTPUT.size);
    context.lineTo(OUTPUT.x + x1 * OUTPUT.size, OUTPUT.y + y1 * OUTPUT.size);
  }
  context.stroke();
  const scale = OUTPUT.size / (2 * picture.extent);
  context.save();
  context.beginPath();
  context.rect(OUTPUT.x, OUTPUT.y, OUTPUT.size, OUTPUT.size);
  context.clip();
  picture.labels.forEach((label, n) => {
    const x = OUTPUT.x + (picture.points.data[2 * n] + picture.extent) * scale;
    const y = OUTPUT.y + (picture.extent - picture.points.data[2 * n + 1]) * scale;
    drawPoint(context, x, y, label, picture.training[n], colours);
  });
  context.restore();
}

// Class 0 is a circle and class 1 a triangle; filled ones train, hollow ones validate.
function drawPoint(context, x, y, label, trains, colours) {
  const colour = label ? colours.validation : colours.training;
  context.beginPath();
  if (label) {
    context.moveTo(x, y - 4.5);
    context.lineTo(x + 4.2, y + 3.2);
    context.lineTo(x - 4.2, y + 3.2);
    context.closePath();
  } else context.arc(x, y, 3.6, 0, 2 * Math.PI);
  context.fillStyle = trains ? colour : colours.paper;
  context.strokeStyle = trains ? colours.paper : colour;
  context.lineWidth = trains ? 0.8 : 1.5;
  context.fill();
  context.stroke();
}
