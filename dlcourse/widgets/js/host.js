// The explorer inside an exported file: a model that looks every result up in a table made by Python.
import { bytesOf } from "./arrays.js";
import { render } from "./frame.js";

class TableModel {
  isStatic = true;
  #listeners = {};

  constructor(table) {
    this.table = table;
    this.data = { spec: table.spec, values: table.values, result: null };
    this.data.result = this.#entry(table.values);
  }

  get(name) {
    return this.data[name];
  }

  // Values that are not in the table (typed text) keep those of the entry.
  set(name, values) {
    const entry = this.#entry(values);
    const tabled = new Set(this.table.axes.map(([axis]) => axis));
    const fixed = Object.keys(entry.values).filter((key) => tabled.has(key) || this.#isOff(key));
    this.data.values = { ...values, ...Object.fromEntries(fixed.map((key) => [key, entry.values[key]])) };
    this.data.result = entry;
  }

  save_changes() {
    for (const listener of this.#listeners["change:values"] ?? []) listener();
  }

  on(event, listener) {
    (this.#listeners[event] ??= []).push(listener);
  }

  off(event, listener) {
    this.#listeners[event] = (this.#listeners[event] ?? []).filter((other) => other !== listener);
  }

  #isOff(name) {
    return this.table.spec.controls.some((control) => control.name === name && control.export === "off");
  }

  #entry(values) {
    let index = 0;
    for (const [name, options] of this.table.axes) {
      index = index * options.length + Math.max(options.indexOf(values[name]), 0);
    }
    return this.table.entries[index];
  }
}

// Unpacks the table beside the picture with this id and puts the explorer in the picture's place.
export async function mount(id, createDrawing) {
  const place = document.getElementById(id);
  const packed = bytesOf(document.getElementById(`${id}-data`).textContent);
  const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  const el = document.createElement("div");
  render({ model: new TableModel(whole(JSON.parse(text))), el }, createDrawing);
  place.append(el);
  place.classList.add("dlc-ready");
}

// The table with every { part: n } replaced by the n-th of its parts, which are stored once and refer only to earlier ones.
function whole(table) {
  const found = [];
  const fill = (value) => {
    if (Array.isArray(value)) return value.map(fill);
    if (value === null || typeof value !== "object") return value;
    const keys = Object.keys(value);
    if (keys.length === 1 && keys[0] === "part") return found[value.part];
    return Object.fromEntries(keys.map((key) => [key, fill(value[key])]));
  };
  for (const part of table.parts) found.push(fill(part));
  return { ...table, entries: fill(table.entries) };
}
