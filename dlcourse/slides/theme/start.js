// Start the presentation: formulas first, because reveal.js measures slides; then keys and the outline.
(() => {
  "use strict";

  // Inside an explorer, which is a frame of its own, and in the outline the keys are not for turning slides.
  const turnsSlides = () => !document.activeElement?.closest(".explorer, dialog");

  const options = {
    width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4, center: false, display: "flex",
    hash: true, transition: "none", backgroundTransition: "none", navigationMode: "linear",
    controls: true, controlsTutorial: false, progress: true, slideNumber: "c/t", showSlideNumber: "all",
    keyboardCondition: turnsSlides, pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1,
    totalTime: {{ minutes }} * 60, plugins: [RevealNotes],
  };

  // Make the type of a crowded slide a little smaller, down to a size that can still be read from the last row.
  const FOOTER = 40, GOOD_EXPLORER = 500, FITS = [1, 0.97, 0.94, 0.91, 0.88, 0.86];

  function fits(slide) {
    const limit = slide.getBoundingClientRect().bottom - FOOTER + 1;
    const content = slide.querySelectorAll(":scope > :not(aside), .figure, .explorer");
    const explorers = slide.querySelectorAll(".explorer");
    return [...content].every(element => element.getBoundingClientRect().bottom <= limit)
      && [...explorers].every(element => element.clientHeight >= GOOD_EXPLORER);
  }

  function fitAll() {
    const reveal = document.querySelector(".reveal");
    reveal.classList.add("measuring");
    for (const slide of document.querySelectorAll(".slides section[data-cell]")) {
      for (const fit of FITS) {
        slide.style.setProperty("--fit", fit);
        if (fits(slide)) break;
      }
    }
    reveal.classList.remove("measuring");
  }

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

  async function start() {
    await MathJax.startup.promise;
    await MathJax.typesetPromise();
    await Promise.all([...document.fonts].map(face => face.load()));
    fitAll();
    await Reveal.initialize(options);
    addOutline();
    document.documentElement.dataset.ready = "true";
  }
  start();
})();
