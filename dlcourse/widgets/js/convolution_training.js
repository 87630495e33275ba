// The picture of a convolutional network in training: letter, two layers' images, answers, costs and confusions.
// Images are whole steps of full colour (`full` of them), answers tenths of a percent; both come from Python.
import { createCells } from "./cells.js";
import { createConfusions } from "./confusion_cells.js";
import { ruler, upward } from "./chart.js";
import { element, svg } from "./dom.js";

const SIDE = 16, K = 3;
const LAYERS = [{ key: "first", count: 6, columns: 3, flex: "2.7 1 230px" },
  { key: "second", count: 8, columns: 4, flex: "3.3 1 280px" }];
const COST = { x: 40, y: 26, width: 380, height: 92 };

export function createDrawing(figure) {
  const letter = createCells({ rows: SIDE, columns: SIDE, name: "the letter" });
  const letterLine = element("div", {}, "the letter");
  const layers = LAYERS.map(createLayer);
  const answers = element("div", { style: "flex: 1 1 170px; min-width: 0; max-width: 222px" });
  const costs = element("div", { tabindex: 0, role: "group", "aria-label": "costs", style: "flex: 2.2 1 300px; min-width: 0; max-width: 580px; overflow-x: auto" });
  const confusions = createConfusions();
  const row = (...parts) => element("div", { style: "display: flex; flex-wrap: wrap; gap: 0.5em 1.4em; align-items: flex-start" }, ...parts);
  figure.append(row(
    element("div", { style: "flex: 3 1 560px; min-width: 0" },
      row(element("div", { style: "flex: 1 1 90px; min-width: 0; max-width: 140px" }, letterLine, letter.node),
        ...layers.map((layer) => layer.node)),
      row(answers, costs)),
    element("div", { style: "flex: 0.6 1 230px; min-width: 0; max-width: 330px" }, confusions.node)),
  element("p", { class: "dlc-marks" }, "Blue: above 0. Orange with −: below 0. Costs: — this step's batch, ▲ new letters."));
  let last = null;
  return {
    update({ picture, place, hidden }) {
      if (last && last.picture === picture && last.place === place && last.hidden === hidden) return;
      last = { picture, place, hidden };
      const frame = picture.frames[place];
      letter.paint(picture.image, picture.full);
      layers.forEach((layer, number) => layer.show(picture, frame, number));
      answers.replaceChildren(bars(picture, frame, hidden));
      costs.replaceChildren(curve(picture, hidden ? place - 1 : place));
      confusions.show(picture, frame, hidden);
    },
  };
}

// The images of a layer: maps, or kernels whose channels lie side by side. Grids are made when they are first needed.
function createLayer({ key, count, columns, flex }, number) {
  const caption = element("div", {});
  const grid = element("div", { style: `display: grid; grid-template-columns: repeat(${columns}, minmax(0, 1fr)); gap: 6px; align-items: center` });
  const node = element("div", { style: `flex: ${flex}; min-width: 0; max-width: ${columns * 126}px` }, caption, grid);
  const made = {};
  const kindOf = (kernels) => {
    made[kernels] ??= Array.from({ length: count }, (_, image) => createCells({ ...sizeOf(kernels, number),
      name: `layer ${number + 1}, ${kernels ? "kernel" : "map"} ${image + 1}` }));
    return made[kernels];
  };
  return {
    node,
    show(picture, frame) {
      const grids = kindOf(picture.kernels);
      caption.textContent = `layer ${number + 1}: full colour from ±${picture.scales[number]}`;
      if (grid.firstChild !== grids[0].node) grid.replaceChildren(...grids.map((cells) => cells.node));
      grids.forEach((cells, image) => cells.paint(arranged(frame[key][image], picture.kernels, number), picture.full));
    },
  };
}

function sizeOf(kernels, number) {
  if (!kernels) return { rows: SIDE >> number, columns: SIDE >> number };
  return number === 0 ? { rows: K, columns: K } : { rows: 2 * K + 1, columns: 3 * K + 2 };
}

