// Start the presentation: formulas first, because reveal.js measures slides; then keys and the outline.
(() => {
  "use strict";

  // Inside an explorer the arrows belong to its controls. A presenter's remote (page up, page down) always turns slides.
  const turnsSlides = event =>
    ["PageUp", "PageDown"].includes(event.key) || !document.activeElement?.closest(".explorer, dialog");

  const options = {
    width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4, center: false, display: "flex",
    hash: true, transition: "none", backgroundTransition: "none", navigationMode: "linear",
    controls: true, controlsTutorial: false, progress: true, slideNumber: "c/t", showSlideNumber: "all",
    keyboardCondition: turnsSlides, pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1,
    totalTime: {{ minutes }} * 60, plugins: [RevealNotes],
  };

  function titleOf(slide) {
    return slide.querySelector("h1, h2, h3")?.textContent.trim() || slide.dataset.cell || "";
  }

  function fillOutline(dialog) {
    const list = dialog.querySelector("ol");
    for (const slide of Reveal.getSlides().filter(slide => !slide.classList.contains("stack"))) {
      const { h, v } = Reveal.getIndices(slide);
      const link = document.createElement("a");
      link.href = `#/${h}/${v ?? 0}`;
      link.textContent = titleOf(slide);
      link.addEventListener("click", () => dialog.close());
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
  }

  function addOutline() {
    const dialog = document.querySelector("dialog.outline");
    fillOutline(dialog);
    Reveal.addKeyBinding({ keyCode: 77, key: "M", description: "Outline of the lecture" }, () => dialog.showModal());
  }

  // Escape leaves an explorer, so that the arrows turn slides again.
  document.addEventListener("keydown", event => {
    const focused = document.activeElement;
    if (event.key === "Escape" && focused?.closest(".explorer")) {
      focused.blur();
      event.stopPropagation();
    }
  }, true);

  async function start() {
    await MathJax.startup.promise;
    await MathJax.typesetPromise();
    await document.fonts.ready;
    await Reveal.initialize(options);
    addOutline();
    document.documentElement.dataset.ready = "true";
  }
  start();
})();
