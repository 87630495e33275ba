// Early stopping: the fit at this epoch, and the errors up to it, with the epoch to keep and where patience ends.
import { clipped, dayChart, LEFT, lineSample, mark, markSample, RIGHT, row, stroke, title, under } from "./bias_variance_marks.js";
import { ruler, upward } from "./chart.js";
import { svg } from "./dom.js";

const LOOKS = {
  training: { colour: "var(--dlc-accent)", dash: "none" },
  validation: { colour: "var(--dlc-second)", dash: "7 4" },
  "any other day": { colour: "var(--dlc-quiet)", dash: "2 4" },
};

export function drawStopping(picture, place, hidden) {
  return {
    charts: [fit(picture, place), errors(picture, place, hidden)],
    samples: [
      markSample("training day", "dot", "var(--dlc-accent)"), markSample("validation day", "triangle", "var(--dlc-second)"),
      lineSample("truth", "var(--dlc-accent)", { width: 5 }), lineSample("fit", "var(--dlc-ink)", { width: 2.6 }),
      ...Object.entries(LOOKS).map(([name, { colour, dash }]) => lineSample(`${name} error`, colour, { dash })),
    ],
  };
}

function fit(picture, place) {
  const { axes, at, truth } = dayChart(picture, `epoch ${picture.frames[place].epoch}`);
  const marks = (kind, hours, delays, colour) => at(hours.data, delays.data).map((point) => mark(kind, point, colour));
  return svg("g", {}, axes, clipped(LEFT, [truth,
    stroke(at(picture.at.data, row(picture.curves, place)), "var(--dlc-ink)", { width: 2.6, "data-curve": "fit" }),
    ...marks("triangle", picture.other_hours, picture.other_points, "var(--dlc-second)"),
    ...marks("dot", picture.hours, picture.points, "var(--dlc-accent)")], 6));
}

function errors(picture, place, hidden) {
  const { epoch, best } = picture.frames[place], up = upward(RIGHT, picture.scale), bottom = RIGHT.y + RIGHT.height;
  const across = (e) => RIGHT.x + RIGHT.width * picture.across[picture.epochs.indexOf(e)];
  const group = svg("g", {}, title(RIGHT, "mean squared error, minutes²"),
    ruler(RIGHT, picture.scale, (tick) => String(picture.scale.labels[picture.scale.ticks.indexOf(tick)])),
    under(RIGHT, picture.ticks.map((e) => [across(e), String(e)]), "epoch"));
  if (hidden) return group;
  const seen = picture.epochs.filter((e) => e <= epoch);
  for (const { name, values } of picture.errors) {
    const points = seen.map((e, k) => [across(e), up(values.data[k])]), { colour, dash } = LOOKS[name];
    group.append(stroke(points, colour, { dash, "data-curve": name }), mark("dot", points.at(-1), colour));
  }
  const judged = picture.errors.find(({ name }) => name === picture.judge).values.data;
  const late = across(best) > RIGHT.x + 0.6 * RIGHT.width;
  group.append(
    svg("path", { d: `M${across(best)} ${RIGHT.y} V${up(judged[seen.indexOf(best)])}`, style: "stroke: var(--dlc-ink); stroke-width: 1.4; stroke-dasharray: 3 3" }),
    mark("diamond", [across(best), up(judged[seen.indexOf(best)])], "var(--dlc-ink)"),
    svg("text", { x: across(best) + (late ? -8 : 8), y: RIGHT.y + 12, "text-anchor": late ? "end" : "start", "data-best": best },
      `best ${picture.judge} so far: epoch ${best}`));
  picture.marks.filter((end) => end.epoch <= epoch).forEach((end, k) => group.append(...flag(end, across(end.epoch), bottom, k)));
  return group;
}

// Where a run with this patience ends. More patience ends later and flies higher, so no flag crosses another name.
function flag({ patience, epoch }, x, bottom, k) {
  const y = bottom - 10 - 17 * k, early = x < RIGHT.x + 90;
  return [
    svg("path", { d: `M${x} ${bottom} V${y - 8}`, style: "stroke: var(--dlc-ink); stroke-width: 2", "data-stop": epoch }),
    svg("text", { x: x + (early ? 5 : -5), y: y + 2, "text-anchor": early ? "start" : "end" }, `patience ${patience}`),
  ];
}
