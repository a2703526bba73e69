"""Decisions of reviewers about drawings: taken, kept as the drawings' history, and undone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from recognizer.models import UNSUSPICIOUS, Decision, Drawing, DrawingQuerySet
from recognizer.services.chunks import in_chunks
from recognizer.services.errors import ServiceError
from recognizer.services.retraining.schedule import enqueue_if_due

KEPT: Final = -1
"""The label of a decision that leaves each drawing's label as it is."""
TIMES = ("feedback_at", "reviewed_at", "suspicious_at")
OTHERS = ("reviewer_id", "suspected_digit", "suspected_share", "confirmed")
STATE = ("label", "review", *TIMES, *OTHERS)
"""What a decision changes, and an undo restores."""


class CannotUndo(ServiceError):
    """The decision is undone already, or the drawing has changed since."""


@dataclass(frozen=True)
class Decided:
    """How many drawings a decision changed; `group` undoes them."""

    group: uuid.UUID
    count: int
    unlabeled: int
    """Drawings that were to be approved, but have no label."""


@dataclass(frozen=True)
class Undone:
    """How many drawings are as before, and how many stay: they have changed since."""

    count: int
    changed: int


def seal(label: int | None, canonical: bytes) -> str:
    """Return a text that stands for what a page shows of a drawing: its label and its ink."""
    return f"{label}:{blake2b(canonical, digest_size=8).hexdigest()}"


def as_seen(
    drawings: DrawingQuerySet, reviewer: User, seals: Mapping[uuid.UUID, str]
) -> DrawingQuerySet:
    """Return those that are as a page showed them, by their seals, and still are under a lock.

    A label that the reviewer gave since is known to them.
    """
    own = Decision.objects.filter(drawing__in=seals, reviewer=reviewer, undone_at=None)
    given = set(own.order_by().values_list("drawing_id", "new_label"))
    by_label: dict[int | None, dict[uuid.UUID, bytes]] = {}
    rows = drawings.filter(pk__in=seals).order_by().values_list("pk", "label", "canonical")
    for pk, label, pixels in rows:
        shown, seen = seals[pk], seal(label, bytes(pixels))
        is_own = (pk, label) in given and shown.partition(":")[2] == seen.partition(":")[2]
        if shown == seen or is_own:
            by_label.setdefault(label, {})[pk] = bytes(pixels)
    same = Q(pk__in=[])
    for label, found in by_label.items():
        # Ink can change as long as there is no answer.
        ink = Q(canonical__in=set(found.values())) if label is None else Q()
        same |= Q(ink, pk__in=list(found), label=label)
    return drawings.filter(same)


def decide(
    drawings: DrawingQuerySet, reviewer: User, review: str, *, label: int | None = KEPT
) -> Decided:
    """Set the review of drawings, and their label unless it is kept.

    A reviewer's own label counts as approved, unless the drawing is rejected. What is as decided
    already stays untouched. The drawings are filtered again under the lock, so that `drawings` may
    name the state that the reviewer saw.
    """
    group, count, unlabeled = uuid.uuid4(), 0, 0
    for ids in in_chunks(list(drawings.order_by().values_list("pk", flat=True))):
        with transaction.atomic():
            # In one order for all, so that no two wait for each other.
            locked = drawings.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
            decisions = []
            for drawing in locked.only(*STATE):
                decision = _judge(drawing, review, drawing.label if label == KEPT else label)
                if decision.new_review == Drawing.Review.APPROVED and decision.new_label is None:
                    unlabeled += 1
                elif _is_change(decision):
                    decision.group, decision.reviewer = group, reviewer
                    decisions.append(decision)
            now = timezone.now()
            for (new_label, new_review, relabels, confirms), same in _group(decisions):
                values = _values(new_label, new_review, reviewer.pk, now, relabels=relabels)
                Drawing.objects.filter(pk__in=same).update(**values, confirmed=confirms)
            for decision in decisions:
                decision.decided_at = now
            Decision.objects.bulk_create(decisions)
        count += len(decisions)
    if count and review != Drawing.Review.REJECTED:
        enqueue_if_due()
    return Decided(group, count, unlabeled)


