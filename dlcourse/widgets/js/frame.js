// The frame around every explorer: title, controls, picture, player, words, code. It computes nothing.
// The model is anywidget's (the kernel computes) or the export's (a table); both have get, set, save_changes, on, off.
import { decodeArrays } from "./arrays.js";
import { createCode } from "./code.js";
import { createControls } from "./controls.js";
import { element, uniqueId } from "./dom.js";
import { createPlayer } from "./player.js";
import { createPrediction } from "./predict.js";

const PASSED_ON = ["PageUp", "PageDown"]; // presenters' clickers

export function render({ model, el }, createDrawing) {
  const spec = model.get("spec");
  const isLive = !model.isStatic;
  const titleId = uniqueId("dlc");
  const control = spec.controls.find((c) => c.kind === "player");
  let picture = null, drawn = null, revealed = "", verdict = "";

  const change = (updates) => {
    model.set("values", { ...model.get("values"), ...updates });
    model.save_changes();
  };
  const restart = (updates) => change(control ? { [control.name]: 0, ...updates } : updates);
  const controls = createControls(spec, isLive, change, restart);
  const player = control ? createPlayer(control, (place) => change({ [control.name]: place }), announce) : null;
  const prediction = createPrediction(reveal);
  const figure = element("div", { class: "dlc-figure" });
  const drawing = createDrawing(figure, { change, isLive, spec });
  const words = element("div", { class: "dlc-words", role: "status", "aria-live": "polite", "aria-atomic": "true" });
  const code = createCode(spec);
  const reset = element("button", { type: "button", onclick: () => { player?.stop(); drawing.reset?.(); change(spec.start); } }, "Reset");
  const bar = element("div", { class: "dlc-bar" }, player?.node, controls.predict, code.button, reset);
  // No <section>: slide frameworks take that for a slide.
  const root = element("div", { class: "dlc-explorer", role: "region", "aria-labelledby": titleId,
    "data-prevent-swipe": true, onkeydown },
    element("div", { class: "dlc-title", id: titleId }, spec.title),
    controls.node, figure, bar, prediction.node, words, code.node);
  for (const type of ["keyup", "keypress", "touchstart", "touchmove", "touchend"]) {
    root.addEventListener(type, (event) => event.stopPropagation(), { passive: true });
  }
  el.replaceChildren(root);

  function reveal(said) {
    verdict = said;
    revealed = moment();
    show();
    player?.focusForward();
  }

  // Which picture is shown: the setting and the place in time.
  function moment() {
    return `${model.get("result").state}#${placeOf()}`;
  }
  function placeOf() {
    const count = model.get("result").texts.length;
    return control ? Math.min(model.get("values")[control.name], count - 1) : 0;
  }

  function show() {
    const values = model.get("values"), result = model.get("result"), place = placeOf();
    const wanted = Object.fromEntries(Object.keys(result.values ?? {}).map((name) => [name, values[name]]));
    const waiting = !same(result.values ?? {}, wanted); // for the kernel's answer to what the reader has set
    root.classList.toggle("dlc-waiting", waiting);
    if (waiting) {
      controls.show(values, null);
      return;
    }
    const question = values.predict && revealed !== moment() ? result.questions[place] : null;
    const error = result.error ? { ...result.error, message: result.texts[0] } : null;
    controls.show(values, error);
    player?.show(place, result.texts.length);
    prediction.show(question);
    if (revealed !== moment()) verdict = "";
    say(question ? `Before it is shown: ${question.text}` : [verdict, result.texts[place]].filter(Boolean).join("\n"));
    root.dataset.place = place;
    words.classList.toggle("dlc-stopped", Boolean(result.stopped) && place === result.texts.length - 1);
    root.classList.toggle("dlc-failed", Boolean(error));
    code.show(result.code, [result.state, ...passiveState(spec, values)].filter(Boolean).join("&"));
    if (error) return;
    if (picture !== result.picture) {
      picture = result.picture;
      drawn = decodeArrays(picture);
    }
    drawing.update({ picture: drawn, place, hidden: Boolean(question) });
  }

  // While playing the words change too fast to be read out; they are announced again when it stops.
  function announce(isPlaying) {
    words.setAttribute("aria-live", isPlaying ? "off" : "polite");
  }

  function say(text) {
    if (words.dataset.text === text) return;
    words.dataset.text = text;
    const [first, ...others] = text.split("\n");
    words.replaceChildren(element("p", { class: "dlc-headline" }, first), ...others.map((line) => element("p", {}, line)));
  }

  // Keys pressed inside stay inside, so that neither slides nor JupyterLab move; Escape leaves.
  function onkeydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (PASSED_ON.includes(event.key)) {
      if (event.target.type === "range") event.preventDefault();
      return;
    }
    event.stopPropagation();
    if (event.key === "Escape") document.activeElement.blur();
    const takesArrows = event.target.matches("input, select, textarea, pre");
    if (!player || takesArrows) return;
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    player.step(by);
  }

  model.on("change:values", show);
  model.on("change:result", show);
  show();
  return () => {
    player?.stop();
    model.off("change:values", show);
    model.off("change:result", show);
  };
}

// Whether two plain values are equal, whatever the order of their keys.
function same(a, b) {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

// The part of the state string that needs no computing: the place in time, and predicting.
function passiveState(spec, values) {
  const player = spec.controls.find((c) => c.kind === "player");
  const parts = [];
  if (player && values[player.name]) parts.push(`${player.name}=${values[player.name]}`);
  if (values.predict) parts.push("predict=1");
  return parts;
}
