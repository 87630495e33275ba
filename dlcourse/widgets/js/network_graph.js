// The network graph's picture. Python has placed the boxes; this draws them and fills in the matrices so far.
import { element, svg } from "./dom.js";

const LEGEND = [["dlc-value", "above a line: the value"], ["dlc-gradient", "below a line: the gradient of L"]];

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-graph dlc-matrices", tabindex: 0, role: "group" });
  figure.append(scroller, element("p", { class: "dlc-legend" },
    ...LEGEND.map(([kind, text]) => element("span", { class: kind }, text))));
  let shown = null, parts = null;
  return {
    update({ picture, place, hidden }) {
      if (picture !== shown) {
        parts = build(picture);
        scroller.replaceChildren(parts.image);
        scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
        shown = picture;
      }
      fillIn(parts, picture, place, hidden);
    },
  };
}

function build(picture) {
  const { width, height } = picture;
  const image = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": picture.label,
    style: `--width: ${width}px` });
  const at = new Map(picture.nodes.map((node) => [node.key, node]));
  const edges = picture.edges.map(([source, target]) => drawEdge(at.get(source), at.get(target)));
  const nodes = new Map(picture.nodes.map((node) => [node.key, drawNode(node, picture)]));
  image.append(...edges, ...[...nodes.values()].map((node) => node.group));
  return { image, nodes };
}

function drawEdge(source, target) {
  const [x0, y0, x1, y1] = source.y < target.y ? downward(source, target) : sideways(source, target);
  const length = Math.hypot(x1 - x0, y1 - y0), ux = (x1 - x0) / length, uy = (y1 - y0) / length;
  const tip = `M${x1 - 8 * ux - 4 * uy} ${y1 - 8 * uy + 4 * ux} L${x1} ${y1} L${x1 - 8 * ux + 4 * uy} ${y1 - 8 * uy - 4 * ux} Z`;
  return svg("g", { class: "dlc-edge dlc-done" }, svg("path", { class: "dlc-line", d: `M${x0} ${y0} L${x1} ${y1}` }),
    svg("path", { class: "dlc-tip", d: tip }));
}

function downward(source, target) {
  const x = source.x + source.width / 2;
  return [x, source.y + source.height, Math.min(Math.max(x, target.x + 10), target.x + target.width - 10), target.y];
}

function sideways(source, target) {
  const y = target.y + Math.min(source.height, target.height) / 2;
  return [source.x + source.width, y, target.x, y];
}

function drawNode(node, sizes) {
  const { x, y, width, height, rows } = node;
  const middle = y + sizes.head + sizes.line * rows + 1;
  const values = cells(node, y + sizes.head, "dlc-value", sizes);
  const gradients = cells(node, middle + 2, "dlc-gradient", sizes);
  const rule = svg("path", { class: "dlc-rule", d: `M${x} ${middle} H${x + width}` });
  const group = svg("g", { class: `dlc-node ${node.leaf ? "dlc-input" : ""}`, "data-key": node.key },
    svg("rect", { x, y, width, height, rx: 4 }),
    svg("text", { x: x + 6, y: y + 16, class: "dlc-row" }, `${node.name} ${node.shape}`),
    node.made_by ? svg("text", { x: node.made_at, y: y - 6, class: "dlc-name", "text-anchor": "middle" }, node.made_by) : null,
    rule, ...values.flat(), ...gradients.flat());
  return { group, values, gradients, rule };
}

function cells({ x, rows, columns }, top, kind, { cell, line }) {
  return Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => svg("text", {
    class: kind, x: x + 4 + (column + 1) * cell - 6, y: top + (row + 0.75) * line, "text-anchor": "end" })));
}

// Everything that the steps up to this one have written; what this step adds is a "?" while it is to be predicted.
function fillIn({ image, nodes }, picture, place, hidden) {
  const now = picture.frames[place];
  image.classList.toggle("dlc-backward", Object.keys(now.gradients).length > 0);
  for (const [key, node] of nodes) {
    const value = latest(picture, place, "values", key), gradient = latest(picture, place, "gradients", key);
    write(node.values, value, hidden && key in now.values);
    write(node.gradients, gradient, hidden && key in now.gradients);
    node.rule.style.visibility = gradient ? "visible" : "hidden";
    node.group.classList.toggle("dlc-done", value !== null);
    node.group.classList.toggle("dlc-now", now.active.includes(key));
  }
}

function latest(picture, place, kind, key) {
  const frame = picture.frames.slice(0, place + 1).findLast((past) => key in past[kind]);
  return frame ? frame[kind][key] : null;
}

function write(table, rows, asked) {
  table.forEach((row, r) => row.forEach((cell, c) => { cell.textContent = rows === null ? "" : asked ? "?" : rows[r][c]; }));
}
