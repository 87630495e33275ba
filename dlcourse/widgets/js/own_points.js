// Points of the reader's own: placed by a click into the picture, or with x and y from the keyboard.
import { element, uniqueId } from "./dom.js";

const LIMIT = 40;

// place(points) tells the model. Returns { node, add(x, y), show(points, extent) };
// points are [x, y, label], x and y from -extent to extent.
export function createOwnPoints(place) {
  const group = uniqueId("dlc");
  const kinds = ["●", "▲"].map((mark, label) => element("label", { class: "dlc-pill" },
    element("input", { type: "radio", name: group, value: label, checked: label === 0, "aria-label": `class ${label}` }),
    element("span", {}, mark)));
  const [x, y] = ["x", "y"].map((name) => element("input", { type: "number", step: 0.1, value: 0, "aria-label": `${name} of a new point` }));
  const press = (text, onclick) => element("button", { type: "button", onclick }, text);
  const remove = press("Remove last", () => place(points.slice(0, -1)));
  const count = element("span", { role: "status" });
  const node = element("div", { class: "dlc-own", role: "group", "aria-label": "Points of your own" },
    "Click into the picture to add", ...kinds, "or at", x, y, press("Add", () => add(x.valueAsNumber, y.valueAsNumber)), remove, count);
  let points = [], extent = 1;

  function add(across, up) {
    if (!(Math.abs(across) <= extent && Math.abs(up) <= extent) || points.length >= LIMIT) return;
    const label = Number(node.querySelector("input[type=radio]:checked").value);
    place([...points, [Math.round(across * 100) / 100, Math.round(up * 100) / 100, label]]);
  }
  return {
    node,
    add,
    show(now, most) {
      [points, extent] = [now, most];
      for (const field of [x, y]) [field.min, field.max] = [-extent, extent];
      remove.setAttribute("aria-disabled", String(points.length === 0));
      count.textContent = points.length === 0 ? "" : points.length === LIMIT ? `${LIMIT} of your own, no more fit` : `${points.length} of your own`;
    },
  };
}