def undo(group: uuid.UUID, reviewer: User) -> Undone:
    """Restore the drawings that were decided together; those that have changed since stay."""
    standing = Decision.objects.filter(group=group, undone_at=None)
    count = changed = 0
    for ids in in_chunks(list(standing.order_by().values_list("pk", flat=True))):
        with transaction.atomic():
            # First the drawings, as whoever decides or deletes does.
            wanted = list(standing.filter(pk__in=ids).values_list("drawing", flat=True))
            locked = Drawing.objects.filter(pk__in=wanted).order_by("pk").select_for_update()
            drawings = {drawing.pk: drawing for drawing in locked.only(*STATE)}
            decisions = list(standing.filter(pk__in=ids, drawing__in=drawings).order_by())
            unchanged = [one for one in decisions if _is_unchanged(drawings[one.drawing_id], one)]
            reviewers = {one.before["reviewer_id"] for one in unchanged} - {None}
            known = set(User.objects.filter(pk__in=reviewers).values_list("pk", flat=True))
            same: dict[tuple[tuple[str, Any], ...], list[uuid.UUID]] = {}
            for decision in unchanged:
                drawing = drawings[decision.drawing_id]
                _restore(drawing, decision, known)
                relabels = decision.old_label != decision.new_label
                names = STATE if relabels else tuple(set(STATE) - {"label", "feedback_at"})
                values = tuple((name, getattr(drawing, name)) for name in names)
                same.setdefault(values, []).append(drawing.pk)
            # Most get the same values back, which one statement writes.
            for values, pks in same.items():
                Drawing.objects.filter(pk__in=pks).update(**dict(values))
            undone = Decision.objects.filter(pk__in=[one.pk for one in unchanged])
            undone.update(undone_at=timezone.now(), undone_by=reviewer)
        count += len(unchanged)
        changed += len(decisions) - len(unchanged)
    if not count:
        raise CannotUndo(
            "It was changed since, by its visitor or another reviewer: it stays as it is."
            if changed
            else "This decision is undone already, or its drawings are deleted."
        )
    return Undone(count, changed)


def _judge(drawing: Drawing, review: str, label: int | None) -> Decision:
    """Return the decision about one drawing, which may be none."""
    if label != drawing.label and review != Drawing.Review.REJECTED:
        review = Drawing.Review.UNREVIEWED if label is None else Drawing.Review.APPROVED
    times = {name: getattr(drawing, name) for name in TIMES}
    return Decision(
        drawing=drawing,
        old_label=drawing.label,
        new_label=label,
        old_review=drawing.review,
        new_review=review,
        before={name: time and time.isoformat() for name, time in times.items()}
        | {name: getattr(drawing, name) for name in OTHERS},
    )


def _is_change(decision: Decision) -> bool:
    changes = (decision.old_label, decision.old_review) != (decision.new_label, decision.new_review)
    return changes or _confirms(decision)


def _confirms(decision: Decision) -> bool:
    """Check whether a reviewer approves a label though the label check has marked it."""
    is_kept = decision.old_label == decision.new_label
    is_marked = decision.before["suspicious_at"] is not None
    return is_marked and is_kept and decision.new_review == Drawing.Review.APPROVED


def _group(
    decisions: list[Decision],
) -> Iterator[tuple[tuple[int | None, str, bool, bool], list[Any]]]:
    """Yield the ids of drawings that get the same values, with these."""
    groups: dict[tuple[int | None, str, bool, bool], list[Any]] = {}
    for one in decisions:
        relabels = one.old_label != one.new_label
        key = (one.new_label if relabels else None, one.new_review, relabels, _confirms(one))
        groups.setdefault(key, []).append(one.drawing_id)
    yield from groups.items()


def _values(
    label: int | None, review: str, reviewer: int, now: datetime, *, relabels: bool
) -> dict[str, Any]:
    is_reviewed = review != Drawing.Review.UNREVIEWED
    values: dict[str, Any] = {
        **UNSUSPICIOUS,
        "review": review,
        "reviewer_id": reviewer if is_reviewed else None,
        "reviewed_at": now if is_reviewed else None,
    }
    if relabels:
        values |= {"label": label, "feedback_at": None if label is None else now}
    return values


def _is_unchanged(drawing: Drawing, decision: Decision) -> bool:
    """Check that nobody changed label or review after the decision, not even back and forth."""
    is_reviewed = decision.new_review != Drawing.Review.UNREVIEWED
    answered_at: datetime | None = _time(decision, "feedback_at")
    if decision.old_label != decision.new_label:
        answered_at = None if decision.new_label is None else decision.decided_at
    return (drawing.label, drawing.review, drawing.reviewed_at, drawing.feedback_at) == (
        decision.new_label,
        decision.new_review,
        decision.decided_at if is_reviewed else None,
        answered_at,
    )


def _restore(drawing: Drawing, decision: Decision, reviewers: set[int]) -> None:
    drawing.label, drawing.review = decision.old_label, decision.old_review
    for name in TIMES:
        setattr(drawing, name, _time(decision, name))
    for name in OTHERS:
        setattr(drawing, name, decision.before[name])
    if drawing.reviewer_id not in reviewers:  # an account that was deleted meanwhile
        drawing.reviewer_id = None


def _time(decision: Decision, name: str) -> datetime | None:
    text = decision.before[name]
    return None if text is None else datetime.fromisoformat(text)
