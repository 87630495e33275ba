// How far each slide reaches beyond its page, in pixels of the page; a Playwright page evaluates this.
async () => {
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const box = element => element.getBoundingClientRect();
  const FOOTER = 40, results = [];  // the running title and the slide number keep the last 40 pixels
  for (const slide of Reveal.getSlides().filter(slide => !slide.classList.contains("stack"))) {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v, 999);
    if (slide.querySelector("iframe")) await frame();  // an explorer fits itself once it is shown
    const page = box(slide), scale = Reveal.getScale();
    let below = 0, beside = 0;
    for (const element of slide.querySelectorAll("*")) {
      if (element.closest("aside.notes, mjx-assistive-mml, svg *, [hidden], .visually-hidden")) continue;
      const own = box(element);
      if (own.width <= 1 || own.height <= 1) continue;
      below = Math.max(below, (own.bottom - page.bottom) / scale + FOOTER);
      beside = Math.max(beside, (own.right - page.right) / scale, (page.left - own.left) / scale);
      if (element.tagName === "IFRAME") {
        const inner = element.contentDocument.documentElement;
        below = Math.max(below, inner.scrollHeight - inner.clientHeight);
        beside = Math.max(beside, inner.scrollWidth - inner.clientWidth);
      }
      const clips = !["visible", "auto", "scroll"].includes(getComputedStyle(element).overflowX);
      if (clips && element.tagName !== "svg") {
        beside = Math.max(beside, element.scrollWidth - element.clientWidth);
        below = Math.max(below, element.scrollHeight - element.clientHeight);
      }
    }
    const heading = slide.querySelector("h1, h2, h3, h4");
    results.push({cell: slide.dataset.cell, heading: heading ? heading.textContent.trim() : "", below, beside});
  }
  return results;
}
