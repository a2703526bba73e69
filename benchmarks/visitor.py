"""A visitor as Locust plays it; benchmarks.crowd lets hundreds of them draw at once.

What a visitor sends, and when, is what the page does: a reading five times a second while the pen
is down, a drawing under an id of its own after each stroke, an answer, a look at the history.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
import uuid
from pathlib import Path
from typing import Any

import gevent
from locust import HttpUser, task
from requests.adapters import HTTPAdapter

DIGITS: list[tuple[int, list[list[list[float]]]]] = json.loads(
    Path(os.environ["CROWD_DIGITS"]).read_text()
)
SECONDS_A_DIGIT = (0.6, 1.6)
SECONDS_BETWEEN_STROKES = 0.3
SECONDS_BETWEEN_READINGS = 0.2
# A page that waits longer for a reading while the pen is down does without for a minute.
SLOW_SECONDS = 0.4
REST_SECONDS = 60
SECONDS_TO_LOOK = (1.0, 3.0)
SECONDS_UNTIL_THE_NEXT = (2.0, 6.0)
DIGITS_A_HISTORY = 5
SHARE_ANSWERED = 0.6
ADDRESSES = (f"127.1.{high}.{low}" for high in range(256) for low in range(1, 255))


class FromAddress(HTTPAdapter):
    """Sends from one of this machine's own addresses."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pool of connections, each from that address."""
        super().init_poolmanager(*arguments, **options, source_address=(self._address, 0))


class Visitor(HttpUser):
    """Somebody with a phone: opens the page once, then draws digit after digit."""

    def on_start(self) -> None:
        """Open the page as a browser does that was never here."""
        # Limits are counted by address, so each has one of its own.
        self.client.mount("https://", FromAddress(next(ADDRESSES)))
        self.client.verify = os.environ["CROWD_CERTIFICATE"]
        self.rests_until = 0.0
        page = self.client.get("/").text
        for path in sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))):
            self.client.get(path, name="/static/")
        self.headers = {
            "X-CSRFToken": self.client.cookies.get("csrftoken") or "",
            "Referer": f"{self.client.base_url}/",
        }

    @task
    def draw(self) -> None:
        """Draw some digits, answer most, and look at what was drawn."""
        for _ in range(DIGITS_A_HISTORY):
            label, strokes = random.choice(DIGITS)
            drawing = self.write(strokes)
            time.sleep(random.uniform(*SECONDS_TO_LOOK))
            if drawing and random.random() < SHARE_ANSWERED:
                self.answer(drawing, label)
            time.sleep(random.uniform(*SECONDS_UNTIL_THE_NEXT))
        self.client.get("/history/")
        self.client.get("/api/v1/drawings/", name="GET /api/v1/drawings/")

    def write(self, strokes: list[list[list[float]]]) -> dict[str, Any] | None:
        """Write a digit at a person's pace; return the drawing as it is kept at its end."""
        name, drawing = str(uuid.uuid4()), None
        reading = None
        points = sum(map(len, strokes))
        pace = random.uniform(*SECONDS_A_DIGIT) / points
        for index, stroke in enumerate(strokes):
            ends = time.monotonic() + pace * len(stroke)
            while (left := ends - time.monotonic()) > 0:
                time.sleep(min(left, SECONDS_BETWEEN_READINGS))
                drawn = 1 - max(0.0, ends - time.monotonic()) / (pace * len(stroke))
                begun = stroke[: max(3, round(drawn * len(stroke)))]  # the page sends no two
                if not reading or reading.ready():
                    reading = gevent.spawn(self.read, [*strokes[:index], begun])
            # The page sends one state at a time.
            body = {"id": name, "strokes": strokes[: index + 1]}
            drawing = self.keep(body)
            if index + 1 < len(strokes):
                time.sleep(SECONDS_BETWEEN_STROKES)
        if reading:
            reading.join()
        return drawing

    def read(self, strokes: list[list[list[float]]]) -> None:
        """Read what is drawn so far, unless the site was slow a moment ago."""
        if time.monotonic() < self.rests_until:
            return
        began = time.monotonic()
        self.client.post(
            "/api/v1/predictions/?draft=true",
            json={"strokes": [strokes]},
            headers=self.headers,
            name="read while drawing",
        )
        if time.monotonic() - began > SLOW_SECONDS:
            self.rests_until = time.monotonic() + REST_SECONDS

    def keep(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """Send a drawing to be read and kept."""
        answer = self.client.post(
            "/api/v1/drawings/", json=body, headers=self.headers, name="read and keep"
        )
        return answer.json() if answer.ok else None

    def answer(self, drawing: dict[str, Any], label: int) -> None:
        """Say which digit it was."""
        self.client.put(
            f"/api/v1/drawings/{drawing['id']}/feedback/",
            json={"label": label},
            headers=self.headers,
            name="answer",
        )
