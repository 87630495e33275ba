// A confusion matrix whose cells can be chosen, by pointer or arrow keys, and the drawings that were counted in one.
import { moved, moveOf } from "./cells.js";
import { element } from "./dom.js";
import { thumbnail } from "./strokes.js";

const SMALL = "padding: 0 0.35em; font-weight: 400; font-size: 0.87em; color: var(--dlc-ink); background: none; border: 0";

// pick(index) is told which test was chosen among a cell's drawings. Returns { node, show }.
export function createConfusion(pick) {
  let picture = null, cell = [0, 0], buttons = [];
  const table = element("table", { style: "border-collapse: separate; border-spacing: 2px; margin: 0; table-layout: auto", onkeydown });
  const caption = element("p", { style: "font-size: 0.87em" });
  const strip = element("div", { style: "display: flex; flex-wrap: wrap; gap: 2px; min-height: 72px; align-content: flex-start" });
  const node = element("div", {}, table, caption, strip);

  function onkeydown(event) {
    const by = moveOf(event);
    if (!by || !picture) return;
    event.preventDefault();
    choose(moved(cell, by, picture.names.length, picture.names.length));
    buttons[cell[0]][cell[1]].focus();
  }

  function choose(next) {
    cell = next;
    const { names, tests, answers, swapped } = picture, [row, column] = cell;
    buttons.flat().forEach((button) => {
      const isHere = button === buttons[row][column];
      button.tabIndex = isHere ? 0 : -1;
      button.setAttribute("aria-pressed", String(isHere));
      button.style.outline = isHere ? "3px solid var(--dlc-ink)" : "";
      button.style.outlineOffset = isHere ? "-1px" : "";
    });
    const inside = tests.map((_, k) => k).filter((k) => tests[k][0] === row && answers[k] === column);
    caption.textContent = `${names[row]} called ${names[column]}: ${inside.length}${row === column ? ", right" : ""}`;
    strip.replaceChildren(...inside.map((k, place) => element("button", { type: "button", onclick: () => pick(k),
      "data-test": k,
      "aria-label": `show drawing ${place + 1} of ${names[row]} called ${names[column]}`,
      style: "padding: 1px; min-height: 0; border-radius: 3px; line-height: 0" }, thumbnail(tests[k][1], 30, swapped))));
  }

  function grid() {
    const { names, counts } = picture;
    const most = Math.max(1, ...counts.map((row) => row.reduce((sum, count) => sum + count, 0)));
    buttons = counts.map((row, i) => row.map((count, j) => element("button", { type: "button", onclick: () => choose([i, j]),
      "aria-label": `${names[i]} called ${names[j]}: ${count}`,
      style: "width: 3em; min-height: 2.1em; padding: 0; border-radius: 3px; color: var(--dlc-ink); " +
        `font-weight: ${i === j ? 700 : 400}; background: color-mix(in srgb, var(--dlc-${i === j ? "accent" : "second"}) ` +
        `${Math.round((45 * count) / most)}%, var(--dlc-paper))` }, String(count))));
    const head = element("tr", {}, element("td", { style: SMALL }), ...names.map((name) => element("th", { scope: "col", style: `${SMALL}; text-align: center` }, name)));
    table.replaceChildren(element("caption", { style: "text-align: left; padding: 0; white-space: nowrap; color: var(--dlc-ink)" }, "rows: truth, columns: answer"),
      element("thead", {}, head),
      element("tbody", {}, ...buttons.map((row, i) => element("tr", {}, element("th", { scope: "row", style: `${SMALL}; text-align: right` }, names[i]),
        ...row.map((button) => element("td", { style: "padding: 0; border: 0; background: none" }, button))))));
  }

  return {
    node,
    // Shows a picture's counts; null hides them. A new lesson begins at its largest error.
    show(next) {
      node.style.visibility = next && next.tests.length > 0 ? "" : "hidden";
      if (!next || next.tests.length === 0) {
        picture = null;
        return;
      }
      const isSame = picture && same(picture.tests, next.tests) && same(picture.answers, next.answers);
      picture = next;
      grid();
      choose(isSame ? cell : next.start);
    },
    // Back to the cell of the largest error.
    restart() {
      if (picture) choose(picture.start);
    },
    // The first test in the chosen cell, to begin with; null for an empty one.
    first() {
      const found = picture?.tests.findIndex(([label], k) => label === cell[0] && picture.answers[k] === cell[1]) ?? -1;
      return found < 0 ? null : found;
    },
  };
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}
