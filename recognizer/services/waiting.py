"""The drawings that wait for a reviewer: in which order, and who has which on the desk."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from ml.drawing.canonical import CANONICAL_SIZE
from ml.neighbors import direction_of
from recognizer.models import UNSURE_BELOW, Decision, Drawing, DrawingQuerySet, Lease

LEASE = timedelta(minutes=2)
WINDOW = 48
"""Drawings among which the next few are chosen."""
SURE = 0.9
"""Confidence from which a model that contradicts a label is heard before the unsure ones."""
APART = 3
"""Neighbors on each side in the queue that a drawing must differ from."""
ALIKE = 0.95
"""Cosine of two canonical digits from which one is a near-copy of the other."""
MOST_COUNTED = {"answers": 10_001, "unsure": 1_001}
"""Drawings up to which a queue is counted: of the unsure ones, rows are read."""
MOST_OF_HAND = 60
PACE_OF = 20
"""Last decisions that tell how long one takes."""


@dataclass(frozen=True)
class Queue:
    """A queue by its name in addresses: its order as parts of it, and how many wait."""

    name: str

    def parts(self, *, apart: bool = False) -> Iterator[QuerySet[Drawing]]:
        """Yield what comes first, next, and so on.

        A drawing may be in several parts, unless they are kept apart.
        """
        if self.name == "unsure":
            yield Drawing.objects.unsure().order_by("confidence", "id")
            return
        waiting = Drawing.objects.unreviewed()
        # With approved ones that all contradict: a reviewer sees them once more.
        suspicious = Drawing.objects.order_by("-created_at", "-id")
        contradicted = waiting.order_by("-confidence", "-id")
        least_sure = waiting.order_by("confidence", "id")
        earlier: list[Q] = []
        for rows, condition in (
            (suspicious, Q(suspicious_at__isnull=False)),
            (contradicted, ~Q(label=F("answer")) & Q(confidence__gte=SURE)),
            (least_sure, Q(confidence__lt=UNSURE_BELOW)),
            (least_sure, Q(strangeness__range=(0.2, 0.8))),
            (least_sure, Q()),
        ):
            yield rows.filter(condition, *(~one for one in earlier if apart))
            earlier.append(condition)

    def count(self) -> int:
        """Count what waits, but no more than `MOST_COUNTED`."""
        most = MOST_COUNTED[self.name]
        if self.name == "unsure":
            return Drawing.objects.unsure().order_by("confidence", "id")[:most].count()
        again = Drawing.objects.suspicious().exclude(review=Drawing.Review.UNREVIEWED)
        # Both in the order of an index, which has what they are narrowed by.
        return min(Drawing.objects.unreviewed()[:most].count() + again[:most].count(), most)


ANSWERS, UNSURE = Queue("answers"), Queue("unsure")
QUEUES = {queue.name: queue for queue in (ANSWERS, UNSURE)}


@dataclass(frozen=True)
class Progress:
    """How far a reviewer is since they sat down."""

    done: int
    left: int
    seconds_each: float | None
    """Median time from one decision to the next; what is decided together is one."""


@dataclass(frozen=True, eq=False)
class _Candidate:
    id: uuid.UUID
    visitor: uuid.UUID | None
    direction: Any

    def is_like(self, other: _Candidate) -> bool:
        same_hand = self.visitor is not None and self.visitor == other.visitor
        return same_hand or float(self.direction @ other.direction) > ALIKE


def take_next(
    reviewer: User,
    queue: Queue,
    count: int,
    *,
    held: Sequence[uuid.UUID] = (),
    skipped: Collection[uuid.UUID] = (),
) -> list[Drawing]:
    """Lease a reviewer the next drawings, and again those that they hold.

    Those that follow each other are not near-copies, as far as the queue allows.
    """
    Lease.objects.filter(ends__lte=timezone.now()).delete()
    leased = Lease.objects.exclude(reviewer=reviewer).values_list("drawing_id", flat=True)
    others = {*leased, *held, *skipped}
    rows = _window(queue, others)
    last = Drawing.objects.filter(pk__in=held[-APART:]).values_list("pk", "visitor", "canonical")
    by_id = {candidate.id: candidate for candidate in _candidates([*rows, *last])}
    before = [by_id[pk] for pk in held[-APART:] if pk in by_id]
    chosen = _keep_apart(before, [by_id[pk] for pk, *_ in rows], count)
    ids = [candidate.id for candidate in chosen]
    own = lease(reviewer, [*held, *ids])
    drawings = Drawing.objects.filter(pk__in=own & set(ids)).defer("strokes").in_bulk()
    return [drawings[pk] for pk in ids if pk in drawings]


def lease(reviewer: User, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Lease drawings to a reviewer; return the ids of those that no other reviewer has.

    Each row is inserted or not, so that of two who ask at the same moment one gets the drawing.
    """
    ends = timezone.now() + LEASE
    # In one order for all, so that no two wait for each other.
    new = [Lease(drawing_id=pk, reviewer=reviewer, ends=ends) for pk in sorted(ids)]
    Lease.objects.bulk_create(new, ignore_conflicts=True)
    renew(reviewer, ids)
    own = Lease.objects.filter(reviewer=reviewer, drawing__in=ids)
    return set(own.values_list("drawing_id", flat=True))


