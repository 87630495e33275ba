// The convolution explorer's picture: image, window × kernel, and the maps z, ReLU and max-pooled.
// Numbers are integers from Python, images and kernels in 1/100, maps in 1/10,000: a product of the first two is exact.
import { chosen, colour, createCells, moved, moveOf } from "./cells.js";
import { element } from "./dom.js";
import { createPencil } from "./pencil.js";

const SIDE = 16, HALF = SIDE / 2, K = 3;
const THIN = "stroke: var(--dlc-ink); stroke-width: 1.2; stroke-dasharray: 3 2";
const PADDING = "stroke: var(--dlc-faint); stroke-dasharray: 4 3";

export function createDrawing(figure) {
  let picture = null, hidden = false, place = [0, 0];
  const choose = (next) => {
    place = next;
    show();
  };
  const pencil = createPencil(SIDE, "image x with one ring of zeros around it");
  const z = createCells({ rows: SIDE, columns: SIDE, name: "map z", at: (row, column) => choose([row, column]) });
  const relu = createCells({ rows: SIDE, columns: SIDE, name: "map after ReLU", at: (row, column) => choose([row, column]) });
  const pooled = createCells({ rows: HALF, columns: HALF, name: "map after max-pooling",
    at: (row, column) => choose(winner(picture.relu, row, column)) });
  const sums = element("div", { style: "flex: 2.9 1 280px; max-width: 310px" });
  const panels = [panel("image x", pencil.node, "2.2 1 190px", 216), sums,
    panel("z: convolution", keyed(z.node), "1.65 1 140px", 165), panel("ReLU: max(0, z)", relu.node, "1.65 1 140px", 165),
    panel("max of each 2 × 2", pooled.node, "1.65 1 140px", 165)];
  const spoken = element("p", { class: "dlc-hidden", role: "status" });
  figure.append(element("div", { style: "display: flex; flex-wrap: wrap; gap: 0.5em 1em; align-items: flex-start" },
    ...panels.map((part) => part.node ?? part)), spoken,
    element("p", { class: "dlc-marks" }, "Blue: above 0. Orange with −: below 0. Point at a map, or use the arrow keys on z."));

  function keyed(node) {
    return element("div", { tabindex: 0, role: "group", "aria-label": "z: arrow keys choose a cell", onkeydown(event) {
      const by = moveOf(event);
      if (!by) return;
      event.preventDefault();
      choose(moved(place, by, SIDE, SIDE));
    } }, node);
  }

  function paint() {
    const limit = Math.max(1, ...picture.z.map(Math.abs));
    z.paint(hidden ? null : picture.z, limit);
    relu.paint(hidden ? null : picture.relu, limit);
    pooled.paint(hidden ? null : picture.pooled, limit);
  }

  function show() {
    const [row, column] = place, across = column >> 1, down = row >> 1;
    pencil.cells.outline([[-1, -1, SIDE + 2, SIDE + 2, PADDING], ...chosen(row - 1, column - 1, K)]);
    z.outline(chosen(row, column, 1));
    relu.outline([[2 * down, 2 * across, 2, 2, THIN], ...chosen(row, column, 1)]);
    pooled.outline(chosen(down, across, 1));
    const sum = added(picture, row, column);
    sums.replaceChildren(...arithmetic(picture, sum, hidden));
    const at = row * SIDE + column, four = windowOf(picture.relu, down, across).map(small);
    const says = hidden ? [`z[${row}, ${column}] = ?`, "", ""] : [
      `z[${row}, ${column}] = ${small(picture.z[at])}`, `${small(picture.relu[at])}`,
      `max(${four.join(", ")}) = ${small(picture.pooled[down * HALF + across])}`];
    panels[0].say(pencil.help());
    panels.slice(2).forEach((part, k) => part.say(says[k]));
    spoken.textContent = hidden ? says[0] : `${says[0]}: products ${small(sum.total)}, bias ${hundredth(picture.bias)}. ` +
      `After ReLU ${says[1]}. Pooled: ${says[2]}.`;
  }

  return {
    update(next) {
      const isNew = picture !== next.picture;
      if (!isNew && hidden === next.hidden) return;
      if (isNew && (!picture || next.hidden)) place = next.picture.start;
      ({ picture, hidden } = next);
      if (hidden) place = picture.start;
      pencil.show(picture.image, picture.drawable);
      paint();
      show();
    },
  };
}

