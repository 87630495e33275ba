// The gradient-flow explorer's picture: two rows of histograms, and both sizes over the layers.
import { bars, line, ruler, upward } from "./chart.js";
import { element, svg } from "./dom.js";

const WIDTH = 1060, HEIGHT = 284;
const COLUMN = 89, BAR = { width: 80, height: 72 }, TOPS = [46, 184];
const SIZES = { x: 800, y: 36, width: 245, height: 222 };
const LOOKS = [{ kind: "dlc-first", mark: "circle" }, { kind: "dlc-second", mark: "triangle" }];

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-flow", tabindex: 0, role: "group" });
  figure.append(scroller);
  return {
    update({ picture, hidden }) {
      scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
      const image = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": picture.label });
      picture.rows.forEach((row, place) => {
        const covered = hidden && place === 1;
        image.append(...rowOf(picture, row, place, covered));
      });
      image.append(...sizes(picture, hidden));
      scroller.replaceChildren(image);
    },
  };
}

function rowOf(picture, row, place, covered) {
  const [count, bins] = row.bars.shape, top = TOPS[place], { kind } = LOOKS[place];
  const parts = [svg("text", { x: 4, y: top - 28, class: `dlc-row ${kind}` }, covered ? `${row.name}: ?` : row.name)];
  for (let column = 0; column < count; column += 1) {
    const x = 4 + COLUMN * column, middle = x + BAR.width / 2;
    if (place === 0) {
      parts.push(svg("text", { x: middle, y: top - 8, "text-anchor": "middle" }, `layer ${picture.layers[column]}`));
    }
    if (covered) continue;
    const heights = Array.from(row.bars.data.subarray(column * bins, (column + 1) * bins));
    parts.push(bars(heights, { x, y: top, ...BAR, kind }),
      svg("text", { x: middle, y: top + BAR.height + 18, "text-anchor": "middle", class: "dlc-size" }, row.texts[column]));
  }
  return parts;
}

function sizes(picture, hidden) {
  const up = upward(SIZES, picture.scale);
  const last = picture.layers.at(-1);
  const across = (layer) => SIZES.x + 12 + ((SIZES.width - 24) * (layer - 1)) / (last - 1);
  const lines = picture.rows.map((row, place) => (hidden && place === 1 ? null
    : line(row.sizes.map((size, column) => [across(picture.layers[column]), size === null ? null : up(size)]), LOOKS[place])));
  const under = SIZES.y + SIZES.height;
  return [
    svg("text", { x: SIZES.x - 44, y: 16 }, "standard deviation ",
      svg("tspan", { class: "dlc-first" }, "● of a "), svg("tspan", { class: "dlc-second" }, " ▲ of ∂L/∂a")),
    ruler(SIZES, picture.scale, powerOfTen),
    svg("text", { x: across(1), y: under + 20, "text-anchor": "middle" }, "layer 1"),
    svg("text", { x: across(last), y: under + 20, "text-anchor": "middle" }, String(last)),
    ...lines.filter(Boolean),
  ];
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function powerOfTen(power) {
  return `10${[...String(power)].map((character) => RAISED[character]).join("")}`;
}
