"""GET /api/v1/stats/: how much was drawn, and how often the answer was right."""

from __future__ import annotations

from django.test import Client
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
    with django_assert_num_queries(2):
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
