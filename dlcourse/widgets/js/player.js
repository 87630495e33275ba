// Play, pause and step through the frames of a recording.
import { element, svg, uniqueId } from "./dom.js";

const ICONS = {
  first: "M5 4h2v12H5zM16 4v12l-8-6z",
  back: "M13 4v12l-8-6z",
  play: "M6 4l10 6-10 6z",
  pause: "M6 4h3v12H6zM11 4h3v12h-3z",
  next: "M7 4l8 6-8 6z",
  last: "M13 4h2v12h-2zM4 4l8 6-8 6z",
};

// go(place) asks for another frame, announce(isPlaying) tells of play and pause. Returns { node, show(place, count), step(by), stop(), focusForward() }.
export function createPlayer(control, go, announce) {
  const id = uniqueId("dlc");
  let place = 0, count = 1, timer = null;
  const move = (to) => { const next = Math.min(Math.max(to, 0), count - 1); if (next !== place) go(next); };
  const press = (to) => { stop(); move(to()); };
  const first = button("first", "First step", () => press(() => 0));
  const back = button("back", "Step back", () => press(() => place - 1));
  const play = button("play", "Play", () => (timer ? stop() : start()));
  const next = button("next", "Step forward", () => press(() => place + 1));
  const last = button("last", "Last step", () => press(() => count - 1));
  const range = element("input", { type: "range", id, min: 0, step: 1, "data-control": control.name,
    oninput: () => press(() => Number(range.value)) });
  const output = element("output", { for: id });
  const node = element("div", { class: "dlc-player", role: "group", "aria-label": control.label },
    first, back, play, next, last, element("label", { for: id, class: "dlc-hidden" }, control.label), range, output);

  function start() {
    if (place === count - 1) go(0);
    timer = setInterval(() => { if (place < count - 1) move(place + 1); else stop(); }, 1000 * control.seconds);
    showPlaying();
  }
  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    showPlaying();
  }
  function showPlaying() {
    announce(timer !== null);
    play.setAttribute("aria-label", timer ? "Pause" : "Play");
    play.title = timer ? "Pause" : "Play";
    play.querySelector("path").setAttribute("d", timer ? ICONS.pause : ICONS.play);
  }
  return {
    node,
    step: (by) => press(() => place + by),
    stop,
    focusForward: () => next.focus(),
    show(newPlace, newCount) {
      [place, count] = [newPlace, newCount];
      range.max = count - 1;
      range.value = place;
      range.setAttribute("aria-valuetext", `${place + 1} of ${count}`);
      output.textContent = `${place + 1} / ${count}`;
      for (const b of [first, back]) b.setAttribute("aria-disabled", String(place === 0));
      for (const b of [next, last]) b.setAttribute("aria-disabled", String(place === count - 1));
      if (timer && place === count - 1) stop();
    },
  };
}

// A disabled button would drop the keyboard focus; aria-disabled says the same and keeps it.
function button(icon, label, onclick) {
  return element("button", { type: "button", class: "dlc-icon", "aria-label": label, title: label, onclick },
    svg("svg", { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" }, svg("path", { d: ICONS[icon] })));
}
