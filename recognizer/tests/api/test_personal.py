"""The answer that a visitor's own earlier answers make of a drawing, at once."""

from __future__ import annotations

import html
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recognizer.models import UNSUSPICIOUS, Drawing, TrainedModel
from recognizer.services.drawings import remembering
from recognizer.tests.conftest import DRAWINGS, Caller, make_key
from recognizer.tests.kit.drawings import data_url, png_of

MEMORY = f"{DRAWINGS}memory/"


def tell(caller: Caller, drawing: dict[str, Any], label: object) -> Any:
    return caller.put(f"{DRAWINGS}{drawing['id']}/feedback/", {"label": label}).json()


def test_without_answers_there_is_no_memory(visitor: Caller) -> None:
    assert visitor.draw(7)["personal"] is None


def test_after_one_correction_the_same_digit_is_read_as_corrected(visitor: Caller) -> None:
    first = visitor.draw(7)
    told = tell(visitor, first, 1)
    assert told["prediction"] == 7
    assert told["personal"]["prediction"] == 1
    again = visitor.draw(7)
    assert again["prediction"] == 7
    assert again["personal"]["prediction"] == 1
    assert again["personal"]["drawings"] == [first["id"]]
    assert again["personal"]["remembered"] == 1
    assert Drawing.objects.get(pk=again["id"]).prediction == 7


def test_none_is_learned_as_well(visitor: Caller) -> None:
    tell(visitor, visitor.draw(7), "none")
    assert visitor.draw(7)["personal"]["is_digit"] is False


def test_a_changed_withdrawn_or_deleted_answer_is_forgotten_at_once(visitor: Caller) -> None:
    first = visitor.draw(7)
    tell(visitor, first, 1)
    tell(visitor, first, 4)
    assert visitor.draw(7)["personal"]["prediction"] == 4
    tell(visitor, first, None)
    assert visitor.draw(7)["personal"] is None
    tell(visitor, first, 1)
    visitor.delete(f"{DRAWINGS}{first['id']}/")
    assert visitor.draw(7)["personal"] is None


def test_a_drawing_that_is_drawn_on_is_remembered_as_it_is_then(visitor: Caller) -> None:
    chosen = str(uuid.uuid4())
    seven = visitor.draw(7, id=chosen)
    tell(visitor, seven, 7)
    visitor.draw(7)
    tell(visitor, seven, None)
    three = visitor.post(DRAWINGS, {"image": data_url(png_of(3)), "id": chosen}).json()
    tell(visitor, three, 8)
    assert visitor.draw(3)["personal"]["prediction"] == 8
    assert visitor.draw(7)["personal"]["prediction"] == 7


def test_an_answer_is_kept_though_no_model_answers(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    TrainedModel.objects.update(active=False)
    assert tell(visitor, drawing, 1)["personal"] is None
    assert Drawing.objects.get().label == 1


def test_a_rejected_answer_is_not_heard(visitor: Caller) -> None:
    first = visitor.draw(7)
    tell(visitor, first, 1)
    Drawing.objects.filter(pk=first["id"]).update(
        review="rejected",
        reviewed_at=Drawing.objects.get(pk=first["id"]).created_at,
        **UNSUSPICIOUS,
    )
    assert visitor.draw(7)["personal"] is None


def test_other_visitors_are_not_affected(visitor: Caller, other_visitor: Caller) -> None:
    tell(visitor, visitor.draw(7), 1)
    assert other_visitor.draw(7)["personal"] is None


def test_a_visitor_may_ask_without_the_memory(visitor: Caller) -> None:
    tell(visitor, visitor.draw(7), 1)
    assert visitor.draw(7, personal=False)["personal"] is None
    assert visitor.draw(7)["personal"] is not None


def test_forgetting_keeps_the_drawings_and_their_labels(visitor: Caller) -> None:
    tell(visitor, visitor.draw(7), 1)
    assert visitor.delete(MEMORY).json() == {"forgotten": 1}
    assert visitor.draw(7)["personal"] is None
    assert Drawing.objects.filter(label=1).count() == 1
    tell(visitor, visitor.draw(3), 3)
    assert visitor.draw(3)["personal"]["remembered"] == 1


def test_a_key_has_a_memory_if_it_asks(model: Any) -> None:
    caller = Caller(Client(headers={"authorization": f"Bearer {make_key('admin')[1]}"}))
    assert tell(caller, caller.draw(7), 1)["personal"] is None
    assert caller.draw(7)["personal"] is None
    assert caller.draw(7, personal=True)["personal"]["prediction"] == 1


def test_a_list_is_read_without_a_memory(visitor: Caller) -> None:
    tell(visitor, visitor.draw(7), 1)
    assert visitor.get(DRAWINGS).json()["results"][0]["personal"] is None


def test_only_the_latest_answers_are_remembered(
    visitor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "MOST", 2)
    for digit in (1, 3, 7):
        tell(visitor, visitor.draw(digit), digit)
    assert visitor.draw(3)["personal"]["remembered"] == 2


def test_a_memory_that_is_ready_costs_one_query(visitor: Caller) -> None:
    tell(visitor, visitor.draw(7), 1)
    visitor.draw(7)
    with CaptureQueriesContext(connection) as without:
        visitor.draw(7, personal=False)
    with CaptureQueriesContext(connection) as with_memory:
        visitor.draw(7)
    assert len(with_memory) == len(without) + 1


@pytest.mark.parametrize("value", ["yes", 1, [True]])
def test_personal_is_true_or_false(visitor: Caller, value: object) -> None:
    answer = visitor.post(DRAWINGS, {"strokes": [[[0, 0], [9, 9]]], "personal": value})
    assert answer.status_code == 400
    assert answer.json()["field"] == "personal"


def test_a_caller_without_a_cookie_forgets_nothing(stranger: Caller) -> None:
    assert remembering.forget(None) == 0
    assert remembering.forget(uuid.uuid4()) == 0
    assert stranger.delete(MEMORY).json() == {"forgotten": 0}


def test_the_form_without_scripts_shows_the_personal_answer(visitor: Caller) -> None:
    def send(digit: int) -> str:
        picture = SimpleUploadedFile("digit.png", png_of(digit), "image/png")
        answer = visitor.client.post("/", {"image": picture, "csrfmiddlewaretoken": visitor.token})
        return html.unescape(answer.text)

    first = visitor.draw(7)
    assert "It reads 7" in send(7)
    tell(visitor, first, 1)
    page = send(7)
    assert "It reads 1" in page
    assert "Learned from you; before, it read 7." in page
    tell(visitor, first, "none")
    assert "It reads no digit" in send(7)
