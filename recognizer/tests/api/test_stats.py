"""GET /api/v1/stats/: how much was drawn, and how often the answer was right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from recognizer.models import UNSUSPICIOUS, Drawing
from recognizer.services.daily_counts import keep_counts
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
    stranger.get(STATS)
    with django_assert_num_queries(9):
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
    answer(stranger, 7, created_at=begin)
    answer(stranger, 1, created_at=begin + timedelta(days=3))
    answer(stranger, 1, created_at=begin - timedelta(microseconds=1))
    monkeypatch.setattr(timezone, "now", lambda: begin + timedelta(days=20))
    stats = stranger.get(STATS).json()
    assert stats["month"] == {"labeled": 2, "correct": 1, "accuracy": 0.5}
    assert stats["labeled"] == 3


def test_a_rejected_answer_does_not_count(stranger: Caller) -> None:
    answer(stranger, 7)
    answer(stranger, 1, review="rejected", reviewed_at=timezone.now(), **UNSUSPICIOUS)
    stats = stranger.get(STATS).json()
    assert (stats["drawings"], stats["labeled"], stats["accuracy"]) == (2, 1, 1.0)
    assert stats["month"] == {"labeled": 1, "correct": 1, "accuracy": 1.0}


def test_days_that_are_counted_are_not_read_again(stranger: Caller) -> None:
    answer(stranger, 1, created_at=timezone.now() - timedelta(days=400))
    answer(stranger, 7)
    keep_counts(60)
    with CaptureQueriesContext(connection) as queries:
        assert stranger.get(STATS).json()["labeled"] == 2
    read = [one["sql"] for one in queries if 'FROM "recognizer_drawing"' in one["sql"]]
    assert len(read) == 1  # today's
    assert f'"created_at" >= \'{timezone.now():%Y-%m-%d}' in read[0]


def test_asking_again_writes_nothing(stranger: Caller) -> None:
    answer(stranger, 7)
    stranger.get(STATS)
    with CaptureQueriesContext(connection) as queries:
        stranger.get(STATS)
    assert [one["sql"] for one in queries if not one["sql"].startswith("SELECT")] == []
