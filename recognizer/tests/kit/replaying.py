"""Strokes drawn on the running page by a real mouse, and sent to the server by a program."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from playwright.sync_api import APIRequestContext, Page, Request

from ml.drawing.strokes import Strokes
from ml.pipeline import NOT_A_DIGIT

MARGIN = 0.15  # of the pad, around a drawing


def write(page: Page, strokes: Strokes, ms_a_point: float = 0) -> float:
    """Draw on the pad, as large as it fits; return the seconds that the pen was down."""
    points = np.array([point[:2] for stroke in strokes for point in stroke], float)  # (points, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    box = page.locator("#pad").bounding_box()
    assert box is not None
    inner = box["width"] * (1 - 2 * MARGIN)
    scale = inner / max(float((high - low).max()), 1e-6)
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    seconds = 0.0
    for stroke in strokes:
        places = middle + scale * (np.array([point[:2] for point in stroke]) - (low + high) / 2)
        page.mouse.move(*places[0])
        page.mouse.down()
        began = time.monotonic()
        for place in places[1:]:
            page.mouse.move(*place)
            if ms_a_point:
                page.wait_for_timeout(ms_a_point)
        page.mouse.up()
        seconds += time.monotonic() - began
    return seconds


def replay(
    page: Page, client: APIRequestContext, strokes: Strokes, ms_a_point: float = 0
) -> tuple[int, int, float]:
    """Return what the page shows, what the server says to the same strokes, and the seconds drawn.

    Answers are 0 to 9, or `NOT_A_DIGIT`.
    """
    sent: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/v1/drawings/"):
            sent.append(request.post_data_json or {})

    # By force: the button says that it is disabled while the pad is empty.
    page.get_by_role("button", name="Clear", exact=True).click(force=True)
    page.on("request", note)
    seconds = write(page, strokes, ms_a_point)
    page.wait_for_selector("#answer[data-digit]:not([aria-busy])")
    page.remove_listener("request", note)
    digit = page.locator("#answer").get_attribute("data-digit") or ""
    shown = NOT_A_DIGIT if digit == "none" else int(digit)
    body = {"strokes": [sent[-1]["strokes"]]}
    assert len(body["strokes"][0]) == len(strokes), "Not every stroke reached the server."
    response = client.post("/api/v1/predictions/", data=body)
    (answer,) = response.json()["predictions"]
    told = int(answer["prediction"]) if answer["is_digit"] else NOT_A_DIGIT
    return shown, told, seconds
