"""Digits that the synthetic pen writes, drawn on the running page by a mouse."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Browser

from ml.drawing.strokes import Strokes
from ml.writing.pen import write_strokes
from recognizer.tests.kit.browsing import open_page
from recognizer.tests.kit.live import LiveSite
from recognizer.tests.kit.replaying import replay


def thin_out(strokes: Strokes) -> Strokes:
    """Keep every fourth point, as of a fast hand: the browser paints after each."""
    return [[*stroke[:-1:4], stroke[-1]] for stroke in strokes]


def test_the_page_reads_written_digits_as_the_server_reads_their_strokes(
    site: LiveSite, browser: Browser
) -> None:
    rng = np.random.default_rng(1)
    digits = range(10)
    with open_page(browser, base_url=site.url, viewport={"width": 1280, "height": 800}) as page:
        page.goto("/")
        # Without the page's cookies, as a program asks.
        client = browser.new_context(base_url=site.url).request
        answers = [
            replay(page, client, thin_out(write_strokes(digit, rng)))[:2] for digit in digits
        ]

    assert [shown for shown, _ in answers] == [told for _, told in answers]
    right = sum(shown == digit for digit, (shown, _) in zip(digits, answers, strict=True))
    assert right >= 9, answers  # of 10; the pen also writes illegible digits, which are refused
