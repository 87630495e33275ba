// The augmentation composer's picture: samples of two digits, a mixture with its soft label, and accuracies.
import { element, svg } from "./dom.js";

const PIXELATED = "display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border: 1px solid var(--dlc-faint)";
const BARS = { width: 200, height: 88, bottom: 68 };
const DOTS = { width: 250, height: 150, left: 88, right: 232, rows: { without: 40, with: 82 }, floor: 108 };

export function createDrawing(figure) {
  const grid = element("div", { style: "flex: 6 1 420px; display: grid; gap: 0.35em 0.5em; grid-template-columns: repeat(6, minmax(0, 1fr)); align-content: start" });
  const mixture = element("div", { style: "flex: 1.5 1 130px; max-width: 200px" });
  const runs = element("div", { style: "flex: 2.4 1 210px; max-width: 300px" });
  figure.append(element("div", { style: "display: flex; flex-wrap: wrap; gap: 0.5em 1.6em" }, grid, mixture, runs));
  let shown = null, pair = [];
  return {
    update({ picture, place }) {
      if (picture !== shown) {
        shown = picture;
        const { cells, firsts } = samples(picture);
        pair = firsts;
        grid.replaceChildren(...cells);
        runs.replaceChildren(accuracies(picture.accuracy));
      }
      mixture.replaceChildren(...mixed(pair, picture.frames[place], picture.digits));
    },
  };
}

function samples({ digits, originals, samples: all, drawn }) {
  const count = all.shape[1], cells = [], firsts = [];
  digits.forEach((digit, row) => {
    cells.push(captioned(paint(originals, row), `a ${digit}`, `the ${digit} as it is`));
    for (let column = 0; column < count; column += 1) {
      const canvas = paint(all, row * count + column);
      if (column === 0) firsts.push(canvas);
      cells.push(captioned(canvas, drawn[row][column], `sample ${column + 1} of the ${digit}`));
    }
  });
  return { cells, firsts };
}

// One image of an array (…, side, side) on a canvas of its own size.
function paint({ shape, data }, index) {
  const side = shape.at(-1), image = new ImageData(side, side);
  for (let pixel = 0; pixel < side * side; pixel += 1) {
    image.data.fill(Math.round(255 * data[index * side * side + pixel]), 4 * pixel, 4 * pixel + 3);
    image.data[4 * pixel + 3] = 255;
  }
  const canvas = element("canvas", { width: side, height: side, style: PIXELATED });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function captioned(canvas, caption, name) {
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", caption && !name.includes("as it is") ? `${name}, ${caption}` : name);
  return element("div", { style: "text-align: center; font-size: 0.87em; min-width: 0" }, canvas,
    element("div", { style: "min-height: 1.5em; white-space: nowrap; font-variant-numeric: tabular-nums" }, caption));
}

// The first image drawn with opacity λ over the second: that is λ a + (1 - λ) b.
function mixed([first, second], { share, soft }, digits) {
  const canvas = element("canvas", { width: first.width, height: first.height, style: PIXELATED, role: "img",
    "data-mixture": share, "aria-label": `mixture: ${soft[0]} of the ${digits[0]}, ${soft[1]} of the ${digits[1]}` });
  const context = canvas.getContext("2d");
  context.drawImage(second, 0, 0);
  context.globalAlpha = share;
  context.drawImage(first, 0, 0);
  return [element("div", { style: "text-align: center" }, `mixup, λ = ${share}`), canvas, label(soft, digits),
    element("div", { class: "dlc-marks", style: "text-align: center" }, "soft label; play moves λ")];
}

function label(soft, digits) {
  const wide = BARS.width / 10;
  const bars = digits.flatMap((digit, k) => {
    const tall = 0.55 * BARS.height * soft[k], middle = wide * (digit + 0.5);
    return [svg("rect", { x: middle - 0.35 * wide, y: BARS.bottom - tall, width: 0.7 * wide, height: tall,
      style: `fill: var(${k === 0 ? "--dlc-accent" : "--dlc-second"})`, "data-bar": digit }),
      text(middle, BARS.bottom - tall - 4, "middle", String(soft[k])), text(middle, BARS.bottom + 17, "middle", String(digit))];
  });
  return svg("svg", { viewBox: `0 0 ${BARS.width} ${BARS.height}`, role: "img", style: "display: block; width: 100%",
    "aria-label": `soft label: ${soft[0]} for ${digits[0]}, ${soft[1]} for ${digits[1]}` },
    svg("path", { class: "dlc-axis", d: `M0 ${BARS.bottom} H${BARS.width}` }), ...bars);
}

function accuracies(accuracy) {
  const across = (percent) => DOTS.left + ((DOTS.right - DOTS.left) * percent) / 100;
  const ticks = [0, 50, 100].flatMap((tick) => [
    svg("path", { class: "dlc-rule", d: `M${across(tick)} 22 V${DOTS.floor}` }),
    text(across(tick), DOTS.floor + 18, "middle", String(tick))]);
  const marks = Object.entries(DOTS.rows).flatMap(([name, y]) => [
    text(DOTS.left - 8, y + 5, "end", name === "with" ? "pipeline" : "as they are"),
    ...accuracy[name].map((percent) => mark(name, across(percent), y))]);
  return svg("svg", { viewBox: `0 0 ${DOTS.width} ${DOTS.height}`, role: "img", style: "display: block; width: 100%",
    "aria-label": "accuracies of three runs without and with the pipeline" }, ...ticks, ...marks,
    text((DOTS.left + DOTS.right) / 2, DOTS.floor + 38, "middle", "new pages read, %"));
}

function mark(name, x, y) {
  return name === "with"
    ? svg("circle", { cx: x, cy: y, r: 6, style: "fill: var(--dlc-accent); fill-opacity: 0.8", "data-run": name })
    : svg("rect", { x: x - 5, y: y - 5, width: 10, height: 10, style: "fill: var(--dlc-faint); fill-opacity: 0.8", "data-run": name });
}

function text(x, y, anchor, words) {
  return svg("text", { x, y, "text-anchor": anchor, style: "fill: var(--dlc-ink); font-size: 14px" }, words);
}
