// Drawing black pixels on a grid, by pointer or by keys. A drawing goes to Python as the text of the control "pixels".
import { createCells, moved, moveOf } from "./cells.js";
import { element } from "./dom.js";

const CURSOR = "stroke: var(--dlc-second); stroke-width: 2.4";
const INK = 100;

// A grid of side × side pixels that can be drawn on where Python answers. Returns { node, cells, show, help }.
export function createPencil(side, name) {
  let pixels = [], cursor = [side / 2, side / 2], field = null, ink = null;
  const canDraw = () => field !== null && !field.disabled;
  const cells = createCells({ rows: side, columns: side, margin: 1, name, at: touch });
  const node = element("div", { role: "group", onkeydown, onpointerup: send, onpointercancel: send,
    onfocus: () => cells.point(canDraw() ? [...cursor, 1, 1, CURSOR] : null), onblur: () => cells.point(null) }, cells.node);

  function touch(row, column, event) {
    if (!canDraw()) return;
    if (event.type === "pointerdown") {
      ink = pixels[row * side + column] ? 0 : INK;
      node.setPointerCapture(event.pointerId);
    }
    if (ink !== null) set(row, column, ink);
  }

  function onkeydown(event) {
    const by = moveOf(event);
    if (!canDraw() || (!by && event.key !== " ")) return;
    event.preventDefault();
    if (by) cursor = moved(cursor, by, side, side);
    cells.point([...cursor, 1, 1, CURSOR]);
    if (by) return;
    ink = pixels[cursor[0] * side + cursor[1]] ? 0 : INK;
    set(...cursor, ink);
    send();
  }

  function set(row, column, value) {
    pixels[row * side + column] = value;
    cells.paint(pixels, INK);
  }

  function send() {
    if (ink === null) return;
    ink = null;
    field.value = hexadecimal(pixels);
    field.dispatchEvent(new Event("change"));
  }

  return {
    node, cells,
    // Shows an image; `drawable` says whether it is the reader's own. The control's field is hidden: the grid is it.
    show(image, drawable) {
      pixels = [...image];
      const control = node.closest(".dlc-explorer").querySelector('[data-control="pixels"]');
      control.hidden = true;
      field = drawable ? control.querySelector("input") : null;
      node.style.touchAction = canDraw() ? "none" : "";
      node.style.cursor = canDraw() ? "crosshair" : "";
      if (canDraw()) node.tabIndex = 0;
      else node.removeAttribute("tabindex");
      node.setAttribute("aria-label", canDraw() ? `${name}: arrow keys move, space draws or erases a pixel` : name);
      cells.paint(pixels, INK);
    },
    help: () => (canDraw() ? "draw or erase with the pointer, or with arrow keys and space" : "0 is paper, 1 is ink; zeros around it"),
  };
}

// Four pixels to a digit, row by row, the first pixel in the highest bit.
function hexadecimal(pixels) {
  const digits = [];
  for (let k = 0; k < pixels.length; k += 4) {
    digits.push(pixels.slice(k, k + 4).reduce((digit, pixel) => 2 * digit + (pixel > 0 ? 1 : 0), 0).toString(16));
  }
  return digits.join("");
}
