// The geometry of a convolution: the image with the counts in its pixels, the windows along a row, and the outputs.
import { chosen, createCells, moved, moveOf } from "./cells.js";
import { element, svg } from "./dom.js";

const UNIT = 10; // of a drawing, for a pixel
const FIXED = "vector-effect: non-scaling-stroke";
const MOST = 264, CELL = 34; // on the page: the widest picture, the widest pixel
const STRENGTH = 0.45; // of the strongest colour, pale enough for the numbers

export function createDrawing(figure) {
  const panels = element("div", { style: "display: flex; flex-wrap: wrap; gap: 0.5em 2em; align-items: flex-start; min-height: 290px" });
  const spoken = element("p", { class: "dlc-hidden", role: "status" });
  const legend = element("p", { class: "dlc-marks" },
    "O = ⌊(H + 2p − R) / s⌋ + 1 on each side. Point at an output or use the arrow keys to see its window.");
  figure.append(panels, spoken, legend);
  let picture = null, hidden = false, place = [0, 0], show = () => {};

  const outputs = element("div", { role: "group", onkeydown(event) {
    const by = moveOf(event);
    if (!by || hidden || picture.outputs === 0) return;
    event.preventDefault();
    choose(moved(place, by, picture.outputs, picture.outputs));
  } });

  function choose(next) {
    place = next;
    show();
  }

  function build() {
    const { size, padding, outputs: count, reads } = picture, whole = size + 2 * padding;
    const cell = Math.min(CELL, MOST / whole);
    const image = createCells({ rows: size, columns: size, margin: padding, isRuled: true,
      name: `image of ${size} × ${size} pixels with padding ${padding}` });
    const answer = createCells({ rows: count, columns: count, isRuled: true, name: `${count} × ${count} outputs`,
      at: (row, column) => choose([row, column]) });
    const strip = windows(picture, hidden);
    const most = Math.max(...reads) || 1;
    const counts = reads.flatMap((down) => reads.map((across) => down * across));
    image.paint(hidden ? null : counts.map((n) => (n > 0 ? 0.15 + (STRENGTH * n) / most ** 2 : -0.1)), 1);
    if (!hidden) image.write(counts.map(String), (k) => counts[k] === 0);
    answer.paint(Array(count * count).fill(0.15), 1);
    const isShown = !hidden && count > 0;
    outputs.setAttribute("aria-label", isShown ? "outputs: arrow keys choose one" : "outputs: none shown");
    if (isShown) outputs.tabIndex = 0;
    else outputs.removeAttribute("tabindex");
    outputs.replaceChildren(isShown ? answer.node : element("div", {}, hidden ? "?" : "none"));
    panels.replaceChildren(
      panel("windows that read each pixel", image.node, cell * whole),
      panel("windows along a row", strip.node, cell * whole),
      panel(isShown ? `outputs: ${count} × ${count}` : "outputs", outputs, isShown ? cell * count : 90));
    show = () => {
      const [row, column] = place, { stride, kernel } = picture;
      const top = row * stride - padding, left = column * stride - padding;
      const edge = [-padding, -padding, whole, whole, "stroke: var(--dlc-faint); stroke-dasharray: 4 3"];
      image.outline([edge, ...chosen(top, left, kernel)]);
      if (isShown) answer.outline(chosen(row, column, 1));
      strip.choose(column);
      const range = (start) => `${start} to ${start + kernel - 1}`;
      spoken.textContent = isShown ? `Output [${row}, ${column}] reads rows ${range(top)} and columns ${range(left)}.` : "";
    };
  }

  return {
    update(next) {
      if (picture === next.picture && hidden === next.hidden) return;
      ({ picture, hidden } = next);
      place = [0, 0];
      build();
      show();
    },
  };
}

function panel(caption, content, width) {
  return element("div", {}, element("div", {}, caption), element("div", { style: `width: ${width.toFixed(1)}px; max-width: 100%` }, content));
}

// A bar for each window along a row, below each other; dashed the one that would end outside.
function windows({ size, padding, kernel, stride, outputs: count, even }, hidden) {
  const whole = (size + 2 * padding) * UNIT, rows = hidden ? 1 : count + (even ? 0 : 1), pitch = Math.min(UNIT, whole / (rows + 1));
  const line = (x, dashes) => svg("path", { d: `M${x * UNIT} ${-padding * UNIT}v${whole}`,
    style: `fill: none; stroke: var(--dlc-faint); stroke-dasharray: ${dashes}; ${FIXED}` });
  const bars = Array.from({ length: rows }, (_, k) => svg("rect", { "data-window": k < count ? "fits" : "outside",
    x: (k * stride - padding) * UNIT, y: -padding * UNIT + (k + 0.5) * pitch, width: kernel * UNIT, height: 0.68 * pitch,
    style: k < count ? "" : `fill: none; stroke: var(--dlc-second); stroke-width: 2; stroke-dasharray: 5 3; ${FIXED}` }));
  const node = svg("svg", { viewBox: `${-padding * UNIT - 1} ${-padding * UNIT - 1} ${whole + 2} ${whole + 2}`, role: "img",
    "aria-label": hidden ? "the first window" : `${count} windows along a row${even ? "" : ", the next one would end outside"}`,
    style: "display: block; width: 100%; overflow: visible" },
    line(0, "none"), line(size, "none"), ...(padding ? [line(-padding, "4 3"), line(size + padding, "4 3")] : []), ...bars);
  return { node, choose(column) {
    bars.forEach((bar, k) => {
      if (bar.dataset.window === "fits") bar.style.fill = k === column ? "var(--dlc-ink)" : "var(--dlc-accent)";
    });
  } };
}