// A caption, a picture and a line below it.
function panel(caption, content, flex, most) {
  const line = element("div", { style: "min-height: 2.7em; font-size: 0.87em; line-height: 1.35; font-variant-numeric: tabular-nums" });
  return { node: element("div", { style: `flex: ${flex}; max-width: ${most}px; min-width: 0` },
    element("div", {}, caption), content, line), say: (text) => { line.textContent = text; } };
}

// The window at a cell of z, its products with the kernel in 1/10,000, and their sum.
function added({ image, kernel }, row, column) {
  const seen = Array.from({ length: K * K }, (_, k) => {
    const r = row - 1 + Math.floor(k / K), c = column - 1 + (k % K);
    return r < 0 || c < 0 || r >= SIDE || c >= SIDE ? 0 : image[r * SIDE + c];
  });
  const products = seen.map((value, k) => value * kernel[k]);
  return { seen, products, total: products.reduce((a, b) => a + b) };
}

function arithmetic({ kernel, bias, z }, { seen, products, total }, hidden) {
  const most = Math.max(1, ...kernel.map(Math.abs));
  const line = (label, value) => element("div", { style: "display: flex; justify-content: space-between; gap: 0.6em" },
    element("span", {}, label), element("span", {}, value));
  const sum = hidden ? "?" : small(total), result = hidden ? "?" : small(total + 100 * bias);
  return [
    row(numbers("window", seen, hundredth, 100), "×", numbers("kernel W", kernel, hundredth, most)),
    row(numbers("products", products, hidden ? () => "?" : small, hidden ? Infinity : 100 * most), "",
      element("div", { style: "flex: 1; align-self: center; font-variant-numeric: tabular-nums", "data-part": "sum" },
        line("Σ", sum), line("+ b", hundredth(bias)),
        element("div", { style: "border-top: 1px solid var(--dlc-faint); font-weight: 650" }, line("= z", result)))),
  ];
}

function row(left, sign, right) {
  return element("div", { style: "display: flex; gap: 0.5em; align-items: center; margin-bottom: 0.35em" },
    left, element("span", { "aria-hidden": "true" }, sign), right);
}

// Nine numbers in their places; the colour behind them is pale enough to read them.
function numbers(caption, values, text, limit) {
  const cell = (k) => element("td", { style: "padding: 0.12em 0.35em; text-align: right; border: 1px solid var(--dlc-rule); " +
    `background: ${colour((0.3 * values[k]) / limit)}; color: var(--dlc-ink)` }, text(values[k]));
  const rows = [0, 1, 2].map((r) => element("tr", {}, ...[0, 1, 2].map((c) => cell(K * r + c))));
  return element("table", { style: "border-collapse: collapse; margin: 0; font-size: 0.87em; font-variant-numeric: tabular-nums" },
    element("caption", { style: "text-align: left; padding: 0; color: var(--dlc-ink)" }, caption), element("tbody", {}, ...rows));
}

function windowOf(relu, down, across) {
  return [0, 1, SIDE, SIDE + 1].map((step) => relu[2 * down * SIDE + 2 * across + step]);
}

// The first of the largest of a 2 × 2 window, as a cell of the ReLU's map.
function winner(relu, down, across) {
  const four = windowOf(relu, down, across), best = four.indexOf(Math.max(...four));
  return [2 * down + (best >> 1), 2 * across + (best & 1)];
}

function hundredth(value) {
  return (value / 100).toFixed(2).replace("-", "−");
}

function small(value) {
  return String(value / 10000).replace("-", "−");
}