def renew(reviewer: User, ids: Sequence[uuid.UUID]) -> None:
    """Prolong the leases of what still lies on the desk; all others end by themselves."""
    own = Lease.objects.filter(reviewer=reviewer, drawing__in=ids)
    own.update(ends=timezone.now() + LEASE)


def release(reviewer: User, drawing: uuid.UUID | None = None) -> None:
    """End the lease of one drawing, or all of a reviewer."""
    own = Lease.objects.filter(reviewer=reviewer)
    (own if drawing is None else own.filter(drawing=drawing)).delete()


def of_others(reviewer: User) -> QuerySet[Lease]:
    """Return the leases of what lies on other reviewers' desks."""
    return Lease.objects.filter(ends__gt=timezone.now()).exclude(reviewer=reviewer)


def decidable(drawing: uuid.UUID, reviewer: User) -> DrawingQuerySet:
    """Return the drawing, unless another reviewer has decided about it or has it on the desk."""
    undecided = Q(review=Drawing.Review.UNREVIEWED) | Q(suspicious_at__isnull=False)
    own = Drawing.objects.filter(undecided | Q(reviewer=reviewer), pk=drawing)
    return own.exclude(pk__in=of_others(reviewer).values("drawing"))


def others_of_hand(drawing: Drawing) -> DrawingQuerySet:
    """Return the newest drawings of the same visitor that wait for a review."""
    waiting = Drawing.objects.unreviewed().exclude(pk=drawing.pk)
    same = waiting.filter(visitor=drawing.visitor) if drawing.visitor else waiting.none()
    return same.order_by("-created_at", "-id")[:MOST_OF_HAND]


def measure_progress(reviewer: User, since: datetime, queue: Queue) -> Progress:
    """Count what a reviewer has decided since a moment, and what is left for all."""
    own = Decision.objects.filter(reviewer=reviewer, decided_at__gte=since, undone_at=None)
    groups = own.order_by().values("group").annotate(at=Max("decided_at"))
    times = groups.order_by("-at").values_list("at", flat=True)[:PACE_OF]
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(times)]
    return Progress(own.count(), queue.count(), median(gaps) if gaps else None)


def _window(queue: Queue, others: set[uuid.UUID]) -> list[Any]:
    """Return id, visitor and pixels of the first that wait, the closest calls of a part first."""
    found: dict[uuid.UUID, Any] = {}
    for part in queue.parts():
        rows = part.exclude(pk__in=others | found.keys())
        fields = ("pk", "visitor", "canonical", "confidence", "probabilities")
        new = list(rows.values_list(*fields)[: WINDOW - len(found)])
        if part.query.order_by[0] == "confidence":
            new.sort(key=lambda row: row[3] - sorted(row[4])[-2])
        found |= {row[0]: row[:3] for row in new}
        if len(found) >= WINDOW:
            break
    return list(found.values())


def _candidates(drawings: list[Any]) -> list[_Candidate]:
    if not drawings:
        return []
    ids, visitors, canonicals = zip(*drawings, strict=True)
    pixels = np.frombuffer(b"".join(map(bytes, canonicals)), np.uint8)
    rows = pixels.reshape(-1, CANONICAL_SIZE**2).astype(np.float32)
    return list(map(_Candidate, ids, visitors, direction_of(rows)))


def _keep_apart(
    before: list[_Candidate], waiting: list[_Candidate], count: int
) -> list[_Candidate]:
    """Choose the next ones; one that is like those just before it waits, if another can come."""
    chosen = list(before)
    waiting = list(waiting)
    while waiting and len(chosen) < len(before) + count:
        near = chosen[-APART:]
        place = next(
            (
                place
                for place, one in enumerate(waiting)
                if not any(one.is_like(other) for other in near)
            ),
            0,
        )
        chosen.append(waiting.pop(place))
    return chosen[len(before) :]
