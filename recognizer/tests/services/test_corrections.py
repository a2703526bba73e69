"""Which drawings a retraining learns from, and what becomes of the others."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from numpy.typing import NDArray
from pytest_django import Settings

from ml.labeled.digits import LabeledDigits
from ml.training.label_check import LabelCheck
from recognizer.models import Drawing
from recognizer.services.drawings import recognition, reviews
from recognizer.services.retraining import corrections as service
from recognizer.services.retraining.corrections import Corrections, select_corrections
from recognizer.tests.kit.drawings import digits_of_one_face

pytestmark = pytest.mark.usefixtures("model")


def store(label: int, count: int = 1, shape: int | None = None, **values: Any) -> list[Drawing]:
    """Store drawings of a digit, oldest first, with the label that people gave them."""
    now = timezone.now()
    shape = label if shape is None else shape
    return Drawing.objects.bulk_create(
        Drawing(
            model_id=1,
            prediction=shape,
            confidence=0.5,
            probabilities=[0.1] * 10,
            canonical=digits_of_one_face()[shape].tobytes(),
            image=b"",
            **{
                "source": "canvas",
                "created_at": now + timedelta(seconds=position),
                "label": label,
                "feedback_at": now,
                **values,
            },
        )
        for position in range(count)
    )


def approved() -> dict[str, Any]:
    """Return what makes a drawing an approved one."""
    return {"review": "approved", "reviewed_at": timezone.now()}


def check_by_shape(
    pipeline: Any,
    digits: LabeledDigits,
    is_approved: NDArray[np.bool_],
    is_settled: Any,
    jobs: int,
) -> LabelCheck:
    """Check labels by the one face that there is; how it is really done, ml/tests show."""
    face = digits_of_one_face().reshape(10, -1).astype(int)
    rows = digits.images.reshape(-1, 1, 784).astype(int)
    shapes = abs(rows - face).sum(axis=2).argmin(axis=1).astype(np.uint8)
    wrong = shapes != digits.labels
    none = np.zeros(len(digits), bool)
    doubted = wrong & is_approved & ~is_settled
    return LabelCheck(wrong & ~is_approved, none, doubted, shapes, np.full(len(digits), 0.97))


@pytest.fixture(autouse=True)
def known_face(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the selection check by that face."""
    monkeypatch.setattr(service, "check_labels", check_by_shape)


def select(**options: Any) -> Corrections:
    """Choose what a retraining would learn from."""
    return select_corrections(None, **{"reviewed_only": False, **options})


def ids(drawings: list[Drawing]) -> set[str]:
    """Return the ids of drawings as they stand in the groups of a training."""
    return {str(drawing.pk) for drawing in drawings}


def test_what_is_labeled_and_not_rejected_is_learned_from_oldest_first() -> None:
    first, second = store(7, 2)
    store(7, review="rejected", reviewed_at=timezone.now())
    Drawing.objects.filter(pk=store(7)[0].pk).update(label=None, feedback_at=None)
    assert select().digits.groups.tolist() == [str(first.pk), str(second.pk)]
    assert select().digits.labels.tolist() == [7, 7]
    assert (select().digits.images == digits_of_one_face()[7]).all()
    assert select().left_out == service.LeftOut()
    assert select().notices == ()


def test_of_an_empty_archive_nothing_is_chosen() -> None:
    assert len(select().digits) == 0
    assert select().notices == ()


def test_with_reviewed_only_nothing_else_is_learned_from() -> None:
    store(3)
    chosen = store(7, **approved())
    selected = select(reviewed_only=True)
    assert set(selected.digits.groups) == ids(chosen)
    assert selected.left_out == service.LeftOut(unreviewed=1)
    assert selected.notices == ("1 label is left out: not approved by a reviewer yet.",)


def test_a_suspicious_label_is_left_out_and_marked_and_kept() -> None:
    store(7, 3)
    (wrong,) = store(3, shape=7)
    selected = select()
    assert str(wrong.pk) not in selected.digits.groups
    assert selected.left_out == service.LeftOut(suspicious=1)
    wrong.refresh_from_db()
    assert wrong.label == 3
    assert wrong.suspicious_at is not None
    assert (wrong.suspected_digit, wrong.suspected_share) == (7, 0.97)
    assert list(Drawing.objects.suspicious()) == [wrong]


def test_the_notice_tells_where_suspicious_labels_wait() -> None:
    store(3, 2, shape=7)
    (notice,) = select().notices
    assert notice == (
        "2 labels are left out as suspicious: contradicted by what others drew. "
        "Approve or reject in the admin: drawings, by review, suspicious answers."
    )


def test_a_mark_keeps_its_first_time() -> None:
    store(3, shape=7)
    select()
    before = Drawing.objects.get().suspicious_at
    select()
    assert Drawing.objects.get().suspicious_at == before


