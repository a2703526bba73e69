"""The consent that a drawing is published: given with the drawing, and taken back for all."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from digitsite.environment import License
from recognizer.models import Drawing, TrainedModel, Withdrawal
from recognizer.services.drawings import recognition
from recognizer.tests.conftest import DRAWINGS, Caller, make_key, make_member
from recognizer.tests.kit.drawings import SEVEN

BY = License("CC-BY-4.0", "CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0.html")
SENT = {"strokes": SEVEN, "license": BY.text}
ID = "5e0c2a9b-3a0e-4d55-9a53-2b6c1f3f7d10"


@pytest.fixture(autouse=True)
def licensed_site(settings: Settings) -> None:
    settings.DATASET_LICENSE = BY


def refusal(answer: Any) -> str:
    assert (answer.status_code, answer.json()["field"]) == (400, "license")
    detail: str = answer.json()["detail"]
    return detail


def test_without_a_word_no_drawing_is_published(visitor: Caller) -> None:
    assert visitor.draw(7)["license"] is None
    assert not Drawing.objects.licensed().exists()


def test_a_consent_is_kept_with_the_drawing_and_shown(visitor: Caller) -> None:
    assert visitor.post(DRAWINGS, SENT).json()["license"] == "CC-BY-4.0"
    assert Drawing.objects.get().license == "CC-BY-4.0"


def test_drawn_on_without_consent_a_drawing_loses_it(visitor: Caller) -> None:
    visitor.post(DRAWINGS, {**SENT, "id": ID})
    visitor.post(DRAWINGS, {"strokes": [*SEVEN, [[100, 140], [150, 141], [200, 142]]], "id": ID})
    assert Drawing.objects.get().license == ""


def test_withdrawal_holds_for_all_drawings_of_the_caller_and_for_no_others(
    visitor: Caller, model: TrainedModel
) -> None:
    _, text = make_key("predict", "feedback")
    headers = {"Authorization": f"Bearer {text}"}
    program = Client()
    program.post(DRAWINGS, SENT, content_type="application/json", headers=headers)
    visitor.post(DRAWINGS, SENT)
    visitor.post(DRAWINGS, SENT)
    assert visitor.delete(f"{DRAWINGS}license/").json() == {"withdrawn": 2}
    assert Drawing.objects.licensed().count() == 1
    assert program.delete(f"{DRAWINGS}license/", headers=headers).json() == {"withdrawn": 1}
    assert not Drawing.objects.licensed().exists()


def test_a_withdrawal_is_not_overtaken_by_a_drawing_that_was_on_its_way(
    visitor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*arguments: Any, **named: Any) -> Any:
        assert visitor.delete(f"{DRAWINGS}license/").json() == {"withdrawn": 0}
        return new_drawing(*arguments, **named)

    new_drawing = recognition.new_drawing
    with monkeypatch.context() as patch:
        patch.setattr(recognition, "new_drawing", overtaken)
        assert visitor.post(DRAWINGS, SENT).json()["license"] is None
    assert visitor.post(DRAWINGS, {**SENT, "id": ID}).json()["license"] is None
    assert not Drawing.objects.licensed().exists()
    Withdrawal.objects.update(at=timezone.now() - recognition.ON_ITS_WAY)
    assert visitor.post(DRAWINGS, SENT).json()["license"] == BY.text


def test_the_staff_takes_the_license_back_for_a_hand_whose_cookie_is_gone(
    visitor: Caller,
) -> None:
    reviewer = Client()
    reviewer.force_login(make_member("Reviewer"))
    ids = [visitor.post(DRAWINGS, SENT).json()["id"] for _ in range(3)]
    _, text = make_key("predict")
    headers = {"Authorization": f"Bearer {text}"}
    Client().post(DRAWINGS, SENT, content_type="application/json", headers=headers)
    url = "/admin/recognizer/drawing/"
    chosen = {"action": "withdraw_license", "_selected_action": ids[:1]}
    asked = reviewer.post(url, chosen)
    assert "Take the license of 3 drawings back?" in asked.text
    assert Drawing.objects.licensed().count() == 4
    done = reviewer.post(url, {**chosen, "confirmed": "all"}, follow=True)
    assert "The license of 3 drawings is taken back." in done.text
    assert not Drawing.objects.filter(pk__in=ids).licensed().exists()
    assert Drawing.objects.licensed().count() == 1
    assert "The license was taken back." in reviewer.get(f"{url}{ids[2]}/history/").text
    german = reviewer.post(url, chosen, follow=True, headers={"Accept-Language": "de"})
    assert "Keine dieser Hände" in german.text


def test_another_license_than_that_of_the_site_is_refused(visitor: Caller) -> None:
    answer = visitor.post(DRAWINGS, {**SENT, "license": "CC0-1.0"})
    assert "publishes drawings under CC-BY-4.0" in refusal(answer)
    assert not Drawing.objects.exists()


def test_a_site_that_publishes_nothing_takes_no_consent(
    visitor: Caller, settings: Settings
) -> None:
    settings.DATASET_LICENSE = None
    assert "publishes no drawings" in refusal(visitor.post(DRAWINGS, SENT))


def test_a_caller_who_could_not_take_it_back_cannot_consent(model: TrainedModel) -> None:
    answer = Client().post(DRAWINGS, SENT, content_type="application/json")
    assert "can be taken back" in refusal(answer)


def test_the_database_refuses_a_consent_that_belongs_to_no_one(visitor: Caller) -> None:
    visitor.post(DRAWINGS, SENT)
    with pytest.raises(IntegrityError, match="drawing_license_can_be_taken_back"):
        Drawing.objects.update(visitor=None)


def test_a_drawing_that_was_begun_without_consent_never_gets_it(visitor: Caller) -> None:
    begun = {"id": str(uuid.uuid4()), "strokes": SEVEN}
    visitor.post(DRAWINGS, begun)
    drawn_on = {**begun, "strokes": [*SEVEN, [[10, 10], [20, 20]]], "license": BY.text}
    assert visitor.post(DRAWINGS, drawn_on).json()["license"] is None
    assert Drawing.objects.get().license == ""


def test_an_answered_drawing_that_is_sent_again_without_consent_loses_it(visitor: Caller) -> None:
    sent = {"id": str(uuid.uuid4()), **SENT}
    visitor.post(DRAWINGS, sent)
    visitor.put(f"{DRAWINGS}{sent['id']}/feedback/", {"label": 7})
    again = visitor.post(DRAWINGS, {"id": sent["id"], "strokes": SEVEN})
    assert (again.status_code, again.json()["license"]) == (200, None)
    assert Drawing.objects.get().license == ""
