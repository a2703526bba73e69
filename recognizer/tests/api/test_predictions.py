"""POST /api/v1/predictions/: many drawings at once, none kept."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from recognizer.models import Drawing
from recognizer.services import metrics
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import (
    SEVEN,
    assert_problem,
    blank_png,
    data_url,
    digits_of_one_face,
    png_of,
)

pytestmark = pytest.mark.any_database

PREDICTIONS = "/api/v1/predictions/"
DRAFT = f"{PREDICTIONS}?draft=true"


def digits_in(answer: Any) -> list[int]:
    """Return the digits of an answer."""
    assert answer.status_code == 200, answer.content
    return [prediction["prediction"] for prediction in answer.json()["predictions"]]


def test_images_are_read_in_their_order(stranger: Caller) -> None:
    images = [data_url(png_of(digit)) for digit in (3, 1, 4, 1, 5)]
    answer = stranger.post(PREDICTIONS, {"images": images})
    assert digits_in(answer) == [3, 1, 4, 1, 5]
    assert answer.json()["model"] == 1
    assert set(answer.json()["predictions"][0]) == {
        "prediction",
        "is_digit",
        "confidence",
        "strangeness",
        "probabilities",
    }


def test_strokes_and_pixels_are_read(stranger: Caller) -> None:
    assert digits_in(stranger.post(PREDICTIONS, {"strokes": [SEVEN, SEVEN]})) == [7, 7]
    pixels = digits_of_one_face().reshape(10, 784).tolist()
    assert digits_in(stranger.post(PREDICTIONS, {"pixels": pixels})) == list(range(10))


def test_each_picture_of_a_batch_has_a_range_of_its_own(stranger: Caller) -> None:
    digit = digits_of_one_face()[5].reshape(784)
    batch = [digit.tolist(), (digit / 255).tolist(), (digit // 16).tolist()]
    assert digits_in(stranger.post(PREDICTIONS, {"pixels": batch})) == [5, 5, 5]


def test_pixels_of_no_known_range_are_named(stranger: Caller) -> None:
    faint = (digits_of_one_face()[5].reshape(784) // 80).tolist()
    answer = stranger.post(PREDICTIONS, {"pixels": [faint]})
    assert_problem(answer, 400, "invalid-pixels", "pixels[0]")


def test_pixels_say_the_same_however_they_are_written(stranger: Caller) -> None:
    digits = digits_of_one_face()
    whole = stranger.post(PREDICTIONS, {"pixels": digits.reshape(10, 784).tolist()}).json()
    square = stranger.post(PREDICTIONS, {"pixels": digits.tolist()})
    decimal = stranger.post(PREDICTIONS, {"pixels": digits.reshape(10, 784).astype(float).tolist()})
    mixed = [*digits[:5].tolist(), *digits[5:].reshape(5, 784).tolist()]
    assert square.json() == decimal.json() == whole
    assert digits_in(stranger.post(PREDICTIONS, {"pixels": mixed})) == list(range(10))


def test_a_batch_says_what_single_calls_say(stranger: Caller) -> None:
    drawings = [stranger.draw(digit) for digit in range(10)]
    images = [data_url(png_of(digit)) for digit in range(10)]
    predictions = stranger.post(PREDICTIONS, {"images": images}).json()["predictions"]
    for drawing, prediction in zip(drawings, predictions, strict=True):
        assert prediction["probabilities"] == pytest.approx(drawing["probabilities"], abs=1e-5)


def test_nothing_is_kept_and_the_database_is_asked_once(
    stranger: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        stranger.post(PREDICTIONS, {"images": [data_url(png_of(1))] * 5})
    assert not Drawing.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "images"),
        ({"images": []}, "images"),
        ({"images": "seven"}, "images"),
        ({"images": ["@"]}, "images[0]"),
        ({"images": [None]}, "images[0]"),
        ({"pixels": [[0]] * 1001}, "pixels"),
        ({"pixels": [[0]], "strokes": [[]]}, "images"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_bad_batch_is_refused(stranger: Caller, body: Any, field: str) -> None:
    assert_problem(stranger.post(PREDICTIONS, body), 400, "invalid-request", field)


def test_strokes_of_one_drawing_are_told_from_a_list_of_drawings(stranger: Caller) -> None:
    answer = stranger.post(PREDICTIONS, {"strokes": SEVEN})
    assert_problem(answer, 400, "invalid-request", "strokes")
    assert "Send a list of drawings" in answer.json()["detail"]


def test_a_bad_drawing_is_named_by_its_place(stranger: Caller) -> None:
    images = [data_url(png_of(1)), data_url(blank_png())]
    answer = stranger.post(PREDICTIONS, {"images": images})
    assert_problem(answer, 400, "blank-drawing", "images[1]")


def test_a_draft_is_read_with_the_visitors_answers(visitor: Caller) -> None:
    drawing = visitor.post(DRAWINGS, {"strokes": SEVEN}).json()
    assert digits_in(visitor.post(DRAFT, {"strokes": [SEVEN]})) == [7]
    visitor.put(f"{DRAWINGS}{drawing['id']}/feedback/", {"label": 1})
    assert digits_in(visitor.post(DRAFT, {"strokes": [SEVEN]})) == [1]
    assert digits_in(visitor.post(PREDICTIONS, {"strokes": [SEVEN]})) == [7]


@pytest.mark.parametrize("body", [{"strokes": [SEVEN, SEVEN]}, {"pixels": [[0] * 784]}])
def test_a_draft_is_one_drawing_as_strokes(body: dict[str, Any], stranger: Caller) -> None:
    assert_problem(stranger.post(DRAFT, body), 400, "invalid-request", next(iter(body)))


def test_a_draft_writes_nothing_and_is_not_counted_as_a_prediction(
    visitor: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visitor.post(DRAFT, {"strokes": [SEVEN]})
    counted = list(metrics.PREDICTIONS.collect())
    # Which version is active, and whether the visitor has answered since.
    with django_assert_num_queries(2) as queries:
        assert digits_in(visitor.post(DRAFT, {"strokes": [SEVEN]})) == [7]
    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)
    assert list(metrics.PREDICTIONS.collect()) == counted
    assert Drawing.objects.count() == 0