// A kernel of six channels as two rows of three, with an empty line between neighbours.
function arranged(values, kernels, number) {
  if (!kernels || number === 0) return values;
  const columns = 3 * K + 2, sheet = Array(columns * (2 * K + 1)).fill(0);
  values.forEach((value, k) => {
    const channel = Math.floor(k / (K * K)), row = Math.floor((k % (K * K)) / K), column = k % K;
    const down = (K + 1) * Math.floor(channel / 3) + row, across = (K + 1) * (channel % 3) + column;
    sheet[down * columns + across] = value;
  });
  return sheet;
}

function bars({ letters, truth }, { P }, hidden) {
  const name = `answers to this ${letters[truth]}, in percent`;
  const image = svg("svg", { viewBox: "0 0 220 132", role: "img", "aria-label": name,
    style: "display: block; width: 100%; font-size: 13px; fill: var(--dlc-ink)" },
  svg("text", { x: 0, y: 13 }, `to this ${letters[truth]} it says, %`));
  P.forEach((tenths, k) => {
    const x = 4 + 21.6 * k, height = hidden ? 0 : (tenths / 1000) * 72, top = 112 - height;
    const fill = k === truth ? "var(--dlc-accent)" : "var(--dlc-faint)";
    image.append(svg("rect", { x, y: top, width: 15, height, style: `fill: ${fill}`, "data-answer": tenths }),
      svg("text", { x: x + 7.5, y: 127, "text-anchor": "middle", style: k === truth ? "font-weight: 700" : "" }, letters[k]));
    if (!hidden && tenths >= 95) {
      image.append(svg("text", { x: x + 7.5, y: top - 4, "text-anchor": "middle", style: "font-size: 12px" }, String(Math.round(tenths / 10))));
    }
  });
  image.append(svg("path", { class: "dlc-axis", d: "M0 112 H220" }));
  return image;
}

// The costs up to a place of the player; -1 shows none.
function curve({ steps, costs, held_costs: held }, place) {
  const high = Math.max(...costs.data, ...held.data), ticks = [0, 1, 2, 3, 4, 5].filter((tick) => tick <= high);
  const up = upward(COST, { low: 0, high }), end = steps.at(-1), now = place < 0 ? -1 : steps[place];
  const across = (step) => COST.x + (COST.width * step) / end, under = COST.y + COST.height;
  const joined = (points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const batch = Array.from(costs.data.slice(0, now + 1), (cost, step) => [across(step), up(cost)]);
  const fresh = Array.from(held.data.slice(0, place + 1), (cost, k) => [across(steps[k]), up(cost)]);
  const line = (points, name, style) => svg("polyline", { points: joined(points), "data-curve": name, style: `fill: none; ${style}` });
  return svg("svg", { viewBox: "0 0 430 142", role: "img", "aria-label": `costs up to step ${Math.max(now, 0)}`,
    style: "display: block; width: 100%; min-width: 340px; font-size: 13px; fill: var(--dlc-ink)" },
  svg("text", { x: COST.x, y: 13 }, "cost"),
  ruler(COST, { low: 0, high, ticks }, String),
  line(batch, "batch", "stroke: var(--dlc-accent); stroke-width: 1.3"),
  line(fresh, "new", "stroke: var(--dlc-second); stroke-width: 1.6; stroke-dasharray: 6 3"),
  ...fresh.map(([x, y]) => svg("path", { d: `M${x} ${y - 5} l4.6 8.6 h-9.2 Z`, style: "fill: var(--dlc-second)" })),
  svg("path", { d: `M${across(Math.max(now, 0))} ${COST.y} V${under}`, style: "stroke: var(--dlc-faint); stroke-dasharray: 2 3" }),
  svg("text", { x: COST.x, y: under + 18, "text-anchor": "middle" }, "0"),
  svg("text", { x: COST.x + COST.width / 2, y: under + 18, "text-anchor": "middle" }, "step"),
  svg("text", { x: COST.x + COST.width, y: under + 18, "text-anchor": "end" }, String(end)));
}
