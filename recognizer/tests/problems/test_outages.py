"""What cannot be answered for the database or the disk is told as that, and not as a fault."""

from __future__ import annotations

import errno
import sqlite3
from typing import Any

import psycopg
import psycopg.errors
import pytest
from django.db import Error as DjangoError
from django.db import OperationalError, connection
from django.test import Client

from recognizer.models import TrainedModel
from recognizer.pages import views
from recognizer.problems.outages import find_outage
from recognizer.services.drawings import statistics
from recognizer.tests.kit.drawings import assert_problem


def of_sqlite(code: int) -> Exception:
    """Return an error as Django passes it on."""
    cause = sqlite3.OperationalError("it says so")
    cause.sqlite_errorcode = code
    return wrapped(cause)


def wrapped(cause: Exception) -> Exception:
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "slug"),
    [
        (of_sqlite(sqlite3.SQLITE_BUSY), "database-busy"),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), "database-busy"),
        (of_sqlite(sqlite3.SQLITE_FULL), "storage-full"),
        (of_sqlite(sqlite3.SQLITE_IOERR_WRITE), "storage-full"),
        (of_sqlite(sqlite3.SQLITE_IOERR_READ), "no-database"),
        (of_sqlite(sqlite3.SQLITE_CANTOPEN), "no-database"),
        (of_sqlite(sqlite3.SQLITE_ERROR), None),
        (wrapped(psycopg.errors.DiskFull("no space")), "storage-full"),
        (wrapped(psycopg.errors.QueryCanceled("statement timeout")), "database-busy"),
        (wrapped(psycopg.errors.AdminShutdown("terminating connection")), "no-database"),
        (wrapped(psycopg.OperationalError("connection refused")), "no-database"),
        (OSError(errno.ENOSPC, "No space left on device"), "storage-full"),
        (OSError(errno.EACCES, "Permission denied"), None),
        (KeyError("id"), None),
        (None, None),
    ],
)
def test_an_outage_is_distinguished_from_a_fault(error: Exception | None, slug: str | None) -> None:
    assert find_outage(error) == slug


def test_a_table_that_is_not_there_is_a_fault(db: None) -> None:
    with pytest.raises(DjangoError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere")
    assert find_outage(caught.value) is None


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, model: TrainedModel) -> Client:
    """Let a page and the API end as where somebody else holds the database."""

    def fail(*arguments: Any, **options: Any) -> None:
        raise of_sqlite(sqlite3.SQLITE_BUSY)

    monkeypatch.setattr(statistics, "count_drawings", fail)
    monkeypatch.setattr(views, "render", fail)
    return Client(raise_request_exception=False)


def test_the_api_answers_an_outage_with_a_problem_and_retry_after(failing: Client) -> None:
    answer = failing.get("/api/v1/stats/")
    assert_problem(answer, 503, "database-busy")
    assert answer.headers["Retry-After"] == "5"


def test_a_page_explains_an_outage_in_the_visitors_language(failing: Client) -> None:
    answer = failing.get("/", headers={"Accept-Language": "de"})
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Retry-After"] == "5"
    assert "Die Datenbank ist beschäftigt" in answer.content.decode()


def test_the_log_has_one_line_with_the_reason(
    failing: Client, caplog: pytest.LogCaptureFixture
) -> None:
    failing.get("/api/v1/stats/")
    assert caplog.messages == ["database-busy: it says so"]
    assert caplog.records[0].exc_info is None
