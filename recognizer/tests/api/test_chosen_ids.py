"""POST /api/v1/drawings/ with an id: a digit that is sent again, whole or further drawn, is one."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recognizer.models import Drawing
from recognizer.services.drawings import recognition
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, assert_problem, data_url, png_of


@pytest.fixture
def chosen() -> str:
    """Choose an id as a page does."""
    return str(uuid.uuid4())


def send(caller: Caller, pk: str, digit: int = 7) -> Any:
    """Send a digit under an id."""
    return caller.post(DRAWINGS, {"id": pk, "image": data_url(png_of(digit))})


def test_a_drawing_gets_the_id_that_was_chosen(visitor: Caller, chosen: str) -> None:
    answer = send(visitor, chosen)
    assert answer.status_code == 201
    assert answer.json()["id"] == chosen
    assert answer.headers["Location"] == f"{DRAWINGS}{chosen}/"


@pytest.mark.parametrize("name", ["visitor", "stranger"])
def test_the_same_request_again_gives_the_same_answer_and_one_row(
    request: pytest.FixtureRequest, name: str, chosen: str
) -> None:
    caller: Caller = request.getfixturevalue(name)
    first, again = send(caller, chosen), send(caller, chosen)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Drawing.objects.count() == 1


def test_ten_states_of_a_digit_leave_one_row_with_the_last(visitor: Caller, chosen: str) -> None:
    for count in range(1, 11):
        strokes = SEVEN * count
        assert visitor.post(DRAWINGS, {"id": chosen, "strokes": strokes}).status_code in {200, 201}
    stored = Drawing.objects.get()
    assert str(stored.pk) == chosen
    assert stored.strokes == SEVEN * 10


def test_a_digit_that_is_drawn_on_is_read_again(visitor: Caller, chosen: str) -> None:
    first = send(visitor, chosen, 1).json()
    second = send(visitor, chosen, 8).json()
    assert (first["prediction"], second["prediction"]) == (1, 8)
    assert second["created_at"] == first["created_at"]
    assert visitor.get(f"{DRAWINGS}{chosen}/").json() == {
        **second,
        "found": None,
        "set_aside": None,
    }


def test_an_answered_drawing_keeps_its_ink(visitor: Caller, chosen: str) -> None:
    send(visitor, chosen, 1)
    visitor.put(f"{DRAWINGS}{chosen}/feedback/", {"correct": True})
    assert_problem(send(visitor, chosen, 8), 409, "id-taken", "id")
    assert Drawing.objects.get().prediction == 1


def test_an_answered_drawing_that_is_sent_again_is_returned_as_stored(
    visitor: Caller, chosen: str
) -> None:
    send(visitor, chosen)
    answered = visitor.put(f"{DRAWINGS}{chosen}/feedback/", {"label": 1}).json()
    again = send(visitor, chosen)
    assert again.status_code == 200
    assert {**again.json(), "found": None, "set_aside": None} == answered


def test_a_rejected_drawing_is_not_drawn_on(visitor: Caller, chosen: str) -> None:
    send(visitor, chosen, 1)
    Drawing.objects.update(review="rejected", reviewed_at=timezone.now())
    assert_problem(send(visitor, chosen, 8), 409, "id-taken", "id")


@pytest.mark.parametrize("owner", ["visitor", "stranger"])
@pytest.mark.parametrize("digit", [7, 8])
def test_the_id_of_another_callers_drawing_is_refused(
    request: pytest.FixtureRequest, other_visitor: Caller, owner: str, digit: int, chosen: str
) -> None:
    send(request.getfixturevalue(owner), chosen, 7)
    answer = send(other_visitor, chosen, digit)
    assert_problem(answer, 409, "id-taken", "id")
    assert answer.json()["detail"] == "This id cannot be used; choose another one."
    assert Drawing.objects.get().prediction == 7


# Written down, so that the test has one name in all processes; the fourth is of a clock.
@pytest.mark.parametrize(
    "value",
    [
        "7",
        7,
        "no id",
        "3c00a63e-e9ca-11f1-aa2a-02fc00000001",
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_an_id_that_is_not_random_is_refused(stranger: Caller, value: object) -> None:
    answer = stranger.post(DRAWINGS, {"id": value, "strokes": SEVEN})
    assert_problem(answer, 400, "invalid-request", "id")


def test_the_id_of_an_imported_drawing_cannot_be_taken_before(stranger: Caller) -> None:
    imported = str(uuid.uuid5(uuid.NAMESPACE_URL, "seven"))
    answer = stranger.post(DRAWINGS, {"id": imported, "strokes": SEVEN})
    assert_problem(answer, 400, "invalid-request", "id")


def test_an_imported_drawing_without_a_label_is_not_overwritten(
    stranger: Caller, chosen: str
) -> None:
    stranger.post(DRAWINGS, {"id": chosen, "strokes": SEVEN})
    Drawing.objects.update(source=Drawing.Source.IMPORT)
    answer = stranger.post(DRAWINGS, {"id": chosen, "strokes": [[[10, 10], [50, 60], [90, 90]]]})
    assert_problem(answer, 409, "id-taken", "id")
    assert Drawing.objects.get().strokes == SEVEN


def test_requests_that_arrive_at_once_leave_one_row(
    transactional_db: None, stranger: Caller, chosen: str
) -> None:
    def send_again(_: int) -> int:
        try:
            recognized = recognition.recognize(strokes=SEVEN, id=uuid.UUID(chosen))
        finally:
            connection.close()
        return recognized.is_new

    recognition.recognize(strokes=SEVEN)  # with the model loaded, they come at once
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send_again, range(8))) == [False] * 7 + [True]
    assert Drawing.objects.filter(pk=chosen).count() == 1


def test_a_drawing_under_an_id_is_stored_without_a_transaction(
    visitor: Caller, chosen: str
) -> None:
    for digit, inserts in ((1, 1), (7, 2)):  # the second one finds a row, and overwrites it
        with CaptureQueriesContext(connection) as queries:
            recognition.recognize(image=png_of(digit), id=uuid.UUID(chosen))
        statements = [query["sql"].split()[0] for query in queries.captured_queries]
        assert set(statements) <= {"SELECT", "INSERT"}
        assert statements.count("INSERT") == inserts
    assert Drawing.objects.get(pk=chosen).prediction == 7
