// Inside the frame of an explorer: fill the room on the slide, and let a presenter's keys through to the slides.
(() => {
  "use strict";
  const ZOOMS = [1.3, 1.25, 1.2, 1.15, 1.1, 1.05, 1, 0.95, 0.9, 0.85, 0.8, 0.75];
  const root = document.documentElement;
  const overflows = () => root.scrollHeight > innerHeight + 1 || root.scrollWidth > innerWidth + 1;

  function fit(zooms) {
    if (!innerHeight) return; // the slide is not shown
    for (const zoom of zooms) {
      document.body.style.zoom = zoom;
      if (!overflows()) return;
    }
  }

  // Words grow and shrink from step to step: the size changes only when they no longer fit.
  const shrink = () => {
    if (overflows()) fit(ZOOMS.filter(zoom => zoom < Number(document.body.style.zoom || 2)));
  };
  addEventListener("resize", () => fit(ZOOMS));
  addEventListener("load", () => fit(ZOOMS));
  new ResizeObserver(shrink).observe(document.body);

  addEventListener("keydown", event => {
    if (event.key === "PageDown") parent.Reveal?.next();
    else if (event.key === "PageUp") parent.Reveal?.prev();
    else if (event.key === "Escape") {
      frameElement?.blur();
      parent.focus();
    } else return;
    event.preventDefault();
  }, true);
})();
