"""X-Request-ID: one id for a request: in its answer, its log lines and its problem."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django_guid import clear_guid, set_guid

from digitsite.logs import LineFormatter

ID = "7f3c1c0e7d3a4c5e9b1f0a2b3c4d5e6f"


def test_the_id_that_a_proxy_gave_is_kept() -> None:
    answer = Client().get("/healthz", headers={"X-Request-ID": ID})
    assert answer.headers["X-Request-ID"] == ID


@pytest.mark.parametrize("given", ["1", "x" * 32, '"\\', "0" * 33, "<script>"])
def test_an_id_that_is_no_uuid_is_replaced(given: str) -> None:
    answer = Client().get("/healthz", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] != given
    assert UUID(answer.headers["X-Request-ID"]).version == 4


def test_every_request_has_an_id_of_its_own() -> None:
    ids = {Client().get("/healthz").headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5


def test_a_problem_tells_the_id(db: None) -> None:
    answer = Client().get("/api/v1/nothing/", headers={"X-Request-ID": ID})
    assert answer.status_code == 404
    assert answer.json()["request_id"] == ID


def log_line() -> str:
    """Return a line as the settings write it."""
    formatters: Any = settings.LOGGING["formatters"]
    options = formatters["line"]
    formatter = LineFormatter(options["format"], style=options["style"])
    record = logging.LogRecord("recognizer", logging.INFO, "", 0, "Something.", None, None)
    return formatter.format(record)


def test_a_log_line_has_the_id_of_its_request() -> None:
    set_guid(ID)
    assert log_line().endswith(f"INFO recognizer [{ID}]: Something.")


def test_a_log_line_outside_of_a_request_has_none() -> None:
    clear_guid()
    assert log_line().endswith("INFO recognizer: Something.")
