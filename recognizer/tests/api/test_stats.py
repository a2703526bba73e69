"""GET /api/v1/stats/: how much was drawn, and how often the answer was right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from recognizer.models import Drawing
from recognizer.tests.conftest import DRAWINGS, Caller

STATS = "/api/v1/stats/"


def test_an_empty_archive_has_no_accuracy(db: None) -> None:
    stats = Client().get(STATS).json()
    assert stats["model"] is None
    assert stats["drawings"] == stats["labeled"] == stats["correct"] == 0
    assert stats["accuracy"] is None
    assert [digit["digit"] for digit in stats["digits"]] == list(range(10))


def test_answers_are_counted_by_digit(
    stranger: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    feedback: list[dict[str, object]] = [{"correct": True}, {"correct": True}, {"label": 9}]
    for body in feedback:
        drawing = stranger.draw(7)
        stranger.put(f"{DRAWINGS}{drawing['id']}/feedback/", body)
    stranger.draw(1)
    with django_assert_num_queries(3):
        stats = stranger.get(STATS).json()
    assert stats["model"] == 1
    assert (stats["drawings"], stats["labeled"], stats["correct"]) == (4, 3, 2)
    assert stats["accuracy"] == 2 / 3
    seven = {"digit": 7, "predicted": 3, "labeled": 2, "correct": 2, "accuracy": 1.0}
    nine = {"digit": 9, "predicted": 0, "labeled": 1, "correct": 0, "accuracy": 0.0}
    one = {"digit": 1, "predicted": 1, "labeled": 0, "correct": 0, "accuracy": None}
    assert stats["digits"][7] == seven
    assert stats["digits"][9] == nine
    assert stats["digits"][1] == one


def test_what_is_no_digit_is_counted_apart(stranger: Caller) -> None:
    first, second = stranger.draw(7), stranger.draw(7)
    Drawing.objects.filter(pk=first["id"]).update(is_digit=False)
    for drawing in (first, second):
        stranger.put(f"{DRAWINGS}{drawing['id']}/feedback/", {"label": "none"})
    stats = stranger.get(STATS).json()
    assert stats["none"] == {"predicted": 1, "labeled": 2, "correct": 1, "accuracy": 0.5}
    assert (stats["labeled"], stats["correct"], stats["digits"][7]["predicted"]) == (2, 1, 1)


def answer(caller: Caller, label: int, **values: object) -> None:
    """Draw a 7 and answer for it, with other values in its row."""
    drawing = caller.draw(7)
    caller.put(f"{DRAWINGS}{drawing['id']}/feedback/", {"label": label})
    Drawing.objects.filter(pk=drawing["id"]).update(**values)


def test_imported_drawings_are_no_answers_of_people(stranger: Caller) -> None:
    answer(stranger, 7)
    answer(stranger, 1, source=Drawing.Source.IMPORT)
    stats = stranger.get(STATS).json()
    assert (stats["drawings"], stats["labeled"], stats["accuracy"]) == (1, 1, 1.0)
    assert stats["digits"][1]["labeled"] == 0
    assert stats["month"] == {"labeled": 1, "correct": 1, "accuracy": 1.0}


def test_a_month_begins_with_its_first_second(
    stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = datetime(2027, 2, 1, tzinfo=UTC)
    answer(stranger, 7, feedback_at=begin)
    answer(stranger, 1, feedback_at=begin + timedelta(days=3), created_at=begin - timedelta(days=9))
    answer(stranger, 1, feedback_at=begin - timedelta(microseconds=1))
    monkeypatch.setattr(timezone, "now", lambda: begin + timedelta(days=20))
    stats = stranger.get(STATS).json()
    assert stats["month"] == {"labeled": 2, "correct": 1, "accuracy": 0.5}
    assert stats["labeled"] == 3


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own instructions")
def test_counts_read_indexes_and_no_rows(stranger: Caller) -> None:
    programs: list[list[tuple[Any, ...]]] = []

    def explain(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "recognizer_drawing"' in sql:
            context["cursor"].cursor.execute(f"EXPLAIN {sql.replace('%s', '?')}", params)
            programs.append(context["cursor"].cursor.fetchall())
        return run(sql, params, many, context)

    with connection.execute_wrapper(explain):
        stranger.get(STATS)
    assert len(programs) == 2
    for program in programs:
        opened = {row[2]: str(row[5]) for row in program if row[1] == "OpenRead"}
        read = {opened[row[2]] for row in program if row[1] == "Column" and row[2] in opened}
        assert [kind[:2] for kind in read] == ["k("]  # an index; the table's kind is a number