def test_a_mark_that_the_check_no_longer_finds_goes() -> None:
    (drawing,) = store(7)
    Drawing.objects.update(suspicious_at=timezone.now(), suspected_digit=3, suspected_share=0.99)
    assert set(select().digits.groups) == ids([drawing])
    assert not Drawing.objects.suspicious().exists()


def test_a_selection_that_marks_nothing_leaves_the_archive_as_it_is() -> None:
    store(3, shape=7)
    assert select(mark=False).left_out.suspicious == 1
    assert not Drawing.objects.suspicious().exists()


def test_an_approved_label_is_not_marked_again(django_user_model: type[User]) -> None:
    (drawing,) = store(3, shape=7)
    select()
    reviewer = django_user_model.objects.create_superuser("reviewer")
    reviews.decide(Drawing.objects.suspicious(), reviewer, Drawing.Review.APPROVED)
    assert not Drawing.objects.suspicious().exists()
    for _ in range(2):
        assert set(select().digits.groups) == ids([drawing])
    assert not Drawing.objects.suspicious().exists()


def test_an_approved_label_that_all_contradict_is_shown_once_and_learned_from(
    django_user_model: type[User],
) -> None:
    reviewer = django_user_model.objects.create_superuser("reviewer")
    (drawing,) = store(3, shape=7)
    reviews.decide(Drawing.objects.all(), reviewer, "approved")
    for reviewed_only in (False, True):
        assert set(select(reviewed_only=reviewed_only).digits.groups) == ids([drawing])
        assert list(Drawing.objects.suspicious()) == [drawing]
    decided = reviews.decide(Drawing.objects.all(), reviewer, "approved")
    assert decided.count == 1
    assert set(select().digits.groups) == ids([drawing])
    assert not Drawing.objects.suspicious().exists()
    reviews.undo(decided.group, reviewer)
    assert list(Drawing.objects.suspicious()) == [drawing]


def test_what_a_visitor_says_anew_is_doubted_anew(django_user_model: type[User]) -> None:
    reviewer = django_user_model.objects.create_superuser("reviewer")
    (drawing,) = store(3, shape=7)
    select()
    reviews.decide(Drawing.objects.all(), reviewer, "approved")
    recognition.give_feedback(drawing, label=1)
    select()
    assert list(Drawing.objects.suspicious()) == [drawing]


def test_imports_are_believed_as_they_are() -> None:
    store(3, shape=7, source="import", **approved())
    select()
    assert not Drawing.objects.suspicious().exists()


def test_a_rejection_takes_the_mark_away(django_user_model: type[User]) -> None:
    store(3, shape=7)
    select()
    reviewer = django_user_model.objects.create_superuser("reviewer")
    reviews.decide(Drawing.objects.suspicious(), reviewer, Drawing.Review.REJECTED)
    assert not Drawing.objects.suspicious().exists()
    assert len(select().digits) == 0


def test_another_answer_of_the_visitor_takes_the_mark_away() -> None:
    store(3, shape=7)
    select()
    recognition.give_feedback(Drawing.objects.get(), label=7)
    assert not Drawing.objects.suspicious().exists()


def test_a_label_that_a_reviewer_sets_takes_the_mark_away(
    django_user_model: type[User],
) -> None:
    store(3, shape=7)
    select()
    reviewer = django_user_model.objects.create_superuser("reviewer")
    reviews.decide(Drawing.objects.all(), reviewer, "unreviewed", label=7)
    assert not Drawing.objects.suspicious().exists()


