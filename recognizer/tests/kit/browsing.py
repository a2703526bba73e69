"""A real Chromium for tests, which fails a test on any error that the page reports."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

# One stroke: points in the unit square of the canvas, y downward.
UnitStroke = Sequence[tuple[float, float]]

# The usual five seconds are few on a machine that does much else at the time.
expect.set_options(timeout=30_000)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str:
    """Return the path of the browser."""
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not path:
        raise FileNotFoundError("No Chromium: run `make test`, or name one in CHROMIUM.")
    return path


# Per module and not per session: Django refuses its database to a thread with an event loop, and
# Playwright's lives as long as it does.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return the Chromium that `make test` found or installed."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield chromium
        chromium.close()


SEVEN: list[UnitStroke] = [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]]
# A four out of two strokes: the first alone is no four.
FOUR: list[UnitStroke] = [
    [(0.45, 0.2), (0.28, 0.55), (0.72, 0.55)],
    [(0.6, 0.35), (0.6, 0.85)],
]


@contextmanager
def open_page(
    browser: Browser, *, may_lack_answers: bool = False, **options: Any
) -> Iterator[Page]:
    """Open an empty page; at the end, no script failed and nothing came from a second origin.

    A browser itself notes each request that is refused or gets no answer, which some tests want.
    """
    context = browser.new_context(**options)
    page = context.new_page()
    errors: list[str] = []
    origins: set[str] = set()

    def note_message(message: ConsoleMessage) -> None:
        is_lack = message.text.startswith("Failed to load resource")
        if message.type == "error" and not (may_lack_answers and is_lack):
            errors.append(message.text)

    def note_origin(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"}:
            origins.add(f"{parts.scheme}://{parts.netloc}")

    page.on("console", note_message)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: note_origin(request.url))
    try:
        yield page
        assert errors == []
        assert len(origins) <= 1, f"The page asked more than its own origin: {origins}"
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page of a desktop browser without cookies."""
    with open_page(browser, viewport={"width": 1280, "height": 800}) as opened:
        yield opened


def expect_answer(page: Page, digit: int) -> None:
    """Wait until the page shows this digit as its answer."""
    expect(page.locator("#answer")).to_have_attribute("data-digit", str(digit))


def press(page: Page, name: str) -> None:
    """Press a button by its whole name."""
    page.get_by_role("button", name=name, exact=True).click()


def draw(page: Page, strokes: Sequence[UnitStroke]) -> None:
    """Draw on the page's canvas by pointer events, after scrolling to it as a person would."""
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for x, y in points[1:]:
            page.mouse.move(x, y, steps=8)
        page.mouse.up()


def draw_by_touch(page: Page, stroke: UnitStroke) -> None:
    """Draw one stroke with a finger, by the browser's own input events."""
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    places = [
        {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in stroke
    ]
    finger = page.context.new_cdp_session(page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [places[0]]})
    for start, end in pairwise(places):
        for step in range(1, 9):
            place = {key: start[key] + (end[key] - start[key]) * step / 8 for key in start}
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
