"""The page in Firefox and in WebKit, Safari's engine: what a visitor does, from pad to history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recognizer.tests.kit.browsing import FOUR, SEVEN
from recognizer.tests.kit.drawings import png_of
from recognizer.tests.kit.engines import Engine, Firefox, start_firefox, start_webkit
from recognizer.tests.kit.live import LiveSite


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """Return a window that all tests of an engine share."""
    start = start_firefox if request.param == "firefox" else start_webkit
    with start(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def visit(site: LiveSite, engine: Engine) -> Engine:
    """Return the window with the drawing page of a new visitor."""
    engine.resize(1280, 800)
    engine.open(f"{site.url}/words.js")  # what keeps no drawing when it is left
    engine.forget_visitor()
    engine.open(site.url)
    engine.expect_empty()
    return engine


def open_history(visit: Engine, drawings: int) -> None:
    """Go to the history by its link, and wait for so many drawings."""
    visit.press("nav a[href='/history/']")
    visit.expect("location.pathname === '/history/'")
    expect_cards(visit, drawings)


def expect_cards(visit: Engine, count: int) -> None:
    """Wait until the page shows so many drawings."""
    visit.expect("document.querySelectorAll('#drawings [data-id]').length === arguments[0]", count)


def test_strokes_are_read_and_confirmed(visit: Engine) -> None:
    visit.draw(FOUR)
    visit.expect_answer(4)
    visit.press("#feedback .yes")
    visit.expect_answer(4, "right")
    open_history(visit, 1)


def test_a_correction_is_kept_and_learned(visit: Engine) -> None:
    visit.draw(SEVEN)
    visit.expect_answer(7)
    visit.press("#feedback [value='1']")
    visit.expect_answer(7, "wrong")
    visit.draw(SEVEN)
    visit.expect_answer(1)
    open_history(visit, 2)


def test_strokes_and_clear_are_undone_and_redone(visit: Engine) -> None:
    visit.draw(FOUR)
    visit.expect_answer(4)
    visit.press("#undo")
    visit.expect("document.querySelector('#redo').getAttribute('aria-disabled') === 'false'")
    visit.press("#redo")
    visit.expect("document.querySelector('#redo').getAttribute('aria-disabled') === 'true'")
    visit.expect_answer(4)
    visit.press("#clear")
    visit.expect_empty()
    visit.press("#undo")
    visit.expect_answer(4)
    visit.press_keys("Control+z", "Control+z")
    visit.expect_empty()


def test_a_picture_is_sent_and_corrected(visit: Engine, tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    path.write_bytes(png_of(4))
    visit.choose_file(path)
    visit.expect_answer(4)
    visit.find("#picture")
    visit.press("#feedback [value='none']")
    visit.expect_answer(4, "wrong")


def test_a_digit_is_drawn_and_answered_by_keys(visit: Engine) -> None:
    visit.run("pad.focus();")
    visit.press_keys(*["ArrowUp"] * 7, " ", *["ArrowDown"] * 12, " ")
    visit.expect_answer(1)
    visit.press_keys("Enter")
    visit.expect_answer(1, "right")
    visit.press_keys("Delete")
    visit.expect_answer(1)
    visit.press_keys("7")
    visit.expect_answer(1, "wrong")
    visit.press_keys("n")
    visit.expect_empty()


def test_back_and_reload_bring_the_drawing_back(visit: Engine) -> None:
    visit.draw(SEVEN)
    visit.expect_answer(7)
    open_history(visit, 1)
    visit.go_back()
    visit.expect("location.pathname === '/'")
    visit.expect_answer(7)
    expect_cards(visit, 1)
    visit.reload()
    visit.expect_answer(7)


def test_back_shows_no_drawing_that_was_deleted_in_the_history(visit: Engine) -> None:
    visit.draw(SEVEN)
    visit.expect_answer(7)
    open_history(visit, 1)
    visit.press("#drawings button")
    visit.press("#editor [data-part='delete']")
    visit.press("#editor [data-part='delete']")
    expect_cards(visit, 0)
    visit.go_back()
    visit.expect("location.pathname === '/'")
    visit.expect_empty()
    expect_cards(visit, 0)


def test_the_history_shows_what_was_drawn_before_the_visitor_came_back(visit: Engine) -> None:
    visit.draw(SEVEN)
    visit.expect_answer(7)
    open_history(visit, 1)
    visit.press("nav a[href='/']")
    visit.expect_answer(7)
    visit.press("#clear")
    visit.draw(FOUR)
    visit.expect_answer(4)
    visit.go_back()
    visit.expect("location.pathname === '/history/'")
    expect_cards(visit, 2)


def test_all_is_in_sight_on_a_phone(visit: Engine) -> None:
    visit.resize(390, 664)  # Firefox stops at 500
    visit.draw(SEVEN)
    visit.expect_answer(7)
    outside = visit.run(
        """return ["#answer", "#pad", ".tools", "#feedback"].filter((name) => {
          const box = document.querySelector(name).getBoundingClientRect();
          const { left, right } = document.querySelector(".top").getBoundingClientRect();
          return box.top < 0 || box.left < left || box.bottom > innerHeight || box.right > right;
        });"""
    )

    assert outside == []


def test_firefox_is_drawn_on_with_a_finger(visit: Engine) -> None:
    if not isinstance(visit, Firefox):
        pytest.skip("WebKitGTK's driver makes a mouse of a finger.")
    visit.draw(SEVEN, "touch")
    visit.expect_answer(7)


def test_the_digit_covers_no_button_in_the_forced_colors_of_firefox(
    visit: Engine,
) -> None:
    if not isinstance(visit, Firefox):
        pytest.skip("WebKit has no forced colors.")
    with visit.preference("browser.display.document_color_use", 2):
        visit.draw(SEVEN)
        visit.expect_answer(7)
        shot = visit.screenshot("#feedback .yes")

    row = shot.convert("L").crop((shot.width // 10, 4, shot.width * 9 // 10, 5))
    low, high = row.getextrema()
    assert low == high, "Something lies on the upper edge of the button."
