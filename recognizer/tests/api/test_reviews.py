"""GET /api/v1/reviews/ and PUT …/{id}/: the queue of the reviewers, and their decisions."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from recognizer.models import Decision, Drawing
from recognizer.services import waiting
from recognizer.tests.conftest import Caller, make_key, make_member
from recognizer.tests.kit.drawings import assert_problem
from recognizer.tests.kit.small_training import answered

REVIEWS = "/api/v1/reviews/"


@pytest.fixture
def queue(staff: Caller) -> list[str]:
    """Store a drawing for each part of the queue; return their ids in its order."""
    marked = {"suspicious_at": timezone.now(), "suspected_digit": 1, "suspected_share": 0.9}
    parts: list[dict[str, Any]] = [
        {"label": 6, "confidence": 0.99, **marked},
        {"label": 6, "confidence": 0.98},
        {"label": 6, "confidence": 0.95},
        {"label": 1, "confidence": 0.3},
        {"label": 6, "confidence": 0.4},
        {"label": 1, "confidence": 0.97, "strangeness": 0.5},
        {"label": 1, "confidence": 0.8},
        {"label": 1, "confidence": 0.98},
    ]
    return [str(answered(**{"strangeness": 0.0, **part})[0].pk) for part in parts]


def test_the_queue_has_the_order_of_the_desk_and_is_paged_without_a_gap(
    staff: Caller, queue: list[str]
) -> None:
    for size in (1, 3, 8, 100):
        found, url = [], f"{REVIEWS}?page_size={size}"
        while url:
            page = staff.get(url).json()
            assert len(page["results"]) <= size
            found += [one["id"] for one in page["results"]]
            url = page["next"]
        assert found == queue, size
    first = staff.get(REVIEWS).json()["results"][0]
    assert first["suspicion"] == {"label": 1, "share": 0.9}
    assert first["label"] == 6


def test_what_lies_on_another_desk_is_not_listed(staff: Caller, queue: list[str]) -> None:
    waiting.lease(make_member("Reviewer"), [uuid.UUID(queue[0])])
    assert [one["id"] for one in staff.get(REVIEWS).json()["results"]] == queue[1:]


def test_unanswered_drawings_of_which_the_model_is_unsure_are_a_queue_of_their_own(
    staff: Caller, queue: list[str]
) -> None:
    Drawing.objects.filter(pk=queue[3]).update(label=None, feedback_at=None)
    listed = staff.get(f"{REVIEWS}?queue=unsure").json()["results"]
    assert [one["id"] for one in listed] == [queue[3]]
    assert_problem(staff.get(f"{REVIEWS}?queue=all"), 400, "invalid-request", "queue")


@pytest.mark.parametrize("cursor", ["nonsense", "cD1ub25zZW5zZQ==", "bz05OSZwPTE="])
def test_a_cursor_that_fits_no_page_is_not_found_or_after_the_end(
    staff: Caller, queue: list[str], cursor: str
) -> None:
    answer = staff.get(f"{REVIEWS}?cursor={cursor}")
    assert answer.status_code == 404 or answer.json()["results"] == []


@pytest.mark.parametrize(
    ("body", "label", "review"),
    [
        ({"review": "approved"}, 6, "approved"),
        ({"review": "approved", "label": 1}, 1, "approved"),
        ({"review": "approved", "label": "none"}, 10, "approved"),
        ({"review": "rejected"}, 6, "rejected"),
    ],
)
def test_a_decision_sent_twice_is_taken_once_and_taken_back(
    staff: Caller, queue: list[str], body: dict[str, Any], label: int, review: str
) -> None:
    for _ in range(2):
        answer = staff.put(f"{REVIEWS}{queue[0]}/", body)
        assert answer.status_code == 200
        assert (answer.json()["review"], answer.json()["suspicion"]) == (review, None)
    drawing = Drawing.objects.get(pk=queue[0])
    assert (drawing.label, drawing.review, str(drawing.reviewer)) == (label, review, "reviewer")
    assert Decision.objects.count() == 1
    assert staff.put(f"{REVIEWS}{queue[0]}/", {"review": "unreviewed"}).status_code == 200
    drawing.refresh_from_db()
    assert (drawing.label, drawing.review) == (label, "unreviewed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "review"),
        ({"review": "perhaps"}, "review"),
        ({"review": "approved", "label": 11}, "label"),
        ({"review": "approved", "label": None}, "label"),
        ({"review": "rejected", "label": 3}, "label"),
        ({"review": "approved"}, "label"),
    ],
    ids=str,
)
def test_a_decision_that_cannot_be_taken_names_its_field(
    staff: Caller, body: dict[str, Any], field: str
) -> None:
    drawing = staff.draw(7)["id"]
    answer = staff.put(f"{REVIEWS}{drawing}/", body)
    assert_problem(answer, 400, "invalid-request", field)
    assert Drawing.objects.get(pk=drawing).review == "unreviewed"


@pytest.mark.parametrize(
    "change",
    [{"label": 3}, {"label": None, "feedback_at": None}, {"canonical": bytes(784)}],
    ids=str,
)
def test_with_its_seal_only_what_the_queue_told_is_decided_about(
    staff: Caller, queue: list[str], change: dict[str, Any]
) -> None:
    own, url = Drawing.objects.filter(pk=queue[4]), f"{REVIEWS}{queue[4]}/"
    if "canonical" in change:  # which changes only without an answer
        own.update(label=None, feedback_at=None)
    listed = staff.get(f"{REVIEWS}?queue={'unsure' if own.get().label is None else 'answers'}")
    seals = {one["id"]: one["seal"] for one in listed.json()["results"]}
    sent = {"review": "approved", "label": 1, "seal": seals[queue[4]]}
    own.update(**change)
    assert_problem(staff.put(url, sent), 400, "invalid-request", "seal")
    assert own.get().review == "unreviewed"
    sent["seal"] = staff.put(url, {"review": "unreviewed"}).json()["seal"]
    for _ in range(2):
        assert staff.put(url, sent).json()["review"] == "approved"
    assert own.get().label == 1


def test_a_drawing_that_is_deleted_is_not_found(staff: Caller) -> None:
    answer = staff.put(f"{REVIEWS}{uuid.uuid4()}/", {"review": "rejected"})
    assert_problem(answer, 404, "not-found")


def test_a_decision_by_key_is_that_of_its_owner(stranger: Caller, queue: list[str]) -> None:
    key, text = make_key("admin")
    stranger.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    assert stranger.put(f"{REVIEWS}{queue[0]}/", {"review": "rejected"}).status_code == 200
    assert Drawing.objects.get(pk=queue[0]).reviewer == key.owner
