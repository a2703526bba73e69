"""The image: what it holds, that it serves, and that what it stores outlives a container."""

from __future__ import annotations

import json
import signal
from typing import Any
from urllib.request import Request, urlopen

import pytest

from recognizer.tests.container import AS_ROOT, Image, list_context, read_instructions, run
from recognizer.tests.live import PROJECT

SEVEN = [[[0, 0], [10, 0], [4, 20]]]


def ask(url: str, body: object = None) -> Any:
    """Return the JSON that the server answers; a body is posted."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, {"Content-Type": "application/json"})) as answer:
        return json.load(answer)


def test_it_sends_only_what_the_site_needs() -> None:
    sent = list_context(PROJECT)

    needed = "digitsite fixtures manage.py ml recognizer requirements.txt static templates"
    assert {path.parts[0] for path in sent} == set(needed.split())
    assert [path for path in sent if {"tests", "__pycache__"} & set(path.parts)] == []


def test_it_runs_as_a_user_without_rights() -> None:
    users = [text for name, text in read_instructions(PROJECT / "Dockerfile") if name == "USER"]

    assert users == ["10001:10001"]


def test_its_bases_are_pinned_to_a_version() -> None:
    bases = [text for name, text in read_instructions(PROJECT / "Dockerfile") if name == "FROM"]

    assert {base.partition(" ")[0] for base in bases} == {"python:3.11-slim-bookworm"}


def test_it_is_healthy_and_stops_when_asked(image: Image) -> None:
    with run(image) as (server, health_command, _):
        health = image.execute(health_command)
        status = server.stop(signal.SIGTERM)

    assert health.returncode == 0, health.stderr
    assert status == 0


def test_it_is_unhealthy_when_nothing_serves(image: Image) -> None:
    assert image.execute(image.health_command).returncode != 0


def test_it_serves_the_page_with_its_style(image: Image) -> None:
    with run(image) as (_, _, address), urlopen(address) as answer:
        page = answer.read().decode()
        style = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
        with urlopen(address + style) as stylesheet:
            kept = stylesheet.headers["Cache-Control"]

    assert "<canvas" in page
    assert "immutable" in kept


def test_what_it_stores_outlives_a_container(image: Image) -> None:
    with run(image) as (_, _, address):
        stored = ask(f"{address}/api/v1/drawings/", {"strokes": SEVEN})
    with run(image) as (_, _, address):
        found = ask(f"{address}/api/v1/drawings/{stored['id']}/")

    assert found == stored


@pytest.mark.skipif(not AS_ROOT, reason="only root can start a process as another user")
def test_its_user_cannot_change_the_code(image: Image) -> None:
    assert image.execute(["touch", "/app/manage.py"]).returncode != 0
    assert image.execute(["touch", "/data/mark"]).returncode == 0
