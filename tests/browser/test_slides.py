"""Exported slides in a real browser: opened from disk, they ask for nothing and complain about nothing."""

import base64
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from dlcourse import plots
from dlcourse.slides import export, write_index
from dlcourse.slides.browser import open_slides, overflowing, print_handout, print_pdf

pytestmark = pytest.mark.browser

LECTURES = sorted((Path(__file__).parents[2] / "lectures").glob("[0-9]*.ipynb"))


def text(cell_id, source, slide="slide"):
    return new_markdown_cell(source, id=cell_id, metadata={"slideshow": {"slide_type": slide}})


def code(cell_id, source, *outputs, slide="-"):
    metadata = {"slideshow": {"slide_type": slide}}
    return new_code_cell(source, id=cell_id, metadata=metadata, outputs=list(outputs), execution_count=1)


def figure():
    drawn, axes = plots.subplots()
    axes.plot([3, 2, 1])
    data = {"image/png": base64.b64encode(plots.png(drawn)).decode(), "text/plain": "A falling line."}
    return new_output("display_data", data=data, metadata={"image/png": {"alt": "A falling line."}})


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """A small lecture with a formula, code, a figure, fragments and notes: five slides."""
    folder = tmp_path_factory.mktemp("deck")
    cells = [
        text("title", "# A topic\n\nWith a subtitle"),
        text("title-notes", "Ask the room: **why**?", "notes"),
        text(
            "formula",
            "## A formula\n\n$$\\frac{\\partial L}{\\partial W} = \\delta^\\top X$$ and $\\eta\\color{red}{\\mu}$",
        ),
        text("aside", "A remark, later.", "fragment"),
        text("code", "## Code", "subslide"),
        code("code-add", "def add(a, b):\n    return a + b", new_output("stream", name="stdout", text="3\n")),
        text("plot", "## A figure"),
        code("plot-line", "draw()", figure(), slide="fragment"),
        text("end", "## The end"),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "01_topic.ipynb")
    return export(folder / "01_topic.ipynb", folder / "out")[0]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Export each of the course's lectures once."""
    out = tmp_path_factory.mktemp("lectures")
    return {path.stem: export(path, out)[0] for path in LECTURES}


@pytest.fixture
def shown(page, deck):
    open_slides(page, deck)
    return page


def present(page):
    return page.evaluate("Reveal.getCurrentSlide().dataset.cell")


def test_it_is_quiet_and_moves_by_keyboard(shown, log):
    visited = [present(shown)]
    for _ in range(6):
        shown.keyboard.press("ArrowRight")
        visited.append(present(shown))
    assert visited == ["title", "formula", "formula", "code", "plot", "plot", "end"]
    shown.keyboard.press("ArrowLeft")
    assert present(shown) == "plot"
    log.assert_quiet()


def test_formulas_are_typeset_and_readable_aloud(shown):
    assert shown.locator("mjx-container svg").count() == 2
    assert shown.locator("mjx-assistive-mml math").count() == 2
    assert "$" not in shown.locator("[data-cell=formula] .text").first.inner_text()
    assert shown.locator("mjx-merror").count() == 0


def test_the_page_shows_number_progress_and_running_title(shown):
    shown.keyboard.press("End")
    assert shown.locator(".slide-number").inner_text().split() == ["5", "/", "5"]
    shown.wait_for_function("document.querySelector('.progress span').getBoundingClientRect().width > 1279")
    assert shown.locator(".running-title").inner_text() == "A topic"


def test_a_slide_fills_a_page_of_16_to_9(shown):
    box = shown.locator("section section.present").bounding_box()
    assert (box["width"], box["height"]) == (1280, 720)


def test_fonts_come_with_the_file(shown):
    used = shown.evaluate(
        "['400 28px \"Source Sans 3\"', '400 22px \"Source Code Pro\"'].map(f => document.fonts.check(f, 'aη'))"
    )
    assert used == [True, True]
    assert shown.evaluate("[...document.fonts].every(face => face.status === 'loaded')")


def test_the_outline_lists_the_slides_and_leads_to_them(shown):
    shown.keyboard.press("m")
    items = shown.locator("dialog.outline[open] li")
    assert items.all_inner_texts() == ["A topic", "A formula", "Code", "A figure", "The end"]
    shown.keyboard.press("ArrowRight")
    assert present(shown) == "title"
    items.nth(3).locator("a").click()
    assert present(shown) == "plot"
    assert shown.locator("dialog.outline[open]").count() == 0


