// A curve drawn by hand: press the button, then draw from left to right over the chart.
import { element, svg } from "./dom.js";

const COLUMNS = 60, FEWEST = 5;

// box is the chart's frame in the units of its viewBox; draw(shares) is told the heights from 0 (bottom) to 1 (top).
// Returns the button.
export function createCurvePencil(place, box, draw) {
  const button = element("button", { type: "button", "aria-pressed": "false", onclick: () => hold(!ready) }, "Draw a curve");
  let ready = false, heights = null, last = null;

  function hold(now) {
    ready = now;
    button.setAttribute("aria-pressed", String(ready));
    button.textContent = ready ? "Draw over the chart, from left to right" : "Draw a curve";
    place.style.cursor = ready ? "crosshair" : "";
    place.style.touchAction = ready ? "none" : "";
  }
  function at(event) {
    const image = place.querySelector("svg"), frame = image.getBoundingClientRect();
    const scale = box.width / frame.width;
    const x = (event.clientX - frame.left) * scale, y = (event.clientY - frame.top) * scale;
    const column = Math.round(((x - box.left) / (box.right - box.left)) * (COLUMNS - 1));
    return [Math.min(Math.max(column, 0), COLUMNS - 1), Math.min(Math.max((box.bottom - y) / (box.bottom - box.top), 0), 1)];
  }
  function extend(column, height) {
    const [from, start] = last ?? [column, height];
    for (let c = Math.min(from, column); c <= Math.max(from, column); c += 1) {
      heights[c] = from === column ? height : start + ((height - start) * (c - from)) / (column - from);
    }
    last = [column, height];
    preview();
  }
  function preview() {
    place.querySelector("[data-pencil]")?.remove();
    const points = known().map(([column, height]) => [
      box.left + ((box.right - box.left) * column) / (COLUMNS - 1), box.bottom - (box.bottom - box.top) * height]);
    place.querySelector("svg").append(svg("polyline", { "data-pencil": true, points: points.join(" "),
      style: "fill: none; stroke: var(--dlc-second); stroke-width: 3" }));
  }
  function known() {
    return [...heights.entries()].filter(([, height]) => height !== undefined);
  }
  function finish() {
    if (!heights) return;
    const drawn = known().map(([, height]) => height);
    [heights, last] = [null, null];
    place.querySelector("[data-pencil]")?.remove();
    hold(false);
    if (drawn.length >= FEWEST) draw(drawn);
  }

  place.addEventListener("pointerdown", (event) => {
    if (!ready || !place.querySelector("svg")) return;
    event.preventDefault();
    place.setPointerCapture(event.pointerId);
    heights = Array.from({ length: COLUMNS });
    extend(...at(event));
  });
  place.addEventListener("pointermove", (event) => { if (heights) extend(...at(event)); });
  for (const end of ["pointerup", "pointercancel"]) place.addEventListener(end, finish);
  return button;
}
