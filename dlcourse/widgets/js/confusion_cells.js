// A table of what was called what; choosing a cell shows the images behind it.
import { chosen, colour, createCells, moved, moveOf } from "./cells.js";
import { element, svg } from "./dom.js";

const PALE = 0.55; // of full colour for the largest count, so that numbers stay readable
const UNIT = 10; // of the cells' drawing
const SIDE = 16, SHADES = 15, MOST = 16; // images at most

// Rows are true classes, columns are answers. show(picture, frame, hidden): `counts` row by row, `guesses` and
// `truths` for each new image, `new` the images as digits of base 16.
export function createConfusions() {
  let cell = null, last = null, cells = null;
  const caption = element("div", {});
  const table = element("div", { tabindex: 0, role: "group", onkeydown, style: "max-width: 300px" });
  const line = element("p", { class: "dlc-marks", role: "status" });
  const images = element("div", { style: "display: grid; grid-template-columns: repeat(auto-fill, 28px); gap: 3px; min-height: 59px" });
  const node = element("div", {}, caption, table, line, images);

  function onkeydown(event) {
    const by = moveOf(event), side = last.picture.letters.length;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows move the cell, not the player
    choose(moved(cell, by, side, side));
  }

  function choose(next) {
    if (last.hidden || (next[0] === cell[0] && next[1] === cell[1])) return;
    cell = next;
    showCell();
  }

  function build(letters) {
    const side = letters.length;
    cells = createCells({ rows: side, columns: side, margin: 1, isRuled: true, name: "how often each letter was called what",
      at: (row, column, event) => { if (event.type === "pointerdown") choose([row, column]); } });
    const place = (x, y, text) => svg("text", { x, y, "text-anchor": "middle", style: "font-size: 7px; fill: var(--dlc-ink)" }, text);
    [...letters].forEach((letter, k) => cells.node.append(
      place(-UNIT / 2, (k + 0.74) * UNIT, letter), place((k + 0.5) * UNIT, side * UNIT + 7.5, letter)));
    cells.node.style.cursor = "pointer";
    table.append(cells.node);
  }

  function showCell() {
    const { picture, frame, hidden } = last, [row, column] = cell, { letters } = picture;
    cells.outline(hidden ? [] : chosen(row, column, 1));
    const found = hidden ? [] : frame.guesses.flatMap((guess, k) => (guess === column && picture.truths[k] === row ? [k] : []));
    line.textContent = hidden ? "?" : `${letters[row]} called ${letters[column]}: ${found.length || "none"}`;
    table.setAttribute("aria-label", `confusions, ${line.textContent}; arrow keys choose a cell`);
    images.replaceChildren(...found.slice(0, MOST).map((k) => thumbnail(picture.new[k], letters[row])));
  }

  return {
    node,
    show(picture, frame, hidden) {
      if (!cells) build(picture.letters);
      cell ??= picture.cell;
      last = { picture, frame, hidden };
      const most = Math.max(1, ...frame.counts);
      caption.textContent = `${picture.truths.length} new: true ↓, named →`;
      cells.paint(hidden ? null : frame.counts, most / PALE);
      cells.write(frame.counts.map((count) => (hidden || count === 0 ? "" : String(count))), () => false);
      showCell();
    },
  };
}

// A small image: for each shade one path of unit squares.
function thumbnail(digits, letter) {
  const paths = Array(SHADES + 1).fill("");
  [...digits].forEach((digit, k) => { paths[parseInt(digit, 16)] += `M${k % SIDE} ${Math.floor(k / SIDE)}h1v1h-1z`; });
  return svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", "aria-label": `a letter ${letter}`, width: 28, height: 28,
    style: "border: 1px solid var(--dlc-rule); shape-rendering: crispEdges" },
  ...paths.flatMap((d, shade) => (d && shade > 0 ? [svg("path", { d, style: `fill: ${colour(shade / SHADES)}` })] : [])));
}
