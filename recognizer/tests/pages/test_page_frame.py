"""The frame of the drawing page: everything in sight on every screen, and nothing ever jumps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from recognizer.tests.kit.browsing import FOUR, SEVEN, draw, expect_answer, lend, open_window
from recognizer.tests.kit.live import LiveSite

# What browsers leave of phones, of one on its side, and of 1280x800 at 200 %; a tablet, and desks.
SIZES = [
    (320, 454),
    (375, 553),
    (390, 664),
    (412, 732),
    (667, 331),
    (640, 400),
    (768, 1024),
    (1280, 800),
    (1920, 1080),
]
every_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
NOTE_SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
            window.shifts.push([
                entry.value,
                ...entry.sources.map(({ node }) => (node?.outerHTML ?? "").slice(0, 80)),
            ]);
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module", params=["en-US", "de-DE"])
def wide_or_small(
    request: pytest.FixtureRequest, site: LiveSite, browser: Browser
) -> Iterator[Page]:
    """Return one window for all sizes, in which layout shifts are noted."""
    with open_window(browser, locale=request.param, base_url=site.url) as window:
        window.add_init_script(NOTE_SHIFTS)
        yield window


@pytest.fixture
def visit(wide_or_small: Page) -> Iterator[Page]:
    """Return that window with a new visitor."""
    with lend(wide_or_small) as page:
        yield page


def boxes_of(page: Page) -> dict[str, dict[str, float]]:
    """Return where the parts of the page are that everybody needs."""
    found: dict[str, dict[str, float]] = page.evaluate(
        """() => Object.fromEntries(
             ["#answer", "#answer .sentence", "#pad", ".tools", "#feedback"].map((name) =>
               [name, document.querySelector(name).getBoundingClientRect().toJSON()]))"""
    )
    return found


@every_size
def test_all_is_in_sight_and_nothing_moves(size: tuple[int, int], visit: Page) -> None:
    width, height = size
    visit.set_viewport_size({"width": width, "height": height})
    visit.goto("/", wait_until="networkidle")
    empty = boxes_of(visit)["#pad"]
    draw(visit, FOUR)
    expect_answer(visit, 4)
    boxes = boxes_of(visit)
    visit.keyboard.press("Enter")
    expect(visit.locator("#answer")).to_have_attribute("data-state", "right")
    judged = boxes_of(visit)
    visit.keyboard.press("n")
    draw(visit, SEVEN)
    expect_answer(visit, 7)

    for name, box in boxes.items():
        assert box["left"] >= 0, name
        assert box["right"] <= width, name
        assert box["top"] >= 0, name
        assert box["bottom"] <= height, name
    assert boxes["#answer .sentence"]["height"] <= boxes["#answer"]["height"]
    assert boxes["#pad"]["width"] == boxes["#pad"]["height"] >= 0.52 * min(width, height)
    if width < height:
        assert boxes["#answer"]["bottom"] <= boxes["#pad"]["top"]
    assert empty == boxes["#pad"] == judged["#pad"]
    assert boxes["#feedback"] == judged["#feedback"]
    shifts: list[list[Any]] = visit.evaluate("window.shifts")
    assert sum(shift[0] for shift in shifts) <= 0.01, shifts
