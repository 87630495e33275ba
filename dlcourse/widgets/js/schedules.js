// The schedule explorer's picture: the rate of every update, and beside it the costs after every epoch.
import { ruler, upward } from "./chart.js";
import { element, svg } from "./dom.js";

const WIDTH = 1060, HEIGHT = 264;
const BOXES = {
  rate: { x: 66, y: 34, width: 430, height: 182, title: "rate of each update" },
  cost: { x: 606, y: 34, width: 430, height: 182, title: "cost after each epoch" },
};
const LOOKS = {
  rate: { stroke: "var(--dlc-accent)", dash: "none", width: 2.4 },
  training: { stroke: "var(--dlc-accent)", dash: "none", width: 2.2 },
  validation: { stroke: "var(--dlc-second)", dash: "7 4", width: 2.2 },
};
const GREY = { stroke: "var(--dlc-faint)", dash: "2 4", width: 1.8 };

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-flow", tabindex: 0, role: "group" });
  const legend = element("p", { class: "dlc-marks" });
  figure.append(scroller, legend);
  return {
    update({ picture }) {
      scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
      const image = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": picture.label });
      for (const [name, box] of Object.entries(BOXES)) image.append(chart(picture[name], box, picture.epochs));
      scroller.replaceChildren(image);
      legend.replaceChildren(...["rate", "training", "validation", picture.grey].map(sample));
    },
  };
}

function chart(part, box, epochs) {
  const up = upward(box, part), under = box.y + box.height;
  const label = (tick) => part.labels[part.ticks.indexOf(tick)];
  const lines = part.curves.map(({ name, values }) => {
    const across = box.width / (values.data.length - 1);
    const path = stroke(Array.from(values.data, (value, place) => [box.x + across * place, up(value)]), name);
    path.setAttribute("data-curve", name);
    return path;
  });
  return svg("g", {},
    svg("text", { x: box.x, y: box.y - 14 }, box.title),
    ruler(box, part, label), ...lines,
    svg("text", { x: box.x, y: under + 20, "text-anchor": "middle" }, "0"),
    svg("text", { x: box.x + box.width / 2, y: under + 20, "text-anchor": "middle" }, "epoch"),
    svg("text", { x: box.x + box.width, y: under + 20, "text-anchor": "middle" }, String(epochs)));
}

function stroke(points, name) {
  const { stroke: colour, dash, width } = LOOKS[name] ?? GREY;
  return svg("polyline", { points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "),
    style: `fill: none; stroke: ${colour}; stroke-width: ${width}; stroke-dasharray: ${dash}; stroke-linejoin: round` });
}

function sample(name) {
  const image = svg("svg", { width: 34, height: 10, "aria-hidden": "true" }, stroke([[1, 5], [33, 5]], name));
  return element("span", { style: "margin-right: 1.4em; white-space: nowrap" }, image, ` ${name}`);
}
