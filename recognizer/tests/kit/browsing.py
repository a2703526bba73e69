"""A real Chromium for tests, which fails a test on any error that the page reports."""

from __future__ import annotations

import functools
import os
import shutil
from asyncio import AbstractEventLoop, get_running_loop
from asyncio.events import _set_running_loop
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

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


@dataclass
class Chromium:
    """The browser of a process, and the event loop in which Playwright talks to it."""

    browser: Browser
    loop: AbstractEventLoop

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        """Let this thread have the loop meanwhile; Django refuses its database to such a thread."""
        _set_running_loop(self.loop)
        try:
            yield self.browser
        finally:
            _set_running_loop(None)

    @functools.cached_property
    def window(self) -> Page:
        """A window that is kept until the end; it leaves out motion, which no script waits for."""
        context = self.browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
        return context.new_page()


DESKTOP: ViewportSize = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Start the Chromium that `make test` found or installed, once for all modules."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        loop = get_running_loop()
        _set_running_loop(None)
        yield Chromium(browser, loop)
        _set_running_loop(loop)
        browser.close()


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """Lend the Chromium to a module; after the first test that asks for it, none asks Django."""
    with chromium.in_use() as browser:
        yield browser


SEVEN: list[UnitStroke] = [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]]
# A four out of two strokes: the first alone is no four.
FOUR: list[UnitStroke] = [
    [(0.45, 0.2), (0.28, 0.55), (0.72, 0.55)],
    [(0.6, 0.35), (0.6, 0.85)],
]


MOVES_BETWEEN_POINTS = 2  # of a mouse or a finger; the browser paints after each


@contextmanager
def open_window(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open an empty window without cookies."""
    context = browser.new_context(**options)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def watch(page: Page, *, may_lack_answers: bool = False) -> Iterator[Page]:
    """See that until the end no script fails and nothing comes from a second origin.

    A browser itself notes each request that is refused or gets no answer, which some tests want.
    """
    errors: list[str] = []
    origins: set[str] = set()

    def note_message(message: ConsoleMessage) -> None:
        is_lack = message.text.startswith("Failed to load resource")
        if message.type == "error" and not (may_lack_answers and is_lack):
            errors.append(message.text)

    def note_failure(error: Error) -> None:
        errors.append(str(error))

    def note_origin(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"}:
            origins.add(f"{parts.scheme}://{parts.netloc}")

    page.on("console", note_message)
    page.on("pageerror", note_failure)
    page.on("request", note_origin)
    try:
        yield page
    finally:
        page.remove_listener("console", note_message)
        page.remove_listener("pageerror", note_failure)
        page.remove_listener("request", note_origin)
    assert errors == [], errors
    assert len(origins) <= 1, f"The page asked more than its own origin: {origins}"


@contextmanager
def open_page(
    browser: Browser, *, may_lack_answers: bool = False, **options: Any
) -> Iterator[Page]:
    """Open a window for one test, and watch its page."""
    with (
        open_window(browser, **options) as window,
        watch(window, may_lack_answers=may_lack_answers) as page,
    ):
        yield page


@contextmanager
def lend(window: Page, *, may_lack_answers: bool = False) -> Iterator[Page]:
    """Watch the page of a window that is kept, and make it that of a new visitor at the end.

    The same page in a new window takes three times as much of the processor. What a window cannot
    forget needs one of its own: its history, what its cache holds, and scripts that a test adds.
    """
    size = window.viewport_size
    try:
        with watch(window, may_lack_answers=may_lack_answers) as page:
            yield page
    finally:
        window.unroute_all(behavior="ignoreErrors")
        window.context.set_offline(False)
        if window.url.startswith("http"):
            # A page that keeps no drawing when it is left.
            window.goto(urljoin(window.url, "/healthz"))
            window.evaluate("() => { sessionStorage.clear(); localStorage.clear(); }")
        window.context.clear_cookies()
        window.mouse.move(0, 0)
        if size:
            window.set_viewport_size(size)


@pytest.fixture(scope="module")
def window(browser: Browser, chromium: Chromium) -> Page:
    """Return a window of a desktop browser, which all modules share."""
    return chromium.window


@pytest.fixture
def page(window: Page) -> Iterator[Page]:
    """Return a page of a desktop browser without cookies."""
    with lend(window) as page:
        yield page


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
            page.mouse.move(x, y, steps=MOVES_BETWEEN_POINTS)
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
        for step in range(1, MOVES_BETWEEN_POINTS + 1):
            share = step / MOVES_BETWEEN_POINTS
            place = {key: start[key] + (end[key] - start[key]) * share for key in start}
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