@pytest.mark.parametrize("decision", [{"label": 7}, {"review": "rejected"}])
def test_who_decides_while_the_check_runs_has_the_last_word(
    decision: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (drawing,) = store(3, shape=7)

    def slow_check(*arguments: Any, **options: Any) -> LabelCheck:
        reviewed = {"reviewed_at": timezone.now()} if "review" in decision else {}
        Drawing.objects.filter(pk=drawing.pk).update(**decision, **reviewed)
        return check_by_shape(*arguments, **options)

    monkeypatch.setattr(service, "check_labels", slow_check)
    select()
    assert not Drawing.objects.suspicious().exists()


def test_of_one_visitor_who_gave_too_many_the_newest_are_learned_from(
    settings: Settings,
) -> None:
    settings.RETRAIN_VISITOR_LABELS, now = 3, timezone.now()
    store(3, 2, visitor=(visitor := uuid.uuid4()), created_at=now - timedelta(days=1))
    store(7, 3, visitor=visitor)
    others = [uuid.uuid4() for _ in range(4)]
    for other in others:
        store(3, visitor=other)
    selected = select()
    assert sorted(selected.digits.groups) == sorted(map(str, [visitor] * 3 + others))
    assert set(selected.digits.labels[selected.digits.groups == str(visitor)]) == {7}
    assert selected.left_out == service.LeftOut(beyond_share=2)
    assert selected.notices == (
        "2 labels are left out: beyond the share of one visitor. "
        "What is approved in the admin is always learned from.",
    )


def test_the_share_grows_with_what_others_gave(settings: Settings) -> None:
    settings.RETRAIN_VISITOR_LABELS, settings.RETRAIN_VISITOR_SHARE = 1, 0.5
    store(7, 9, visitor=uuid.uuid4())
    for _ in range(6):
        store(3, visitor=uuid.uuid4())
    assert select().left_out.beyond_share == 6


def test_all_who_have_no_cookie_share_the_room_of_one_visitor(settings: Settings) -> None:
    settings.RETRAIN_VISITOR_LABELS = 3
    store(7, 5)
    assert select().left_out.beyond_share == 2


def test_visitors_of_few_labels_from_one_network_share_the_room_of_one(
    settings: Settings,
) -> None:
    settings.RETRAIN_VISITOR_LABELS = 20
    for _ in range(30):
        store(1, visitor=uuid.uuid4(), network="theirs", shape=1)
    store(1, 3, network="theirs")  # without a cookie
    store(7, 5, visitor=uuid.uuid4(), network="another")
    selected = select()
    assert Counter(selected.digits.groups.tolist()) == {"theirs": 20, "another": 5}
    assert selected.left_out == service.LeftOut(beyond_share=13)


@pytest.mark.parametrize(("labels_each", "hands", "learned"), [(5, 1, 100), (10, 30, 300)])
def test_a_class_behind_one_router_teaches(labels_each: int, hands: int, learned: int) -> None:
    for _ in range(30):
        store(7, labels_each, visitor=uuid.uuid4(), network="school")
    selected = select()
    assert len(set(selected.digits.groups)) == hands
    assert len(selected.digits) == learned


def test_a_visitor_of_few_labels_is_one_hand_on_every_network() -> None:
    visitor = uuid.uuid4()
    for network in ("", "home", "train"):
        store(7, visitor=visitor, network=network)
    assert len(set(select().digits.groups)) == 1


def test_a_drawing_from_before_networks_were_kept_is_its_visitors() -> None:
    store(7, visitor=(visitor := uuid.uuid4()))
    assert select().digits.groups.tolist() == [str(visitor)]


def test_labels_that_wait_are_left_out_and_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    def several_agree(
        pipeline: Any,
        digits: LabeledDigits,
        is_approved: NDArray[np.bool_],
        is_settled: Any,
        jobs: int,
    ) -> LabelCheck:
        found = check_by_shape(pipeline, digits, is_approved, is_settled, jobs)
        return replace(found, suspicious=found.waiting, waiting=found.suspicious)

    monkeypatch.setattr(service, "check_labels", several_agree)
    store(7, 3)
    wrong = store(1, 2, shape=7)
    selected = select()
    assert selected.digits.labels.tolist() == [7, 7, 7]
    assert selected.left_out == service.LeftOut(waiting=2)
    assert selected.notices == (
        "2 labels wait for a reviewer: several agree in what the model finds impossible, a new "
        "style or an attack. Approve or reject in the admin: drawings, by review, suspicious "
        "answers.",
    )
    marked = set(Drawing.objects.suspicious().values_list("pk", "suspected_digit"))
    assert marked == {(drawing.pk, 7) for drawing in wrong}


def test_what_is_approved_is_learned_from_beyond_the_share(settings: Settings) -> None:
    settings.RETRAIN_VISITOR_LABELS, visitor = 2, uuid.uuid4()
    store(7, 5, visitor=visitor, **approved())
    store(7, 3, visitor=visitor)
    selected = select()
    assert len(selected.digits) == 7
    assert selected.left_out == service.LeftOut(beyond_share=1)


def test_the_check_hears_hands_and_approvals(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[list[str], list[bool]]] = []

    def listening(
        pipeline: Any,
        digits: LabeledDigits,
        is_approved: NDArray[np.bool_],
        is_settled: Any,
        jobs: int,
    ) -> LabelCheck:
        seen.append((digits.groups.tolist(), is_approved.tolist()))
        return check_by_shape(pipeline, digits, is_approved, is_settled, jobs)

    monkeypatch.setattr(service, "check_labels", listening)
    visitor = uuid.uuid4()
    store(7, visitor=visitor, created_at=timezone.now() - timedelta(days=1))
    store(7, **approved())
    select()
    assert seen == [([str(visitor), ""], [False, True])]


def test_a_mark_without_a_label_is_refused_by_the_database() -> None:
    (drawing,) = store(7)
    with pytest.raises(IntegrityError), transaction.atomic():
        Drawing.objects.filter(pk=drawing.pk).update(
            label=None,
            feedback_at=None,
            suspicious_at=timezone.now(),
            suspected_digit=3,
            suspected_share=0.9,
        )
