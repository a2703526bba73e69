"""POST /api/v1/drawings/ with an Idempotency-Key: the same request twice is one drawing."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from recognizer.models import Drawing, RequestKey
from recognizer.services import request_keys
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, assert_problem, data_url, png_of
from recognizer.tests.kit.live import START_SECONDS, LiveSite

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


def send(caller: Caller, digit: int = 7, key: str = KEY, **fields: Any) -> Any:
    """Send a digit under a key."""
    body = {"image": data_url(png_of(digit)), **fields}
    return caller.post(DRAWINGS, body, headers={"Idempotency-Key": key})


@pytest.fixture(params=["visitor", "stranger"])
def caller(request: pytest.FixtureRequest) -> Caller:
    """Return a caller with a cookie, and one without."""
    found: Caller = request.getfixturevalue(request.param)
    return found


def test_the_same_request_again_gets_the_same_answer_and_leaves_one_row(caller: Caller) -> None:
    first, again = send(caller), send(caller)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert Drawing.objects.count() == 1


def test_the_answer_stays_the_same_when_somebody_answered_for_the_drawing(caller: Caller) -> None:
    first = send(caller).json()
    caller.put(f"{DRAWINGS}{first['id']}/feedback/", {"label": 1})
    assert send(caller).json() == first
    assert Drawing.objects.get().label == 1


def test_another_drawing_under_the_same_key_is_refused(caller: Caller) -> None:
    send(caller, 7)
    answer = send(caller, 8)
    assert_problem(answer, 422, "idempotency-key-reused", "Idempotency-Key")
    assert Drawing.objects.get().prediction == 7


@pytest.mark.parametrize("fields", [{"pen_width": 3}, {"source": "upload"}, {"strokes": SEVEN}])
def test_another_field_makes_another_request(stranger: Caller, fields: dict[str, Any]) -> None:
    send(stranger)
    assert send(stranger, **fields).status_code == 422


def test_another_key_makes_another_drawing(caller: Caller) -> None:
    send(caller, key='"first"')
    send(caller, key='"second"')
    assert Drawing.objects.count() == 2


def test_a_key_may_be_sent_without_its_quotes(caller: Caller) -> None:
    assert send(caller, key=KEY.strip('"')).json() == send(caller, key=KEY).json()


def test_a_form_is_the_same_whatever_its_boundary(stranger: Caller) -> None:
    def upload(boundary: str) -> Any:
        picture = SimpleUploadedFile("seven.png", png_of(7))
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="seven.png"'
            "\r\nContent-Type: image/png\r\n\r\n"
        ).encode() + picture.read()
        return stranger.client.generic(
            "POST",
            DRAWINGS,
            body + f"\r\n--{boundary}--\r\n".encode(),
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"Idempotency-Key": KEY},
        )

    first, again = upload("one"), upload("two")
    assert first.status_code == 201
    assert again.json() == first.json()


@pytest.mark.parametrize(
    "key", ["", " ", '""', '"open', 'a"b', '"a", "b"', "a,b", "a b", '"é"', "x" * 256, '"a";b=1']
)
def test_a_malformed_key_is_named(stranger: Caller, key: str) -> None:
    assert_problem(send(stranger, key=key), 400, "invalid-request", "Idempotency-Key")
    assert not Drawing.objects.exists()


def test_a_key_is_its_visitors_own(visitor: Caller, other_visitor: Caller) -> None:
    first, second = send(visitor, 7), send(other_visitor, 8)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


def test_a_caller_without_a_cookie_gets_no_visitors_answer(
    visitor: Caller, stranger: Caller
) -> None:
    drawing = send(visitor).json()
    answer = send(stranger)
    assert answer.status_code == 201
    assert answer.json()["id"] != drawing["id"]


def test_a_refused_request_may_come_again_corrected(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"image": "@"}, headers={"Idempotency-Key": KEY})
    assert answer.status_code == 400
    assert send(stranger).status_code == 201


def test_a_deleted_drawing_does_not_come_back(visitor: Caller) -> None:
    drawing = send(visitor).json()
    visitor.delete(f"{DRAWINGS}{drawing['id']}/")
    assert_problem(send(visitor), 409, "drawing-gone")
    assert not Drawing.objects.exists()


def test_a_key_is_forgotten_after_a_day(stranger: Caller) -> None:
    send(stranger, 7)
    RequestKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    send(stranger, 3, key='"another"')
    assert RequestKey.objects.count() == 1
    assert send(stranger, 8).status_code == 201


def test_neither_the_key_nor_the_body_is_kept(stranger: Caller) -> None:
    send(stranger)
    row = RequestKey.objects.get()
    assert KEY.strip('"') not in f"{row.digest} {row.fingerprint}"


def test_a_key_and_a_chosen_id_go_together(visitor: Caller) -> None:
    chosen = str(uuid.uuid4())
    first, again = send(visitor, id=chosen), send(visitor, id=chosen)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["id"] == chosen


def test_a_further_state_of_an_id_is_answered_the_same_when_its_key_comes_again(
    visitor: Caller,
) -> None:
    drawing = visitor.draw(1)
    first, again = (send(visitor, 8, id=drawing["id"]) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert Drawing.objects.get().prediction == 8


def test_each_of_two_keys_of_one_id_keeps_its_status(visitor: Caller) -> None:
    chosen = str(uuid.uuid4())
    statuses = [send(visitor, key=key, id=chosen).status_code for key in ("a", "b", "a", "b")]
    assert statuses == [201, 200, 201, 200]


@pytest.mark.parametrize("then", [{"label": 3}, {"label": None}])
def test_an_answered_drawing_is_told_as_it_was_then(visitor: Caller, then: dict[str, Any]) -> None:
    drawing = visitor.draw(7)
    feedback = f"{DRAWINGS}{drawing['id']}/feedback/"
    visitor.put(feedback, {"label": 1})
    first = send(visitor, id=drawing["id"])
    visitor.put(feedback, then)
    again = send(visitor, id=drawing["id"])
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["label"] == 1
    assert again.json() == first.json()


def test_a_rejected_drawing_is_told_as_it_was_then(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    Drawing.objects.update(review="rejected", reviewed_at=timezone.now())
    first = send(visitor, id=drawing["id"])
    Drawing.objects.update(review="unreviewed", reviewed_at=None)
    again = send(visitor, id=drawing["id"])
    assert first.json()["review"] == "rejected"
    assert (again.status_code, again.json()) == (200, first.json())


def test_an_id_that_is_taken_leaves_its_key_free(visitor: Caller, stranger: Caller) -> None:
    taken = str(uuid.uuid4())
    stranger.draw(7, id=taken)
    assert_problem(send(visitor, id=taken), 409, "id-taken", "id")
    assert not RequestKey.objects.exists()


def test_who_comes_second_between_the_look_and_the_write_gets_the_firsts_answer(
    visitor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: list[Any] = []

    def come_second(request: Any) -> None:
        # Between the look for the key and the write, the other request is done.
        monkeypatch.undo()
        first.append(send(visitor))

    monkeypatch.setattr(request_keys, "find_made", come_second)
    again = send(visitor)
    assert again.json() == first[0].json()
    assert Drawing.objects.count() == 1


def test_who_comes_second_with_a_further_state_gets_the_firsts_status(
    visitor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = visitor.draw(1)
    first: list[Any] = []

    def come_second(request: Any) -> None:
        monkeypatch.undo()
        first.append(send(visitor, 8, id=drawing["id"]))

    monkeypatch.setattr(request_keys, "find_made", come_second)
    again = send(visitor, 8, id=drawing["id"])
    assert (first[0].status_code, again.status_code) == (200, 200)
    assert again.json() == first[0].json()


def test_requests_at_once_in_two_workers_leave_one_row(site: LiveSite) -> None:
    answers: list[tuple[int, Any]] = []
    start = threading.Barrier(8)
    key = str(uuid.uuid4())

    def ask() -> None:
        request = Request(
            f"{site.url}{DRAWINGS}",
            json.dumps({"strokes": SEVEN}).encode(),
            {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'},
        )
        start.wait()
        try:
            with urlopen(request, timeout=START_SECONDS) as answer:
                answers.append((answer.status, json.load(answer)))
        except HTTPError as error:
            answers.append((error.code, error.read()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [201] * 8
    assert all(answer == answers[0][1] for _, answer in answers)
    assert site.rows("SELECT count(*) FROM recognizer_drawing") == [(1,)]
