"""GET /api/v1/drawings/: pages of drawings, newest first, and their filters."""

from __future__ import annotations

import base64
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from recognizer.models import Drawing
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import assert_problem


def copy_drawing(pk: str, count: int = 1, **values: Any) -> None:
    """Store copies of a drawing."""
    original = Drawing.objects.get(pk=pk)
    for _ in range(count):
        original.pk = uuid.uuid4()
        original.created_at = timezone.now()
        for name, value in values.items():
            setattr(original, name, value)
        original.save(force_insert=True)


def ids_of(answer: Any) -> list[str]:
    """Return the ids on a page."""
    assert answer.status_code == 200, answer.content
    return [drawing["id"] for drawing in answer.json()["results"]]


def test_the_newest_drawing_comes_first(visitor: Caller) -> None:
    drawn = [visitor.draw(digit)["id"] for digit in (1, 2, 3)]
    assert ids_of(visitor.get(DRAWINGS)) == drawn[::-1]


def test_a_listed_drawing_is_what_its_own_address_says(visitor: Caller) -> None:
    drawing = visitor.draw(1)
    assert visitor.get(DRAWINGS).json()["results"] == [drawing]


def test_pages_have_24_drawings_and_lead_to_each_other(visitor: Caller) -> None:
    copy_drawing(visitor.draw(1)["id"], count=29)
    first = visitor.get(DRAWINGS)
    second = visitor.get(first.json()["next"])
    assert len(ids_of(first)) == 24
    assert len(ids_of(second)) == 6
    assert len({*ids_of(first), *ids_of(second)}) == 30
    assert second.json()["next"] is None
    assert ids_of(visitor.get(second.json()["previous"])) == ids_of(first)


def test_a_page_asks_the_database_once_whatever_its_length(
    visitor: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    copy_drawing(visitor.draw(1)["id"], count=19)
    with django_assert_num_queries(1):
        assert len(ids_of(visitor.get(DRAWINGS))) == 20


def test_a_page_may_be_shorter_and_not_longer_than_100(visitor: Caller) -> None:
    copy_drawing(visitor.draw(1)["id"], count=104)
    assert len(ids_of(visitor.get(DRAWINGS, {"page_size": 5}))) == 5
    assert len(ids_of(visitor.get(DRAWINGS, {"page_size": 1000}))) == 100


def test_drawings_are_filtered_by_the_answer(visitor: Caller) -> None:
    right, wrong, unanswered = (visitor.draw(digit)["id"] for digit in (1, 2, 3))
    visitor.put(f"{DRAWINGS}{right}/feedback/", {"correct": True})
    visitor.put(f"{DRAWINGS}{wrong}/feedback/", {"label": 9})
    assert ids_of(visitor.get(DRAWINGS, {"correct": "true"})) == [right]
    assert ids_of(visitor.get(DRAWINGS, {"correct": "false"})) == [wrong]
    assert ids_of(visitor.get(DRAWINGS, {"correct": "open"})) == [unanswered]
    assert ids_of(visitor.get(DRAWINGS, {"label": "9"})) == [wrong]
    assert ids_of(visitor.get(DRAWINGS, {"prediction": "3"})) == [unanswered]


def test_drawings_are_filtered_by_the_model(visitor: Caller) -> None:
    drawing = visitor.draw(1)["id"]
    assert ids_of(visitor.get(DRAWINGS, {"model": 1})) == [drawing]
    assert ids_of(visitor.get(DRAWINGS, {"model": 2})) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("correct", "perhaps"),
        ("label", "10"),
        ("label", "seven"),
        ("prediction", "-1"),
        ("model", "newest"),
        ("model", "9" * 40),
        ("model", "nan"),
        ("review", "pending"),
        ("source", "elsewhere"),
    ],
)
def test_a_filter_without_meaning_is_refused(visitor: Caller, name: str, value: str) -> None:
    assert_problem(visitor.get(DRAWINGS, {name: value}), 400, "invalid-request", name)


@pytest.mark.parametrize(
    "cursor",
    [
        "seven",
        base64.b64encode(urlencode({"p": "yesterday"}).encode()).decode(),
        base64.b64encode(urlencode({"p": "2026-99-99"}).encode()).decode(),
        base64.b64encode(urlencode({"o": "-1"}).encode()).decode(),
        base64.b64encode(urlencode({"o": "x", "r": "1"}).encode()).decode(),
    ],
)
def test_a_forged_cursor_is_no_page(visitor: Caller, cursor: str) -> None:
    assert_problem(visitor.get(DRAWINGS, {"cursor": cursor}), 404, "not-found")


def test_the_staff_see_all_drawings_or_only_their_own(staff: Caller, stranger: Caller) -> None:
    strangers, own = stranger.draw(1)["id"], staff.draw(2)["id"]
    assert ids_of(staff.get(DRAWINGS)) == [own, strangers]
    assert ids_of(staff.get(DRAWINGS, {"mine": "true"})) == [own]


def test_a_caller_without_a_cookie_has_no_list(stranger: Caller) -> None:
    stranger.draw(1)
    assert ids_of(stranger.get(DRAWINGS)) == []


def test_no_cache_keeps_a_list_or_a_drawing(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    for path in (DRAWINGS, f"{DRAWINGS}{drawing['id']}/"):
        answer = visitor.get(path)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].split(", "))
