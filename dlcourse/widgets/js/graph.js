// The graph explorer's picture. Python has placed everything; this draws it and fills in the numbers so far.
import { element, svg } from "./dom.js";

const LEGEND = [["dlc-value", "above a line: the value"], ["dlc-gradient", "below a line: the gradient"]];

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-graph" });
  const legend = element("p", { class: "dlc-legend" }, ...LEGEND.map(([kind, text]) => element("span", { class: kind }, text)));
  figure.append(scroller, legend);
  let shown = null, parts = null;
  return {
    update({ picture, place, hidden }) {
      if (picture !== shown) {
        parts = build(picture);
        scroller.replaceChildren(parts.image);
        scroller.setAttribute("tabindex", "0");
        scroller.setAttribute("role", "group");
        scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
        shown = picture;
      }
      fillIn(parts, picture, place, hidden);
      follow(scroller, parts, picture.frames[place].node);
    },
  };
}

function build(picture) {
  const { width, height } = picture;
  const image = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": picture.label,
    style: `--width: ${width}px` });
  const edges = new Map(picture.edges.map((edge) => [edge.key, drawEdge(edge)]));
  const nodes = new Map(picture.nodes.map((node) => [node.key, drawNode(node)]));
  const [x, y] = picture.edges.at(-1).path.at(-1);
  image.append(...[...edges.values()].map((e) => e.group), ...[...nodes.values()].map((n) => n.group),
    svg("text", { x: x + 6, y, class: "dlc-output", "dominant-baseline": "central" }, picture.output));
  return { image, edges, nodes };
}

function drawEdge(edge) {
  const [start, ...rest] = edge.path;
  const [x, y] = rest.at(-1);
  const value = svg("text", { x: edge.x, y: edge.y - 7, class: "dlc-value", "text-anchor": "middle" });
  const gradient = svg("text", { x: edge.x, y: edge.y + 18, class: "dlc-gradient", "text-anchor": "middle" });
  const group = svg("g", { class: "dlc-edge", "data-key": edge.key },
    svg("path", { d: `M${start} C${rest.join(" ")}`, class: "dlc-line" }),
    svg("path", { d: `M${x - 8} ${y - 4} L${x} ${y} L${x - 8} ${y + 4} Z`, class: "dlc-tip" }),
    svg("path", { d: `M${start[0] + 9} ${start[1] - 5} L${start[0] + 1} ${start[1]} L${start[0] + 9} ${start[1] + 5} Z`, class: "dlc-tip-back" }),
    value, gradient);
  return { group, value, gradient, source: edge.source };
}

function drawNode(node) {
  const { x, y, width, height, low } = node;
  const radius = node.kind === "input" ? 5 : height / 2;
  const total = [0, 1].map((line) => svg("text", { x: x - width / 2, y: low + 5 + 16 * line, class: "dlc-total" }));
  const name = node.kind === "operation"
    ? svg("text", { x, y: y - height / 2 - 5, class: "dlc-name", "text-anchor": "middle" }, node.name) : null;
  const group = svg("g", { class: `dlc-node dlc-${node.kind}`, "data-key": node.key },
    svg("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: radius }),
    svg("text", { x, y, "text-anchor": "middle", "dominant-baseline": "central" }, node.label), name, ...total);
  return { group, total, x };
}

// Everything that the steps up to this one have written; what this step adds is a "?" while it is to be predicted.
function fillIn({ image, edges, nodes }, picture, place, hidden) {
  const seen = { values: {}, gradients: {}, totals: {} };
  picture.frames.slice(0, place + 1).forEach((frame, index) => {
    for (const kind of Object.keys(seen)) {
      for (const [key, text] of Object.entries(frame[kind])) {
        seen[kind][key] = hidden && index === place ? (kind === "totals" ? ["?"] : "?") : text;
      }
    }
  });
  const now = picture.frames[place];
  image.classList.toggle("dlc-backward", now.phase === "backward" || now.phase === "seed");
  for (const [key, edge] of edges) {
    edge.value.textContent = seen.values[edge.source] ?? "";
    edge.gradient.textContent = seen.gradients[key] ?? "";
    edge.group.classList.toggle("dlc-done", edge.source in seen.values);
    edge.group.classList.toggle("dlc-back", key in seen.gradients);
    edge.group.classList.toggle("dlc-now", now.phase === "forward" ? key.startsWith(`${now.node}:`) || edge.source === now.node : key in now.gradients);
  }
  for (const [key, node] of nodes) {
    node.total.forEach((text, line) => { text.textContent = seen.totals[key]?.[line] ?? ""; });
    node.group.classList.toggle("dlc-now", key === now.node);
    node.group.classList.toggle("dlc-done", key in seen.values);
    node.group.classList.toggle("dlc-changed", key in now.totals);
  }
}

// Where the picture is wider than its place, keep the step's node in view.
function follow(scroller, { nodes, image }, key) {
  if (!nodes.has(key) || scroller.scrollWidth <= scroller.clientWidth) return;
  const scale = image.clientWidth / image.viewBox.baseVal.width;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scroller.scrollTo({ left: nodes.get(key).x * scale - scroller.clientWidth / 2, behavior: calm ? "auto" : "smooth" });
}
