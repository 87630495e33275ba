// "Train in this page": gradient descent on all training points, from the weights that are shown, without a kernel.
import { element, uniqueId } from "./dom.js";
import { costAndGradient, step } from "./mlp_train.js";

const RATES = [0.03, 0.1, 0.3, 1, 3];
const STEPS = 4; // for each picture, at up to 60 pictures a second

// show(weights, words) draws the network while it trains. Returns { node, reset(picture, weights), set(position, value) }.
export function createPageTraining(show) {
  const id = uniqueId("dlc");
  const button = element("button", { type: "button", "aria-pressed": "false", onclick: () => (running ? stop() : start()) }, "Train in this page");
  const select = element("select", { id }, ...RATES.map((rate) => element("option", { value: rate, selected: rate === 0.3 }, String(rate))));
  const node = element("div", { class: "dlc-page-training" }, button, element("label", { for: id }, "Rate here"), select);
  let data = null, weights = null, count = 0, running = false;

  function start() {
    running = true;
    showRunning();
    requestAnimationFrame(advance);
  }
  function stop() {
    running = false;
    showRunning();
  }
  function showRunning() {
    button.setAttribute("aria-pressed", String(running));
    button.textContent = running ? "Pause" : "Train in this page";
  }
  function advance() {
    if (!running || !node.isConnected) return;
    let cost = 0;
    for (let k = 0; k < STEPS && Number.isFinite(cost); k += 1) {
      ({ cost, weights } = step(data.net, weights, data.inputs, data.labels, Number(select.value)));
      count += 1;
    }
    const isFinite = Number.isFinite(cost) && weights.every(Number.isFinite);
    show(weights, isFinite
      ? `here, step ${count}: training cost ${cost.toPrecision(3)}`
      : `here, stopped in step ${count}: the cost is no longer finite`);
    if (isFinite) requestAnimationFrame(advance);
    else stop();
  }
  return {
    node,
    reset(picture, start) {
      stop();
      [data, weights, count] = [trainingPart(picture), Float64Array.from(start), 0];
      button.setAttribute("aria-disabled", String(!weights.every(Number.isFinite)));
    },
    set(position, value) {
      stop();
      weights = Float64Array.from(weights, (weight, place) => (place === position ? value : weight));
      const { cost } = costAndGradient(data.net, weights, data.inputs, data.labels);
      show(weights, `here, a weight set by hand: training cost ${Number.isFinite(cost) ? cost.toPrecision(3) : "not finite"}`);
    },
  };
}

function trainingPart({ sizes, activation, loss, features, labels, training }) {
  const chosen = labels.map((_, n) => n).filter((n) => training[n]);
  const rows = chosen.flatMap((n) => Array.from(features.data.subarray(n * sizes[0], (n + 1) * sizes[0])));
  return { net: { sizes, activation, loss }, inputs: { shape: [chosen.length, sizes[0]], data: rows }, labels: chosen.map((n) => labels[n]) };
}
