// The shape of a penalty: the loss of two weights, the penalty's ball, and the steps to where the two touch.
import { clipped, LEFT, lineSample, mark, markSample, pairs, RIGHT, row, sample, stroke, title, under } from "./bias_variance_marks.js";
import { ruler, upward } from "./chart.js";
import { svg } from "./dom.js";

const MAP = { ...LEFT, width: 340 };
const WEIGHTS = { ...RIGHT, x: 476, width: 564 };
const LOOKS = [{ colour: "var(--dlc-accent)", dash: "none", name: "w₁" }, { colour: "var(--dlc-second)", dash: "7 4", name: "w₂" }];
const BALL = "fill: var(--dlc-accent-soft); stroke: var(--dlc-second); stroke-width: 2.4";

export function drawPenalty(picture, place, hidden) {
  const { step } = picture.frames[place];
  return {
    charts: [plane(picture, step, hidden), weights(picture, picture.frames[place])],
    samples: [
      lineSample("equal loss", "var(--dlc-faint)", { width: 1.2 }), markSample("ŵ, lowest loss", "cross", "var(--dlc-ink)"),
      sample("ball: equal penalty", svg("path", { d: "M17 0 L24 7 L17 14 L10 7 Z", style: BALL })),
      lineSample("the loss that touches it", "var(--dlc-accent)", { width: 2.4 }),
      sample("steps", stroke([[1, 7], [24, 7]], "var(--dlc-ink)", { width: 1.4 }), mark("dot", [26, 7], "var(--dlc-ink)")),
      ...LOOKS.map(({ name, colour, dash }) => lineSample(name, colour, { dash })),
    ],
  };
}

function plane(picture, step, hidden) {
  const [x0, x1, y0, y1] = picture.window;
  const at = ([x, y]) => [MAP.x + (MAP.width * (x - x0)) / (x1 - x0), MAP.y + (MAP.height * (y1 - y)) / (y1 - y0)];
  const [left, zero] = at([x0, 0]), top = at([0, y1]), steps = pairs(picture.path.data).slice(0, step + 1).map(at);
  const rings = Array.from({ length: picture.contours.shape[0] }, (_, k) =>
    stroke(pairs(row(picture.contours, k)).map(at), "var(--dlc-faint)", { width: 1.2 }));
  const answer = hidden ? [] : [
    svg("polygon", { points: pairs(picture.ball.data).map((point) => at(point).map((v) => v.toFixed(1)).join(",")).join(" "),
      style: BALL, "data-part": "ball" }),
    stroke(pairs(picture.touching.data).map(at), "var(--dlc-accent)", { width: 2.4 }),
  ];
  return svg("g", {}, title(MAP, `the two weights, step ${step}`),
    clipped(MAP, [answer[0], ...rings, answer[1],
      svg("path", { class: "dlc-axis", d: `M${left} ${zero} h${MAP.width} M${top[0]} ${MAP.y} v${MAP.height}` }),
      stroke(steps, "var(--dlc-ink)", { width: 1.4, "data-walk": "weights" }),
      ...steps.slice(0, -1).map((point) => mark("circle", point, "var(--dlc-ink)")).filter((_, k) => k < 12),
      mark("cross", at(picture.best), "var(--dlc-ink)"), mark("dot", steps.at(-1), "var(--dlc-ink)")]),
    under(MAP, [0, 1, 2, 3].map((w) => [at([w, 0])[0], String(w)]), "w₁"),
    ...[0, 1].map((w) => svg("text", { x: MAP.x - 8, y: at([0, w])[1] + 5, "text-anchor": "end" }, String(w))),
    svg("text", { x: MAP.x - 8, y: MAP.y + 8, "text-anchor": "end" }, "w₂"));
}

function weights(picture, { step, zero }) {
  const up = upward(WEIGHTS, picture.scale), across = (k) => WEIGHTS.x + (WEIGHTS.width * k) / picture.steps;
  const path = pairs(picture.path.data).slice(0, step + 1);
  const lines = LOOKS.map(({ colour, dash, name }, weight) => {
    const points = path.map((w, k) => [across(k), up(w[weight])]);
    return svg("g", { "data-walk": name }, stroke(points, colour, { dash }), mark("dot", points.at(-1), colour),
      zero[weight] ? svg("text", { x: points.at(-1)[0] + 10, y: up(0) + (weight ? 18 : -8),
        "text-anchor": step > 80 ? "end" : "start" }, `${name} = 0`) : null);
  });
  return svg("g", {}, title(WEIGHTS, "each weight, step by step (the degree plays no part here)"), ruler(WEIGHTS, picture.scale, String),
    svg("path", { class: "dlc-axis", d: `M${WEIGHTS.x} ${up(0)} h${WEIGHTS.width}` }), clipped(WEIGHTS, lines, 8),
    under(WEIGHTS, [0, 25, 50, 75, 100].map((k) => [across(k), String(k)]), "step"));
}
