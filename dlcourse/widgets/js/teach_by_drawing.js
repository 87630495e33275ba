// The teach-by-drawing explorer's picture: the drawings taught, a pad with the answer, scores and confusion.
import { createConfusion } from "./confusion.js";
import { element } from "./dom.js";
import { answerOf, createBody, imageOf } from "./page_network.js";
import { createStrokePad } from "./stroke_pad.js";
import { thumbnail } from "./strokes.js";

const LIMIT = 50; // drawings in all, as Python's control
const COLUMN = "display: flex; flex-direction: column; gap: 0.35em; min-width: 0";
const NUMBER = "text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums";

export function createDrawing(figure, { change, isLive, spec }) {
  let picture = null, hidden = false, drawn = "", chosen = null;
  const body = isLive ? null : createBody(spec.network); // without a kernel the network runs here
  const pad = createStrokePad((text) => {
    if (isLive) change({ pad: text ? [[0, text]] : [] });
    else tryHere(text);
  });
  const confusion = createConfusion((test) => {
    chosen = test;
    if (drawn && isLive) change({ pad: [] }); // the chosen drawing takes the pad
    drawn = "";
    showPad();
  });
  const taught = element("div", { style: COLUMN });
  const scores = element("div", { "data-part": "scores", style: "display: grid; grid-template-columns: auto 1fr auto; gap: 0.15em 0.6em; align-items: center" });
  const timing = element("p", { class: "dlc-marks" });
  const download = element("button", { type: "button", onclick: save }, "Download these drawings");
  const answer = element("div", { "data-part": "answer", style: "display: grid; grid-template-columns: auto 1fr 3.2em; gap: 0.15em 0.5em; align-items: center" });
  const line = element("p", { class: "dlc-marks" });
  const tools = element("div", { style: "display: flex; gap: 0.4em", }, ...pad.buttons);
  figure.append(element("div", { style: "display: flex; flex-wrap: wrap; gap: 0.8em 1.8em; align-items: flex-start" },
    element("div", { style: `${COLUMN}; flex: 1.5 1 270px` }, element("div", {}, "Taught"), taught, scores, timing,
      element("div", {}, download)),
    element("div", { style: `${COLUMN}; flex: 0.8 1 180px; max-width: 200px` }, line, pad.node, tools, answer),
    element("div", { style: `${COLUMN}; flex: 1.2 1 280px` }, confusion.node)));

  function showTaught() {
    const isOwn = picture.own, all = isOwn ? picture.mine : picture.taught;
    taught.replaceChildren(...picture.names.map((name, label) => {
      const drawings = all.map(([other, text], place) => ({ other, text, place })).filter(({ other }) => other === label);
      return element("div", { role: "group", "aria-label": `${name}: ${drawings.length} taught`, "data-class": name,
        style: "display: flex; flex-wrap: wrap; gap: 2px; align-items: center; min-height: 30px" },
        element("span", { style: "width: 4.2em; overflow: hidden; text-overflow: ellipsis" }, name),
        ...drawings.map(({ text, place }, number) => (isOwn && isLive ? removable(name, number, text, place) : framed(text))));
    }));
  }
  function framed(text) {
    return element("span", { style: "border: 1px solid var(--dlc-rule)" }, thumbnail(text, 25));
  }
  function removable(name, number, text, place) {
    return element("button", { type: "button", title: "remove", "aria-label": `remove drawing ${number + 1} of ${name}`,
      onclick: () => change({ drawings: picture.mine.filter((_, k) => k !== place) }),
      style: "padding: 0; min-height: 0; border-radius: 2px; line-height: 0" }, thumbnail(text, 25));
  }

  function showScores() {
    const count = picture.tests.length;
    scores.replaceChildren(...picture.ways.flatMap((way, place) => {
      const right = picture.scores[place], isChosen = place === picture.way;
      const said = hidden ? "?" : right === null ? "choose it" : `${right} of ${count}`;
      const weight = `font-weight: ${isChosen ? 650 : 400}`;
      return [element("span", { style: weight }, way), bar(hidden || right === null ? 0 : right / count),
        element("span", { style: `${NUMBER}; ${weight}` }, said)];
    }));
    scores.hidden = count === 0;
    timing.textContent = picture.milliseconds === null ? "" : `Learned in ${picture.milliseconds.toFixed(0)} ms`;
  }

  function tryHere(text) {
    drawn = text;
    if (!drawn) chosen = null;
    showPad();
  }
  // Per cent from the network in this page, for what the reader drew; the bug inverts what it sees.
  function answerHere() {
    if (!picture.head) return null;
    const image = imageOf(drawn).map((ink) => (picture.swapped ? 1 - ink : ink));
    return answerOf(picture.head, body(image)).map((share) => Math.round(100 * share));
  }

  // The pad holds what the reader drew, or a drawing from the confusion matrix.
  function showPad() {
    const test = drawn || hidden || chosen === null ? null : picture.tests[chosen];
    const name = drawn ? "your drawing" : test ? `a ${picture.names[test[0]]}` : "nothing drawn";
    const canTry = isLive || Boolean(picture.head);
    const shown = drawn ? "Your drawing" : test ? `Tested: ${name}` : "";
    line.textContent = [shown, hint(canTry)].filter(Boolean).join("; ");
    pad.show(drawn || (test ? test[1] : ""), { mine: !test, drawable: canTry, inverted: picture.swapped, name });
    const shares = hidden ? null : drawn ? (isLive ? picture.pad?.shares : answerHere()) : test ? picture.shares[chosen] : null;
    answer.replaceChildren(...picture.names.flatMap((word, label) => [
      picture.own && isLive ? adding(word, label) : element("span", {}, word), bar((shares?.[label] ?? 0) / 100),
      element("span", { style: NUMBER }, shares ? `${shares[label]} %` : "")]));
  }
  function hint(canTry) {
    if (!canTry) return "new drawings: only the head on the letter network answers here";
    if (drawn) return "";
    return isLive && picture.own ? "draw, then add it to a class" : "draw to try";
  }
  function adding(word, label) {
    const isFull = picture.mine.length >= LIMIT, isOff = !drawn || isFull;
    const add = () => { if (!isOff) change({ drawings: [...picture.mine, [label, drawn]], pad: [] }); };
    return element("button", { type: "button", onclick: add, "aria-disabled": String(isOff), "aria-label": `teach as ${word}`,
      title: isFull ? `${LIMIT} drawings, no more fit` : `teach as ${word}`, style: "min-height: 1.9em; padding: 0 0.6em; text-align: left" }, `+ ${word}`);
  }

  function save() {
    const content = JSON.stringify({ names: picture.names, drawings: picture.taught });
    element("a", { href: `data:application/json,${encodeURIComponent(content)}`, download: "drawings.json" }).click();
  }

  // What needs no place while the course's signs are taught, and what the reader's own do not need.
  function showControls() {
    const root = figure.closest(".dlc-explorer");
    for (const [name, isShown] of [["names", picture.own], ["each", !picture.own], ["draw", !picture.own]]) {
      root.querySelector(`[data-control="${name}"]`).hidden = !isShown;
    }
  }

  return {
    // What Python does not know of: the drawing that was tried in this page, the chosen cell and its drawing.
    reset() {
      if (!picture) return;
      drawn = "";
      confusion.restart();
      chosen = confusion.first();
      showPad();
    },
    update(next) {
      if (picture === next.picture && hidden === next.hidden) return;
      ({ picture, hidden } = next);
      if (isLive) drawn = picture.drawn;
      showControls();
      showTaught();
      showScores();
      const tests = JSON.stringify([picture.tests, picture.answers]);
      confusion.show(hidden ? null : picture);
      if (tests !== figure.dataset.tests) chosen = null;
      figure.dataset.tests = tests;
      chosen ??= confusion.first();
      download.setAttribute("aria-disabled", String(picture.taught.length === 0));
      showPad();
    },
  };
}

function bar(share) {
  return element("span", { "aria-hidden": "true", style: "height: 0.75em; border: 1px solid var(--dlc-faint)" },
    element("span", { style: `display: block; height: 100%; width: ${(100 * share).toFixed(1)}%; background: var(--dlc-accent)` }));
}
