// A pad to draw on with a pen, by pointer or by keys. A drawing goes to Python as a text when the pen is lifted.
import { element, svg } from "./dom.js";
import { lines, MOST, SIDE, strokesOf, textOf, VIEW } from "./strokes.js";

const PEN = "M"; // 2.2 pixels
const STEP = 4; // half pixels for an arrow key; one with Shift
const NEAR = 5; // half pixels between two corners of a pointer's stroke: closer ones make a straight line shake
const LONGEST = 1180; // characters of a drawing, Python takes a little more
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HELP = "arrow keys move the pen, space puts it down and lifts it, backspace takes back a stroke";

// send(text) is told each time the pen is lifted, with "" for an empty pad. Returns { node, buttons, show }.
export function createStrokePad(send) {
  let strokes = [], pen = PEN, canDraw = false, isMine = false, isDown = false, isInverted = false, hasKeys = false;
  let cursor = [SIDE, SIDE];
  const ink = svg("g", {}), mark = svg("g", {});
  const paper = svg("rect", { x: -0.5, y: -0.5, width: SIDE, height: SIDE });
  const picture = svg("svg", { viewBox: VIEW, role: "img", "aria-label": "drawing", style: "display: block; width: 100%" }, paper, ink, mark);
  const spoken = element("span", { class: "dlc-hidden", role: "status" });
  const node = element("div", { role: "group", onkeydown, onpointerdown, onpointermove, onpointerup, onpointercancel: lift,
    onfocus, onblur: leave, style: "border: 1px solid var(--dlc-faint)" }, picture, spoken);
  const undo = element("button", { type: "button", onclick: () => takeBack(1) }, "Undo");
  const clear = element("button", { type: "button", onclick: () => takeBack(Infinity) }, "Clear");

  function paint() {
    const [back, front] = isInverted ? ["--dlc-ink", "--dlc-paper"] : ["--dlc-paper", "--dlc-ink"];
    paper.style.fill = `var(${back})`;
    node.dataset.drawing = strokes.length > 0 ? textOf(pen, strokes) : "";
    ink.replaceChildren(lines(pen, strokes, `var(${front})`));
    const isHere = canDraw && hasKeys && document.activeElement === node;
    mark.replaceChildren(...(isHere ? [svg("circle", { cx: cursor[0] / 2, cy: cursor[1] / 2, r: 1.6,
      style: `fill: ${isDown ? "var(--dlc-second)" : "none"}; stroke: var(--dlc-second); stroke-width: 0.8` })] : []));
    for (const button of [undo, clear]) button.setAttribute("aria-disabled", String(!isMine || strokes.length === 0));
  }

  // A stroke begins; a drawing that was only shown makes room for it.
  function putDown(at) {
    if (!isMine) [strokes, isMine, pen] = [[], true, PEN];
    if (textOf(pen, strokes).length >= LONGEST) return;
    strokes = [...strokes, [at]];
    isDown = true;
    paint();
  }

  function draw(at, least) {
    const stroke = strokes.at(-1), [x, y] = stroke.at(-1);
    if (Math.abs(at[0] - x) + Math.abs(at[1] - y) < least || textOf(pen, strokes).length >= LONGEST) return;
    stroke.push(at);
    paint();
  }

  function lift() {
    if (!isDown) return;
    isDown = false;
    paint();
    send(textOf(pen, strokes));
  }

  function takeBack(count) {
    if (!isMine || strokes.length === 0) return;
    strokes = strokes.slice(0, Math.max(0, strokes.length - count));
    isDown = false;
    paint();
    send(strokes.length > 0 ? textOf(pen, strokes) : "");
  }

  function place(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    return [held(Math.round(2 * point.x)), held(Math.round(2 * point.y))];
  }
  function onpointerdown(event) {
    if (!canDraw || event.button !== 0) return;
    hasKeys = false;
    node.setPointerCapture(event.pointerId);
    putDown(place(event));
  }
  function onpointermove(event) {
    if (isDown && node.hasPointerCapture(event.pointerId)) draw(place(event), NEAR);
  }
  function onpointerup(event) {
    if (isDown) draw(place(event), 1);
    lift();
  }
  function onfocus() {
    hasKeys = node.matches(":focus-visible"); // a pointer needs no second mark
    paint();
  }
  function leave() {
    lift();
    paint();
  }

  function onkeydown(event) {
    const by = KEYS[event.key], step = event.shiftKey ? 1 : STEP;
    if (!canDraw || (!by && ![" ", "Backspace", "Delete"].includes(event.key))) return;
    event.preventDefault();
    hasKeys = true;
    if (by) {
      cursor = [held(cursor[0] + by[0] * step), held(cursor[1] + by[1] * step)];
      if (isDown) draw(cursor, 1);
    } else if (event.key === " ") {
      if (isDown) lift();
      else putDown(cursor);
    } else takeBack(1);
    spoken.textContent = `${isDown ? "pen down" : "pen up"}, ${cursor[0] / 2} across, ${cursor[1] / 2} down`;
    paint();
  }

  return {
    node,
    buttons: [undo, clear],
    // Shows a drawing's text, or nothing for ""; mine: the reader's own, which can be drawn on.
    show(text, { mine, drawable, inverted, name }) {
      [canDraw, isInverted] = [drawable, inverted];
      if (!isDown) {
        isMine = mine;
        ({ pen, strokes } = text ? strokesOf(text) : { pen: PEN, strokes: [] });
      }
      node.style.touchAction = canDraw ? "none" : "";
      node.style.cursor = canDraw ? "crosshair" : "";
      if (canDraw) node.tabIndex = 0;
      else node.removeAttribute("tabindex");
      node.setAttribute("aria-label", canDraw ? `pad: ${HELP}` : "drawing");
      picture.setAttribute("aria-label", name);
      paint();
    },
  };
}

function held(half) {
  return Math.max(0, Math.min(MOST, half));
}
