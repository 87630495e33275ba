// The bias and variance explorer's picture: one of three views, two charts side by side in each.
import { drawDays } from "./bias_variance_days.js";
import { drawPenalty } from "./bias_variance_penalty.js";
import { drawStopping } from "./bias_variance_stopping.js";
import { element, svg } from "./dom.js";

const WIDTH = 1060, HEIGHT = 284;
const VIEWS = { days: drawDays, penalty: drawPenalty, stopping: drawStopping };

export function createDrawing(figure) {
  const scroller = element("div", { class: "dlc-flow", tabindex: 0, role: "group" });
  const legend = element("p", { class: "dlc-marks" });
  figure.append(scroller, legend);
  return {
    update({ picture, place, hidden }) {
      const { charts, samples } = VIEWS[picture.view](picture, hidden ? 0 : place, hidden);
      scroller.setAttribute("aria-label", `${picture.label}, scrolls sideways`);
      scroller.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": picture.label },
        ...charts));
      legend.replaceChildren(...samples);
    },
  };
}
