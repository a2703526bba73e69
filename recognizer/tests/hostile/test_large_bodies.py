"""Large bodies, sent to a real server: the client reads an answer, and the site goes on."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from recognizer.tests.kit.drawings import SEVEN
from recognizer.tests.kit.live import LiveSite

PATHS = ["/api/v1/drawings/", "/predict", "/api/v1/predictions/", "/", "/admin/login/"]
MEGABYTE = 2**20


def post(site: LiveSite, path: str, body: Any, **headers: str) -> tuple[int, str, bytes]:
    """Send a body and return status, type and body of the answer."""
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


def draw(site: LiveSite) -> int:
    """Send a small drawing and return the status."""
    return post(site, "/api/v1/drawings/", json.dumps({"strokes": SEVEN}))[0]


@pytest.mark.parametrize("path", PATHS)
def test_fifty_megabytes_get_a_413_that_the_client_reads(site: LiveSite, path: str) -> None:
    body = b'{"image": "' + b"A" * (50 * MEGABYTE) + b'"}'
    status, content_type, answer = post(site, path, body)
    assert status == 413
    assert content_type == "application/problem+json"
    assert json.loads(answer)["type"] == "/problems/body-too-large/"
    assert draw(site) == 201


def test_a_picture_of_eight_megabytes_passes_in_json(site: LiveSite) -> None:
    body = b'{"image": "' + b"A" * 11_250_000 + b'"}'
    status, _, answer = post(site, PATHS[0], body)
    assert status == 400
    assert json.loads(answer)["type"] == "/problems/invalid-image/"


def test_a_body_without_a_length_gets_an_answer(site: LiveSite) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(50):
            yield b"A" * MEGABYTE

    status, content_type, answer = post(site, PATHS[0], chunks())
    assert status == 411
    assert content_type == "application/problem+json"
    assert json.loads(answer)["type"] == "/problems/length-required/"
    assert draw(site) == 201


def test_a_body_that_ends_early_does_not_hold_the_site(site: LiveSite) -> None:
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    connection.putrequest("POST", PATHS[0])
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b'{"strokes": ')
    connection.close()
    assert draw(site) == 201
