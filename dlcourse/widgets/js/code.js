// The panel with "code for this setting" and the explorer's state, each with a button that copies it.
import { element, uniqueId } from "./dom.js";

// Returns { node, button, show(code, state) }; the button opens and closes the panel.
export function createCode(spec) {
  const id = uniqueId("dlc");
  const cell = element("pre", { tabindex: 0, role: "group", "aria-label": "Code for this setting" });
  const state = element("pre", { tabindex: 0, role: "group", "aria-label": "This explorer as it stands" });
  const node = element("div", { class: "dlc-code", id, hidden: true },
    part("Code for this setting", cell), part("This explorer as it stands", state));
  const button = element("button", { type: "button", "aria-expanded": "false", "aria-controls": id, onclick: toggle }, "Code");
  function toggle() {
    node.hidden = !node.hidden;
    button.setAttribute("aria-expanded", String(!node.hidden));
  }
  return {
    node,
    button,
    show(text, stateText) {
      cell.textContent = text;
      state.textContent = stateText ? `${spec.name}.from_state("${stateText}")` : `${spec.name}()`;
    },
  };
}

function part(title, source) {
  return element("div", {}, element("div", { class: "dlc-code-head" }, element("span", {}, title), copyButton(source)), source);
}

function copyButton(source) {
  const button = element("button", { type: "button", onclick: copy }, "Copy");
  async function copy() {
    getSelection().selectAllChildren(source); // so that Ctrl+C works where the clipboard is closed to scripts
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2500);
  }
  return button;
}
