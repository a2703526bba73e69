"""The image: what it holds, that it serves, alone and by compose.yaml, and what outlives it.

All that runs it stands here: it is built once, by the one process that gets this file.
"""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from typing import Any
from urllib.request import Request, urlopen

import pytest

from recognizer.tests.deployment.test_compose import GIVEN, SERVICES, environment_of
from recognizer.tests.kit.container import AS_ROOT, Image, list_context, read_instructions, run
from recognizer.tests.kit.live import PROJECT, START_SECONDS, Server

SEVEN = [[[0, 0], [10, 0], [4, 20]]]


@pytest.fixture
def composed(image: Image) -> Image:
    """Return the image with the environment of compose.yaml, but for a database of its own."""
    environment = environment_of("app") | {"DATABASE_URL": "sqlite:////data/composed.sqlite3"}
    return replace(image, environment=image.environment | environment)


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


def test_by_compose_the_site_runs_and_is_healthy(composed: Image) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    headers |= {"Host": GIVEN["ALLOWED_HOSTS"], "Content-Type": "application/json"}
    with run(composed) as (_, health_command, address):
        health = composed.execute(health_command)
        body = json.dumps({"strokes": SEVEN}).encode()
        request = Request(f"{address}/api/v1/drawings/", body, headers)
        with urlopen(request, timeout=START_SECONDS) as answer:
            status = answer.status

    assert health.returncode == 0, health.stderr
    assert status == 201


def test_by_compose_the_worker_waits_for_work_and_ends_when_asked(composed: Image) -> None:
    prepared = composed.execute(["python", "manage.py", "migrate", "--verbosity=0"])
    assert prepared.returncode == 0, prepared.stderr
    command = [composed.locate(word) for word in SERVICES["worker"]["command"]]
    worker = Server(command, sign="(Starting) worker", **composed.surroundings())
    try:
        worker.wait_for_address()
    finally:
        status = worker.stop(signal.SIGTERM)

    assert status == 0
