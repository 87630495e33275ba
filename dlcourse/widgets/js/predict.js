// "Predict first": a question in place of the next number, until the reader has answered.
import { element, uniqueId } from "./dom.js";

// reveal(verdict) is called once the reader has answered or given up. Returns { node, show(question) }.
export function createPrediction(reveal) {
  const id = uniqueId("dlc");
  let asked = null;
  const label = element("label", { for: id });
  const input = element("input", { type: "text", id, inputmode: "decimal", autocomplete: "off", size: 8 });
  const form = element("form", { class: "dlc-predict", onsubmit: (event) => { event.preventDefault(); answer(); } },
    label, input, element("button", { type: "submit" }, "Check"),
    element("button", { type: "button", onclick: () => reveal(`It is ${asked.answer}.`) }, "Show"));

  function answer() {
    const said = input.value.trim().replace("−", "-").replace(",", ".");
    const value = Number(said);
    if (said === "" || Number.isNaN(value)) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
      return;
    }
    const right = asked.low <= value && value <= asked.high;
    reveal(right ? `Right, it is ${asked.answer}.` : `You said ${input.value.trim()}, it is ${asked.answer}.`);
  }
  return {
    node: form,
    show(question) {
      form.hidden = !question;
      if (question === asked) return;
      asked = question;
      label.textContent = question ? `Your prediction: ${question.text}` : "";
      input.value = "";
      input.removeAttribute("aria-invalid");
    },
  };
}
