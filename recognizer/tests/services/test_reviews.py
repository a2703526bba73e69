"""Decisions of reviewers: what they change, what they leave in the history, and their undoing."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.db.models import QuerySet
from django.utils import timezone

from recognizer.models import Decision, Drawing
from recognizer.services import waiting
from recognizer.services.drawings import recognition, reviews
from recognizer.tests.conftest import make_member
from recognizer.tests.kit.small_training import answered

Review = Drawing.Review
CHANGED = "It was changed since"


@pytest.fixture
def reviewer(model: Any) -> User:
    return make_member("Reviewer")


def states() -> list[tuple[Any, ...]]:
    """Return all that a decision may change, of each drawing."""
    return list(Drawing.objects.order_by("pk").values_list(*reviews.STATE))


def history() -> list[tuple[Any, ...]]:
    fields = ("old_label", "new_label", "old_review", "new_review", "reviewer__username")
    return list(Decision.objects.values_list(*fields))


@pytest.mark.parametrize("review", list(Review))
@pytest.mark.parametrize("label", [reviews.KEPT, None, 3])
@pytest.mark.parametrize("before", [{"label": 7, "review": "rejected"}, {"label": None}])
def test_an_undone_decision_leaves_all_as_it_was(
    reviewer: User, before: dict[str, Any], label: int | None, review: Review
) -> None:
    answered(7, count=2)
    reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    reviews.decide(Drawing.objects.all(), reviewer, **({"review": "unreviewed"} | before))
    was = states()

    decided = reviews.decide(Drawing.objects.all(), reviewer, review, label=label)

    assert (states() != was) == bool(decided.count)
    if decided.count:
        assert reviews.undo(decided.group, reviewer) == reviews.Undone(2, 0)
    assert states() == was


def test_the_mark_of_the_label_check_comes_back_with_an_undo(reviewer: User) -> None:
    answered(7)
    mark = {"suspicious_at": timezone.now(), "suspected_digit": 1, "suspected_share": 0.9}
    Drawing.objects.update(**mark)
    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.REJECTED)
    assert not Drawing.objects.suspicious().exists()

    reviews.undo(decided.group, reviewer)

    assert Drawing.objects.values(*mark).get() == mark


def test_relabeling_approves_and_stands_in_the_history_with_old_and_new(reviewer: User) -> None:
    answered(7)

    reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED, label=2)

    drawing = Drawing.objects.get()
    assert (drawing.label, drawing.review, drawing.reviewer) == (2, "approved", reviewer)
    assert history() == [(7, 2, "unreviewed", "approved", reviewer.username)]


def test_a_drawing_without_a_label_is_not_approved(reviewer: User) -> None:
    answered(7, count=2)
    Drawing.objects.filter(pk=Drawing.objects.first().pk).update(label=None, feedback_at=None)  # type: ignore[union-attr]

    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)

    assert (decided.count, decided.unlabeled) == (1, 1)


def test_what_is_decided_already_gets_no_second_entry(reviewer: User) -> None:
    answered(7)
    reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)

    again = reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)

    assert again.count == 0
    assert len(history()) == 1


def test_many_are_decided_and_undone_in_chunks(
    reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recognizer.services.chunks.CHUNK", 2)
    answered(7, count=5)

    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.REJECTED)

    assert decided.count == Drawing.objects.filter(review="rejected").count() == 5
    assert reviews.undo(decided.group, reviewer).count == 5
    assert Drawing.objects.unreviewed().count() == 5


@pytest.mark.parametrize("change", ["visitor", "reviewer", "back and forth"])
def test_what_was_changed_since_is_not_undone(reviewer: User, change: str) -> None:
    (drawing,) = answered(7)
    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    if change == "visitor":
        recognition.give_feedback(drawing, label=1)
    elif change == "reviewer":
        reviews.decide(Drawing.objects.all(), reviewer, Review.REJECTED)
    else:
        reviews.decide(Drawing.objects.all(), reviewer, Review.REJECTED)
        reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    was = states()

    with pytest.raises(reviews.CannotUndo, match=CHANGED):
        reviews.undo(decided.group, reviewer)

    assert states() == was


def test_of_a_group_only_the_changed_ones_stay(reviewer: User) -> None:
    drawings = answered(7, count=3)
    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    recognition.give_feedback(drawings[0], label=1)

    assert reviews.undo(decided.group, reviewer) == reviews.Undone(count=2, changed=1)


def test_a_decision_is_undone_once(reviewer: User) -> None:
    answered(7)
    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    reviews.undo(decided.group, reviewer)

    with pytest.raises(reviews.CannotUndo, match="undone already"):
        reviews.undo(decided.group, reviewer)


def test_an_undo_does_not_bring_back_an_account_that_was_deleted(reviewer: User) -> None:
    answered(7)
    gone = make_member("Reviewer")
    reviews.decide(Drawing.objects.all(), gone, Review.REJECTED)
    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    gone.delete()

    reviews.undo(decided.group, reviewer)

    drawing = Drawing.objects.get()
    assert (drawing.review, drawing.reviewer) == ("rejected", None)


def test_what_a_reviewer_did_not_see_is_not_decided(reviewer: User) -> None:
    answered(7)
    seen = Drawing.objects.unreviewed()
    reviews.decide(Drawing.objects.all(), reviewer, Review.REJECTED)

    assert reviews.decide(seen, reviewer, Review.APPROVED).count == 0


def test_decisions_go_with_their_drawing(reviewer: User) -> None:
    answered(7)
    reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    assert sum(recognition.delete_in_chunks(Drawing.objects.all())) == 1
    assert not Decision.objects.exists()


def delete_as_the_version_before(rows: QuerySet[Any]) -> None:
    """Delete rows by a version that does not know the tables of reviewers."""
    rows._raw_delete(rows.db)
    connection.check_constraints()


def test_the_version_before_deletes_what_was_decided_and_who_decided(reviewer: User) -> None:
    answered(7, count=2)
    waiting.take_next(reviewer, waiting.ANSWERS, 2)
    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.REJECTED)
    reviews.undo(decided.group, reviewer)
    reviewer.groups.clear()
    reviewer.user_permissions.clear()

    delete_as_the_version_before(Drawing.objects.all())
    delete_as_the_version_before(User.objects.all())

    decision = Decision.objects.select_related("reviewer", "undone_by").first()
    assert decision
    assert (decision.reviewer, decision.undone_by) == (None, None)


def test_an_undo_leaves_out_a_drawing_that_the_version_before_deleted(reviewer: User) -> None:
    gone, _ = answered(7, count=2)
    decided = reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    delete_as_the_version_before(Drawing.objects.filter(pk=gone.pk))

    assert reviews.undo(decided.group, reviewer) == reviews.Undone(count=1, changed=0)
    with pytest.raises(reviews.CannotUndo, match="its drawings are deleted"):
        reviews.undo(decided.group, reviewer)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite writes one at a time")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_undo", [False, True], ids=["decide", "undo"])
def test_a_deletion_waits_for_a_decision_and_takes_it_along(
    bundle: Any, reviewer: User, monkeypatch: pytest.MonkeyPatch, *, is_undo: bool
) -> None:
    (drawing,) = answered(7)
    if is_undo:
        group = reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED).group
    written, faults = threading.Event(), []
    now = timezone.now

    def linger() -> Any:
        written.set()
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with connection.cursor() as cursor:
            while not cursor.execute(waits).fetchone()[0] and deletion.is_alive():
                pass
        return now()

    def delete() -> None:
        written.wait()
        try:
            recognition.delete_drawing(drawing)
        except Exception as fault:
            faults.append(fault)
        connections.close_all()

    deletion = threading.Thread(target=delete)
    deletion.start()
    monkeypatch.setattr(timezone, "now", linger)
    if is_undo:
        reviews.undo(group, reviewer)
    else:
        reviews.decide(Drawing.objects.all(), reviewer, Review.APPROVED)
    deletion.join()

    assert faults == []
    assert not Drawing.objects.exists()
    assert not Decision.objects.exists()
