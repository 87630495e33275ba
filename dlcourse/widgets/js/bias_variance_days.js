// Resampled days: the fit of this day, those before it and their mean; beside them the parts of the error by degree.
import { clipped, dayChart, LEFT, lineSample, mark, markSample, RIGHT, row, sample, stroke, title, under } from "./bias_variance_marks.js";
import { ruler, upward } from "./chart.js";
import { svg } from "./dom.js";

const PARTS = ["bias²", "variance", "noise"];
const FILLS = ["var(--dlc-accent)", "var(--dlc-second)", "var(--dlc-rule)"];

export function drawDays(picture, place, hidden) {
  return {
    charts: [fits(picture, place, hidden), parts(picture, place, hidden)],
    samples: [
      lineSample("truth", "var(--dlc-accent)", { width: 5 }), lineSample("fit", "var(--dlc-second)"),
      lineSample("earlier ones", "var(--dlc-faint)", { width: 1 }),
      lineSample("mean fit", "var(--dlc-ink)", { dash: "7 4" }),
      ...PARTS.map((name, part) => sample(name, ...piece(part, 4, 1, 26, 12))),
      markSample("measured", "diamond", "var(--dlc-ink)"), markSample("own day", "circle", "var(--dlc-ink)"),
    ],
  };
}

function fits(picture, place, hidden) {
  const { axes, at, truth } = dayChart(picture, `day ${picture.frames[place].day}`);
  const fit = (day, colour, options) => stroke(at(picture.at.data, row(picture.curves, day)), colour, options);
  const earlier = Array.from({ length: place }, (_, day) => fit(day, "var(--dlc-faint)", { width: 1 }));
  const points = at(picture.hours.data, row(picture.points, place)).map((point) => mark("dot", point, "var(--dlc-ink)"));
  const mean = stroke(at(picture.at.data, picture.mean.data), "var(--dlc-ink)", { dash: "7 4", "data-curve": "mean" });
  return svg("g", {}, axes, clipped(LEFT, [truth, ...earlier, hidden ? null : mean,
    fit(place, "var(--dlc-second)", { width: 2.6, "data-curve": "fit" }), ...points], 6));
}

function parts(picture, place, hidden) {
  const up = upward(RIGHT, picture.scale), count = picture.parts.shape[0], wide = RIGHT.width / count;
  const across = (degree) => RIGHT.x + wide * (degree + 0.5);
  const { chosen, day } = picture.frames[place];
  const ticks = Array.from({ length: count }, (_, degree) => [across(degree), String(degree)]);
  const group = svg("g", {}, title(RIGHT, "mean squared error, minutes²"), ruler(RIGHT, picture.scale, String),
    under(RIGHT, ticks, "degree; in the frame: the one on the left"));
  if (hidden) return group;
  for (let degree = 0; degree < count; degree += 1) {
    let below = 0;
    row(picture.parts, degree).forEach((height, part) => {
      const top = up(below + height);
      group.append(svg("g", { "data-part": `${PARTS[part]} ${degree}`, "data-height": height },
        ...piece(part, across(degree) - wide * 0.34, top, wide * 0.68, up(below) - top)));
      below += height;
    });
    group.append(mark("circle", [across(degree), up(picture.own.data[degree])], "var(--dlc-ink)"),
      mark("diamond", [across(degree), up(picture.measured.data[degree])], "var(--dlc-ink)"));
  }
  group.append(svg("rect", { x: across(picture.degree) - wide * 0.48, y: RIGHT.y - 4, width: wide * 0.96,
    height: RIGHT.height + 26, rx: 4, style: "fill: none; stroke: var(--dlc-ink); stroke-width: 1.6" }),
    svg("text", { x: across(chosen), y: RIGHT.y + 14, "text-anchor": chosen > 10 ? "end" : "start", dx: chosen > 10 ? -20 : 20,
      "data-chosen": chosen }, `day ${day} chooses ${chosen}`),
    mark("down", [across(chosen), RIGHT.y + 9], "var(--dlc-ink)"));
  return group;
}

// A piece of a bar; variance is hatched, so that it is told apart without its colour.
function piece(part, x, y, width, height) {
  const bar = svg("rect", { x, y, width, height: Math.max(height, 0), style: `fill: ${FILLS[part]}` });
  if (part !== 1) return [bar];
  const lines = [];
  for (let down = 4; down < height - 1; down += 6) lines.push(`M${x} ${y + down} h${width}`);
  return [bar, svg("path", { d: lines.join(" ") || "M0 0", style: "fill: none; stroke: var(--dlc-paper); stroke-width: 1.5" })];
}
