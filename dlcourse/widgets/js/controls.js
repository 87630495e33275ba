// The controls above the picture. Each kind knows how to draw itself and how to show a value it is given.
import { element, uniqueId } from "./dom.js";

const KINDS = { choice, menu, presets, slider, toggle, text, numbers };
const RESTARTS = new Set(["presets", "text"]);
const OFF = "open in JupyterLab";
const MANY = 4; // more names than these are not listed

// Draws every control but the player; change({name: value}) tells the model, restart({name: value}) also goes back to
// the first step, because another picture begins. Returns { node, predict, show(values, error) }; "predict first" stands apart from what sets the picture.
export function createControls(spec, isLive, change, restart) {
  const node = element("div", { class: "dlc-controls" });
  const parts = [];
  for (const control of spec.controls) {
    if (["player", "points", "drawings"].includes(control.kind)) continue; // one stands below, two in the picture
    const part = KINDS[control.kind](control, RESTARTS.has(control.kind) ? restart : change);
    if (!isLive && control.export === "off") switchOff(part.node);
    part.name = control.name;
    parts.push(part);
    if (control.name !== "predict") node.append(part.node);
  }
  const off = parts.filter((part) => part.node.classList.contains("dlc-off"));
  if (off.length > 0) {
    const names = off.map((part) => spec.controls.find((control) => control.name === part.name).label);
    const what = names.length > MANY ? "the other settings" : names.join(" and ").toLowerCase();
    node.append(element("p", { class: "dlc-note" }, `To change ${what}: ${OFF}`));
  }
  return {
    node,
    predict: parts.find((part) => part.name === "predict")?.node,
    show(values, error) {
      for (const part of parts) part.show(values[part.name], error && error.control === part.name ? error : null);
    },
  };
}

function switchOff(node) {
  node.classList.add("dlc-off");
  node.title = OFF;
  new MutationObserver(() => disableAll(node)).observe(node, { childList: true, subtree: true });
  disableAll(node);
}

function disableAll(node) {
  for (const input of node.querySelectorAll("input, select")) input.disabled = true;
}

function choice(control, change) {
  return radios(control, control.options, (value) => change({ [control.name]: value }));
}

// A preset sets several controls at once; what the reader sets by hand is shown as "your own".
function presets(control, change) {
  const options = [...control.sets.map(([name]) => [name, name]), ["", "your own"]];
  const sets = Object.fromEntries(control.sets);
  const part = radios(control, options, (value) => change({ ...(sets[value] ?? {}), [control.name]: value }));
  const own = part.node.querySelector('input[value=""]').closest("label");
  const show = part.show;
  part.show = (value) => {
    own.hidden = value !== "";
    show(value);
  };
  return part;
}

function radios(control, options, pick) {
  const group = uniqueId("dlc");
  const inputs = new Map();
  const labels = options.map(([value, text]) => {
    const input = element("input", { type: "radio", name: group, value, onchange: () => pick(value) });
    inputs.set(value, input);
    return element("label", { class: "dlc-pill" }, input, element("span", {}, text));
  });
  const node = element("fieldset", { class: "dlc-control", "data-control": control.name },
    element("legend", {}, control.label), ...labels);
  return { node, show(value) { if (inputs.has(value)) inputs.get(value).checked = true; } };
}

function menu(control, change) {
  const id = uniqueId("dlc");
  const options = control.options.map(([value, text]) => element("option", { value }, text));
  const select = element("select", { id, onchange: () => change({ [control.name]: select.value }) }, ...options);
  const node = element("div", { class: "dlc-control", "data-control": control.name },
    element("label", { for: id }, control.label), select);
  return { node, show(value) { select.value = value; } };
}

function slider(control, change) {
  const id = uniqueId("dlc");
  const input = element("input", { type: "range", id, min: 0, max: control.values.length - 1, step: 1,
    oninput: () => change({ [control.name]: control.values[Number(input.value)] }) });
  const output = element("output", { for: id });
  const node = element("div", { class: "dlc-control", "data-control": control.name },
    element("label", { for: id }, control.label), input, output);
  return {
    node,
    show(value) {
      input.value = control.values.indexOf(value);
      input.setAttribute("aria-valuetext", String(value));
      output.textContent = String(value);
    },
  };
}

function toggle(control, change) {
  const input = element("input", { type: "checkbox", onchange: () => change({ [control.name]: input.checked }) });
  const node = element("div", { class: "dlc-control", "data-control": control.name },
    element("label", { class: "dlc-pill" }, input, element("span", {}, control.label)));
  return { node, show(value) { input.checked = value; } };
}

// A line of text is sent on Enter or when the reader leaves it, so that half a formula is no error.
function text(control, change) {
  const id = uniqueId("dlc");
  let shown = "";
  const send = () => { if (input.value !== shown) change({ [control.name]: input.value }); };
  const input = element("input", { type: "text", id, maxlength: control.limit, spellcheck: "false",
    autocomplete: "off", autocapitalize: "off", "aria-describedby": `${id}-error`, onchange: send });
  const message = element("span", { id: `${id}-error`, class: "dlc-error" });
  const node = element("div", { class: "dlc-control dlc-wide", "data-control": control.name },
    element("label", { for: id }, control.label), input, message);
  return {
    node,
    show(value, error) {
      if (value !== shown) input.value = value;
      shown = value;
      input.setAttribute("aria-invalid", String(Boolean(error)));
      message.textContent = error ? error.message : "";
      if (error && document.activeElement === input) input.setSelectionRange(error.start, error.end);
    },
  };
}

// Named numbers; the fields change when the names do, and keep the cursor when they do not.
function numbers(control, change) {
  const fields = element("div", { class: "dlc-numbers" });
  const inputs = new Map();
  let current = {};
  const send = (name, input) => {
    const value = input.valueAsNumber;
    if (Number.isFinite(value)) change({ [control.name]: { ...current, [name]: value } });
  };
  const add = (name) => {
    const input = element("input", { type: "number", step: "any", oninput: () => send(name, input) });
    inputs.set(name, input);
    fields.append(element("label", {}, element("span", {}, name), input));
  };
  const node = element("fieldset", { class: "dlc-control", "data-control": control.name },
    element("legend", {}, control.label), fields);
  return {
    node,
    show(value) {
      current = value;
      const names = Object.keys(value);
      if (names.join() !== [...inputs.keys()].join()) {
        fields.replaceChildren();
        inputs.clear();
        names.forEach(add);
      }
      for (const [name, input] of inputs) if (input.valueAsNumber !== value[name]) input.value = value[name];
    },
  };
}
