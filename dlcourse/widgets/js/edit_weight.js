// One weight to change by hand: chosen from a list or by a click on its line, set in a field.
import { element, uniqueId } from "./dom.js";

const NAMES = ["₁", "₂", "₃", "₄", "₅"];

// set(position, value) is told what the reader changes. Returns { node, reset(sizes, weights), show(weights), pick(position) }.
export function createWeightEditor(set) {
  const id = uniqueId("dlc");
  const list = element("select", { id, onchange: () => write() });
  const field = element("input", { type: "number", step: 0.1, "aria-label": "value of the weight",
    onchange: () => { if (Number.isFinite(field.valueAsNumber)) set(Number(list.value), field.valueAsNumber); } });
  const node = element("div", { class: "dlc-page-training" }, element("label", { for: id }, "Weight"), list, field);
  let weights = [], layers = "";

  function write() {
    const value = weights[Number(list.value)];
    field.value = Number.isFinite(value) ? Number(value.toPrecision(4)) : "";
  }
  return {
    node,
    reset(sizes, now) {
      if (layers !== sizes.join()) {
        layers = sizes.join();
        list.replaceChildren(...names(sizes).map((name, position) => element("option", { value: position }, name)));
      }
      weights = now;
      write();
    },
    show(now) {
      weights = now;
      write();
    },
    pick(position) {
      list.value = position;
      write();
      field.focus();
    },
  };
}

// W₁[3, 1] is the weight of hidden unit 3 for input 1, b₁[3] the bias of that unit, in the order of the weights.
function names(sizes) {
  return sizes.slice(1).flatMap((units, layer) => {
    const inputs = sizes[layer], mark = NAMES[layer];
    const W = Array.from({ length: units * inputs }, (_, k) => `W${mark}[${Math.floor(k / inputs) + 1}, ${(k % inputs) + 1}]`);
    return [...W, ...Array.from({ length: units }, (_, unit) => `b${mark}[${unit + 1}]`)];
  });
}