def test_the_overview_shows_all_slides(shown):
    shown.keyboard.press("o")
    assert shown.evaluate("Reveal.isOverview()")
    shown.keyboard.press("Escape")
    assert not shown.evaluate("Reveal.isOverview()")


def test_the_speaker_view_shows_notes_the_next_slide_and_the_time(shown, log):
    with shown.context.expect_page() as opened:
        shown.keyboard.press("s")
    speaker = opened.value
    speaker.wait_for_selector(".speaker-controls-notes:not(.hidden)")
    assert "Ask the room: why?" in speaker.locator(".speaker-controls-notes .value").inner_text()
    assert re.fullmatch(r"00:00:\d\d", speaker.locator(".speaker-controls-time .timer").inner_text().replace("\n", ""))
    for number, expected in enumerate(["title", "formula"]):
        frame = speaker.frames[number + 1]
        frame.wait_for_selector("html[data-ready]", state="attached")
        assert frame.evaluate("Reveal.getCurrentSlide().dataset.cell") == expected
    shown.keyboard.press("ArrowRight")
    speaker.frames[1].wait_for_function("Reveal.getCurrentSlide().dataset.cell === 'formula'")
    log.assert_quiet()


def test_it_passes_the_accessibility_check(shown, axe):
    for _ in range(7):
        assert axe(shown) == []
        shown.keyboard.press("ArrowRight")


def test_the_pdf_has_a_page_for_each_slide_with_its_fragments(browser, deck, tmp_path):
    pdf = print_pdf(deck, tmp_path / "out.pdf", browser)
    assert pages_of(pdf) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["out.pdf"]


def pages_of(pdf):
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


def test_the_handout_has_two_slides_a_page_and_the_notes(browser, deck, tmp_path):
    pdf = print_handout(deck, tmp_path / "handout.pdf", browser)
    assert pages_of(pdf) == 3
    (size,) = set(re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+ [\d.]+)\]", pdf.read_bytes()))
    width, height = map(float, size.split())
    assert (round(width), round(height)) == pytest.approx((595, 842), abs=1)
    page = browser.new_page()
    open_slides(page, deck, "?print-pdf&showNotes=separate-page")
    assert page.locator(".speaker-notes-pdf").all_inner_texts() == ["Ask the room: why?"]
    page.close()


def test_paper_shows_every_fragment(page, deck):
    open_slides(page, deck, "?print-pdf")
    page.wait_for_selector(".pdf-page", state="attached")
    assert page.locator(".fragment:not(.visible)").count() == 0
    assert page.locator(".pdf-page").count() == 5


def test_a_page_on_paper_looks_like_its_slide(page, deck):
    place = """() => Object.fromEntries(["h2", "pre", ".figure img"].map(what => {
      const slide = document.querySelector(`section[data-cell]:has(${what})`), box = slide.getBoundingClientRect();
      const own = slide.querySelector(what).getBoundingClientRect();
      return [what, [own.left - box.left, own.top - box.top, own.width, own.height].map(Math.round)];
    }))"""
    open_slides(page, deck, "?print-pdf")
    page.wait_for_selector(".pdf-page", state="attached")
    printed = page.evaluate(place)
    open_slides(page, deck)
    page.add_style_tag(content=".slides section { display: flex !important }")
    assert printed == page.evaluate(place)


def test_a_crowded_slide_gets_smaller_type_and_an_impossible_one_is_named(browser, page, tmp_path):
    def lines(number):
        return code("many", "\n".join(f"x{i} = {i}" for i in range(number)))

    def crowded(number, width=10):
        cells = [text("title", "# A topic"), text("crowded", "## Too much"), lines(number)]
        cells += [text("wide", "## Wide"), code("wide-code", "x" * width)]
        nbformat.write(new_notebook(cells=cells), tmp_path / "01_topic.ipynb")
        return export(tmp_path / "01_topic.ipynb", tmp_path / "out")[0]

    assert overflowing(crowded(15), browser) == []
    assert overflowing(crowded(19), browser) == []
    open_slides(page, tmp_path / "out" / "01_topic.html")
    assert page.evaluate("document.querySelector('[data-cell=crowded]').style.getPropertyValue('--fit')") != "1"
    first, second = overflowing(crowded(26, width=90), browser)
    assert (first.slide, first.cell, first.heading, first.beside) == (2, "crowded", "Too much", 0)
    assert first.below > 20
    assert str(first) == f"slide 2 (Too much, cell crowded): {first.below} px too high"
    assert (second.slide, second.cell, second.below) == (3, "wide", 0)
    assert second.beside > 10


