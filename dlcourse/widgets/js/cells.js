// A grid of cells as SVG: a colour for each number, outlines on top, and the cell under the pointer.
import { svg } from "./dom.js";

const UNIT = 10; // of the drawing, for a cell
const OVERLAP = 0.3; // so that no hairline shows between two cells
const PALE = 0.12; // below this share of the limit a cell is too pale to need its minus sign

// rows × columns cells with `margin` cells of room around them, with lines between them if `isRuled`. at(row, column,
// event) is told where the pointer is.
export function createCells({ rows, columns, margin = 0, name, at = null, isRuled = false }) {
  const wide = (columns + 2 * margin) * UNIT, tall = (rows + 2 * margin) * UNIT;
  const squares = Array.from({ length: rows * columns }, (_, k) => svg("rect", {
    x: (k % columns) * UNIT, y: Math.floor(k / columns) * UNIT, width: UNIT + OVERLAP, height: UNIT + OVERLAP,
    style: isRuled ? "stroke: var(--dlc-faint); stroke-width: 1px; vector-effect: non-scaling-stroke" : "" }));
  const minus = svg("path", { style: "stroke: var(--dlc-ink); stroke-width: 1.2; fill: none; opacity: 0.75" });
  const frame = svg("rect", { width: columns * UNIT, height: rows * UNIT,
    style: "fill: none; stroke: var(--dlc-faint)" });
  const words = svg("g", { "data-part": "words" });
  const marks = svg("g", { "data-part": "marks" }), pointer = svg("g", { "data-part": "cursor" });
  const box = ([row, column, height, width, style]) => svg("rect", { x: column * UNIT, y: row * UNIT,
    width: width * UNIT, height: height * UNIT, style: `fill: none; vector-effect: non-scaling-stroke; ${style}` });
  const node = svg("svg", { viewBox: `${-margin * UNIT - 1} ${-margin * UNIT - 1} ${wide + 2} ${tall + 2}`, role: "img",
    "aria-label": name, style: "display: block; width: 100%; overflow: visible" },
    svg("g", { "data-part": "cells" }, ...squares), minus, frame, words, marks, pointer);
  if (at) for (const type of ["pointerdown", "pointermove"]) node.addEventListener(type, follow);

  function follow(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(node.getScreenCTM().inverse());
    const row = Math.floor(point.y / UNIT), column = Math.floor(point.x / UNIT);
    if (row >= 0 && row < rows && column >= 0 && column < columns) at(row, column, event);
  }

  return {
    node,
    // Numbers row by row: above 0 one colour, below 0 the other and a minus sign, 0 as paper; null hides them all.
    paint(values, limit) {
      let strokes = "";
      squares.forEach((square, k) => {
        const share = values ? Math.max(-1, Math.min(1, values[k] / limit)) : 0;
        square.style.fill = colour(share);
        if (share < -PALE) strokes += `M${(k % columns) * UNIT + 3} ${(Math.floor(k / columns) + 0.5) * UNIT}h4`;
      });
      minus.setAttribute("d", strokes);
    },
    // A text in each cell, bold where isBold(k).
    write(texts, isBold) {
      words.replaceChildren(...texts.map((text, k) => svg("text", { x: ((k % columns) + 0.5) * UNIT,
        y: (Math.floor(k / columns) + 0.73) * UNIT, "text-anchor": "middle",
        style: `font-size: 6.6px; fill: var(--dlc-ink); font-weight: ${isBold(k) ? 700 : 400}` }, text)));
    },
    // Outlines as [row, column, height, width, style], the last one on top.
    outline(boxes) {
      marks.replaceChildren(...boxes.map(box));
    },
    // The keyboard's cell as one such outline, or null for none.
    point(outline) {
      pointer.replaceChildren(...(outline ? [box(outline)] : []));
    },
  };
}

// The outline of what is chosen, height cells a side, that stands out from light and from dark cells.
export function chosen(row, column, height) {
  const box = [row, column, height, height];
  return [[...box, "stroke: var(--dlc-paper); stroke-width: 5"], [...box, "stroke: var(--dlc-ink); stroke-width: 2.4"]];
}

export function colour(share) {
  const end = share < 0 ? "--dlc-second" : "--dlc-accent";
  return `color-mix(in srgb, var(${end}) ${(100 * Math.abs(share)).toFixed(1)}%, var(--dlc-paper))`;
}

// Arrow keys as [rows, columns] to move by; Home and End go to the ends of a row.
export function moveOf(event) {
  return { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    Home: [0, -Infinity], End: [0, Infinity] }[event.key];
}

// A cell moved by rows and columns, held inside the grid.
export function moved([row, column], [down, right], rows, columns) {
  const hold = (place, count) => Math.max(0, Math.min(count - 1, place));
  return [hold(row + down, rows), hold(column + right, columns)];
}
