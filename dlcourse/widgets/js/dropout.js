// The dropout explorer's picture: the network with its mask, the sub-network's map, and the map beside it.
import { element } from "./dom.js";
import { colourOf, drawMap, zeroLine } from "./heat.js";

const WIDTH = 1060, HEIGHT = 330, TOP = 28;
const NET = { left: 34, middle: 160, right: 286, top: TOP + 14, height: 262 };
const MEMBER = { x: 356, y: TOP, size: 294 }, BESIDE = { x: 726, y: TOP, size: 294 };

export function createDrawing(figure) {
  const canvas = element("canvas", { role: "img" });
  const scroller = element("div", { class: "dlc-playground", tabindex: 0, role: "group" }, canvas);
  const legend = element("p", { class: "dlc-marks" }), readout = element("p", { class: "dlc-readout" });
  figure.append(scroller, element("div", { class: "dlc-below" }, legend, readout));
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
    update({ picture, place, hidden }) {
      last = { picture, place, hidden };
      const kept = picture.frames[place].mask.flatMap((keeps, unit) => (keeps ? [unit + 1] : [])).join(", ");
      readout.textContent = `mask ${place + 1} keeps ${kept ? `units ${kept}` : "no unit"}`;
      canvas.setAttribute("aria-label", `${picture.label}. Picture: ${readout.textContent}`);
      scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
      legend.textContent = "● ▲ training points; the line is where both classes are equally likely. "
        + (picture.is_spread ? "Right: the darker, the more the draws disagree." : "The stronger the colour, the surer.");
      paint();
    },
  };
}

function palette(node) {
  const found = { ink: "--dlc-ink", quiet: "--dlc-quiet", accent: "--dlc-accent", second: "--dlc-second" };
  for (const [key, name] of Object.entries(found)) found[key] = colourOf(node, name);
  return { ...found, paper: colourOf(node, "--dlc-paper") };
}

function rgb(colour) {
  return `rgb(${colour})`;
}

function draw(canvas, { picture, place, hidden }, colours) {
  const scale = (canvas.clientWidth / WIDTH) * devicePixelRatio;
  if (!scale) return; // not on the page yet
  canvas.width = Math.round(WIDTH * scale);
  canvas.height = Math.round(HEIGHT * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.font = `16px ${getComputedStyle(canvas).fontFamily}`;
  context.textAlign = "center";
  const frame = picture.frames[place];
  title(context, `mask ${place + 1}`, NET.middle, colours);
  drawNetwork(context, frame.mask, colours);
  title(context, "this sub-network", MEMBER.x + MEMBER.size / 2, colours);
  drawPanel(context, frame.member.data, picture, MEMBER, false, colours);
  const counted = frame.beside ? `${picture.title}: ${place + 1} of ${picture.frames.length} draws` : picture.title;
  title(context, hidden ? `${counted}, ?` : counted, BESIDE.x + BESIDE.size / 2, colours);
  if (!hidden) drawPanel(context, (frame.beside ?? picture.beside).data, picture, BESIDE, picture.is_spread, colours);
}

function title(context, text, x, colours) {
  context.fillStyle = rgb(colours.ink);
  context.fillText(text, x, TOP - 9);
}

// Kept units are full discs with their connections, dropped ones are hollow, crossed out and alone.
function drawNetwork(context, mask, colours) {
  const up = (share) => NET.top + NET.height * share;
  const ends = [[NET.left, up(0.3), "x₁"], [NET.left, up(0.7), "x₂"], [NET.right, up(0.5), "ŷ"]];
  mask.forEach((keeps, unit) => {
    const y = up(unit / (mask.length - 1));
    if (keeps) for (const [x, end] of ends) segment(context, [x, end, NET.middle, y], rgb(colours.accent), 1.3);
  });
  mask.forEach((keeps, unit) => {
    const y = up(unit / (mask.length - 1));
    disc(context, NET.middle, y, 11, keeps ? colours.accent : colours.paper, keeps ? colours.accent : colours.quiet);
    if (keeps) return;
    segment(context, [NET.middle - 5, y - 5, NET.middle + 5, y + 5], rgb(colours.quiet), 2);
    segment(context, [NET.middle - 5, y + 5, NET.middle + 5, y - 5], rgb(colours.quiet), 2);
  });
  for (const [x, y, text] of ends) {
    disc(context, x, y, 14, colours.paper, colours.ink);
    context.fillStyle = rgb(colours.ink);
    context.fillText(text, x, y + 5);
  }
}

function segment(context, [x0, y0, x1, y1], colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

function disc(context, x, y, radius, fill, line) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = rgb(fill);
  context.strokeStyle = rgb(line);
  context.lineWidth = 1.6;
  context.fill();
  context.stroke();
}

function drawPanel(context, values, picture, box, isSpread, colours) {
  const map = isSpread
    ? { low: colours.quiet, zero: colours.paper, high: colours.quiet }
    : { low: colours.accent, zero: colours.paper, high: colours.second };
  drawMap(context, values, { ...box, side: picture.side, limit: 1, strength: isSpread ? 1 : 0.62, ...map });
  context.strokeStyle = rgb(colours.quiet);
  context.lineWidth = 1;
  context.strokeRect(box.x, box.y, box.size, box.size);
  if (!isSpread) {
    for (const [x0, y0, x1, y1] of zeroLine(values, picture.side)) {
      const ends = [box.x + x0 * box.size, box.y + y0 * box.size, box.x + x1 * box.size, box.y + y1 * box.size];
      segment(context, ends, rgb(colours.ink), 2);
    }
  }
  const scale = box.size / (2 * picture.extent);
  context.save();
  context.beginPath();
  context.rect(box.x, box.y, box.size, box.size);
  context.clip();
  picture.labels.forEach((label, n) => {
    const x = box.x + (picture.points.data[2 * n] + picture.extent) * scale;
    const y = box.y + (picture.extent - picture.points.data[2 * n + 1]) * scale;
    drawPoint(context, x, y, label, colours);
  });
  context.restore();
}

// Class 0 is a circle and class 1 a triangle.
function drawPoint(context, x, y, label, colours) {
  context.beginPath();
  if (label) {
    context.moveTo(x, y - 4.5);
    context.lineTo(x + 4.2, y + 3.2);
    context.lineTo(x - 4.2, y + 3.2);
    context.closePath();
  } else context.arc(x, y, 3.6, 0, 2 * Math.PI);
  context.fillStyle = rgb(label ? colours.second : colours.accent);
  context.strokeStyle = rgb(colours.paper);
  context.lineWidth = 0.8;
  context.fill();
  context.stroke();
}