def test_a_figure_takes_the_room_that_is_left(shown):
    shown.evaluate("Reveal.slide(2, 0, 9)")
    box = shown.locator("section.present .figure img").bounding_box()
    assert box["width"] > 1000
    assert 400 < box["height"] < 580
    assert box["y"] + box["height"] <= 681


@pytest.mark.parametrize("name", [path.stem for path in LECTURES])
class TestLecture:
    """Each lecture of the course."""

    def test_is_quiet_and_small(self, exported, name, page, log):
        assert exported[name].stat().st_size < 5_000_000
        open_slides(page, exported[name])
        for slide in range(page.evaluate("Reveal.getTotalSlides()")):
            page.evaluate("n => Reveal.slide(...Object.values(Reveal.getIndices(Reveal.getSlides()[n])))", slide)
        assert page.locator("mjx-merror").count() == 0
        log.assert_quiet()

    def test_fits_its_pages(self, exported, name, browser):
        assert [str(slide) for slide in overflowing(exported[name], browser)] == []

    def test_has_as_many_pdf_pages_as_slides(self, exported, name, browser, page, tmp_path):
        open_slides(page, exported[name])
        slides = page.evaluate("Reveal.getTotalSlides()")
        assert pages_of(print_pdf(exported[name], tmp_path / "out.pdf", browser)) == slides > 5

    def test_every_picture_has_words(self, exported, name, page):
        open_slides(page, exported[name])
        without = "[...document.images].filter(image => !image.alt.trim()).length"
        assert page.evaluate(without) == 0


def explorer_frame(page):
    """Turn to the slide of the first explorer and return its frame, once it is alive."""
    cell = page.evaluate("document.querySelector('iframe.explorer').closest('section').dataset.cell")
    page.evaluate(
        "cell => { const {h, v} = Reveal.getIndices(document.querySelector(`section[data-cell='${cell}']`));"
        " Reveal.slide(h, v, 99); }",
        cell,
    )
    frame = page.locator("section.present iframe.explorer").element_handle().content_frame()
    frame.wait_for_selector(".dlc-explorer")
    return frame


def test_the_explorer_of_lecture_01_steps_by_keyboard_without_a_kernel(exported, page, log):
    open_slides(page, exported["01_backprop"])
    frame = explorer_frame(page)
    where, words = present(page), frame.locator(".dlc-words")
    before = words.inner_text()
    frame.locator(".dlc-player input[type=range]").focus()
    seen = [before]
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        frame.wait_for_function("old => document.querySelector('.dlc-words').innerText !== old", arg=seen[-1])
        seen.append(words.inner_text())
    assert len(set(seen)) == 4
    assert present(page) == where, "the arrows belong to the explorer"
    page.keyboard.press("PageDown")
    assert present(page) != where, "a presenter's remote turns the slide"
    log.assert_quiet()


def test_escape_gives_the_arrows_back_to_the_slides(exported, page):
    open_slides(page, exported["01_backprop"])
    frame = explorer_frame(page)
    where = present(page)
    frame.locator(".dlc-player input[type=range]").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    assert present(page) != where


def test_the_explorer_on_paper_is_its_picture(exported, page):
    open_slides(page, exported["01_backprop"], "?print-pdf")
    page.wait_for_selector(".pdf-page", state="attached")
    page.emulate_media(media="print")
    frame = page.locator("iframe.explorer").first.element_handle().content_frame()
    frame.wait_for_selector(".dlc-still", state="visible")


def test_the_index_leads_to_the_lectures(exported, page, log, axe):
    index = write_index(next(iter(exported.values())).parent)
    page.goto(index.as_uri())
    assert page.locator("li").count() == len(LECTURES)
    assert axe(page) == []
    page.locator("li a").last.click()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert Path(page.url).stem == LECTURES[-1].stem
    log.assert_quiet()


def test_a_file_works_wherever_it_is_moved(deck, page, log, tmp_path):
    moved = tmp_path / "a folder with spaces & ü" / "slides.html"
    moved.parent.mkdir()
    shutil.copy(deck, moved)
    open_slides(page, moved)
    assert present(page) == "title"
    log.assert_quiet()
