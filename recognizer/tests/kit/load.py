"""Clients that draw without a pause while something happens to the server."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Event, Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from recognizer.tests.kit.drawings import SEVEN
from recognizer.tests.kit.live import START_SECONDS, LiveSite

BROKEN = 0
"""Stands for the status of an answer that never came: the connection was refused or cut."""
BODY = json.dumps({"strokes": SEVEN})


@dataclass(frozen=True)
class Answer:
    """A status with what came along."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body, read."""
        parsed: dict[str, Any] = json.loads(self.content)
        return parsed

    @property
    def status_code(self) -> int:
        """The status, as Django's test client calls it."""
        return self.status


def ask(url: str, path: str, method: str = "GET", body: str | bytes | None = None) -> Answer:
    """Ask once, over a connection of its own."""
    address = urlsplit(url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=START_SECONDS)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.headers), answer.read())
    except (ConnectionError, http.client.HTTPException):
        return Answer(BROKEN)
    finally:
        connection.close()


def draw(site: LiveSite) -> Answer:
    """Send a 7 to be kept."""
    return ask(site.url, "/api/v1/drawings/", "POST", BODY)


class Load:
    """Clients that send one drawing after the other."""

    def __init__(self, send: Callable[[], Answer], clients: int) -> None:
        self.answers: list[Answer] = []
        self._came = Condition()
        self._stop = Event()
        self._send = send
        self._threads = [Thread(target=self._run) for _ in range(clients)]

    def _run(self) -> None:
        while not self._stop.is_set():
            answer = self._send()
            with self._came:
                self.answers.append(answer)
                self._came.notify_all()
            if answer.status == BROKEN:
                self._stop.wait(0.05)  # a server that is away refuses thousands a second

    def wait_for(self, count: int, status: int = 201) -> None:
        """Wait until so many more answers of this status came."""
        deadline = time.monotonic() + START_SECONDS
        with self._came:
            wanted = self.count()[status] + count
            while self.count()[status] < wanted:
                assert time.monotonic() < deadline, f"No more {status}: {self.count()}"
                self._came.wait(1)

    def count(self) -> Counter[int]:
        """Count the answers by their status."""
        return Counter(answer.status for answer in self.answers)

    @property
    def kept(self) -> set[str]:
        """The ids of the drawings that were answered with 201."""
        return {answer.json()["id"] for answer in self.answers if answer.status == 201}


@contextmanager
def load(site: LiveSite, clients: int = 4) -> Iterator[Load]:
    """Let clients draw until the block ends; each answer that was under way then has come."""
    running = Load(lambda: draw(site), clients)
    for thread in running._threads:
        thread.start()
    try:
        yield running
    finally:
        running._stop.set()
        for thread in running._threads:
            thread.join()


def stored(site: LiveSite) -> set[str]:
    """Return the ids of the drawings that the database has, which is whole."""
    if site.environment["DATABASE_URL"].startswith("sqlite"):
        assert site.rows("PRAGMA integrity_check") == [("ok",)]
        assert site.rows("PRAGMA foreign_key_check") == []
    return {str(UUID(str(pk))) for (pk,) in site.rows("SELECT id FROM recognizer_drawing")}
