"""The drawings that a model learns from, and the labels that wait for a reviewer instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from numpy.typing import NDArray

from ml.labeled.digits import LabeledDigits
from ml.training.label_check import LabelCheck, check_labels
from recognizer.models import CANONICAL_BYTES, UNSUSPICIOUS, Drawing
from recognizer.services.chunks import in_chunks
from recognizer.services.stored_digits import Hands, Row, StoredDigits, as_stored_digits

_REVIEW = "Approve or reject in the admin: drawings, by review, suspicious answers."


@dataclass(frozen=True)
class LeftOut:
    """Counts of the labels that a retraining leaves out, by reason."""

    corrupt: int = 0
    unreviewed: int = 0
    beyond_share: int = 0
    suspicious: int = 0
    waiting: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each reason, with how such labels get in."""
        if self.unreviewed:
            yield f"{_labels(self.unreviewed)} left out: not approved by a reviewer yet."
        if self.beyond_share:
            yield (
                f"{_labels(self.beyond_share)} left out: beyond the share of one visitor. "
                "What is approved in the admin is always learned from."
            )
        if self.suspicious:
            yield (
                f"{_labels(self.suspicious)} left out as suspicious: contradicted by what others "
                f"drew. {_REVIEW}"
            )
        if self.waiting:
            noun = "label waits" if self.waiting == 1 else "labels wait"
            yield (
                f"{self.waiting:,} {noun} for a reviewer: several agree in what the "
                f"model finds impossible, a new style or an attack. {_REVIEW}"
            )


@dataclass(frozen=True)
class Corrections:
    """What a retraining learns from, and what it leaves out."""

    stored: StoredDigits
    left_out: LeftOut
    notices: tuple[str, ...]

    @property
    def digits(self) -> LabeledDigits:
        return self.stored.digits


@dataclass(frozen=True)
class _Archive:
    """The labels that may train, oldest first, without corrupt and surplus ones."""

    stored: StoredDigits
    hands: NDArray[np.str_]
    approved: NDArray[np.bool_]
    settled: NDArray[np.bool_]
    """Approved by an import, or although they were marked."""
    faults: tuple[str, ...]
    surplus: int


def select_corrections(
    pipeline: Any, *, reviewed_only: bool, mark: bool = True, jobs: int = 1
) -> Corrections:
    """Choose what a retraining learns from.

    One hand's share is limited first, and what is left is checked for labels that the others
    contradict, or that contradict what is sure. These are marked and wait for a reviewer; a mark
    that the check no longer finds is removed. Approved labels are always learned from; those that
    all contradict are marked as well, until a reviewer approves them again.
    """
    archive = _read_archive(reviewed_only=reviewed_only)
    by_hand = replace(archive.stored.digits, groups=archive.hands)
    check = check_labels(pipeline, by_hand, archive.approved, archive.settled, jobs=jobs)
    if mark:
        _mark(archive, check)
    left_out = LeftOut(
        corrupt=len(archive.faults),
        unreviewed=Drawing.objects.unreviewed().count() if reviewed_only else 0,
        beyond_share=archive.surplus,
        suspicious=int(check.suspicious.sum()),
        waiting=int(check.waiting.sum()),
    )
    stored = archive.stored.select(~(check.suspicious | check.waiting))
    return Corrections(stored, left_out, (*archive.faults, *left_out.sentences()))


def _read_archive(*, reviewed_only: bool) -> _Archive:
    """Read the canonical digits that may train; name those that are corrupt."""
    hands = Hands()
    room = _room_of_hands(hands)
    givers, approved, settled, faults, surplus = [], bytearray(), bytearray(), [], 0

    def choose() -> Iterator[Row]:
        nonlocal surplus
        # From the newest back, so that the newest are kept of a hand that gave too many.
        drawings = Drawing.objects.trainable(reviewed_only=reviewed_only)
        rows = drawings.order_by("-created_at", "-id").values_list(
            "pk", "visitor", "network", "review", "source", "confirmed", "label", "canonical"
        )
        for pk, visitor, network, review, source, confirmed, label, canonical in rows.iterator():
            is_approved = review == Drawing.Review.APPROVED
            hand = hands.name(visitor, network)
            if not is_approved and not room.setdefault(hand, settings.RETRAIN_VISITOR_LABELS):
                surplus += 1
            elif fault := _fault_of(bytes(canonical)):
                faults.append(f"Drawing {pk} is left out: {fault}")
            else:
                if not is_approved:
                    room[hand] -= 1
                givers.append(hand)
                approved.append(is_approved)
                is_import = source == Drawing.Source.IMPORT
                settled.append(is_approved and (is_import or confirmed))
                yield pk, hand or str(pk), label, canonical

    stored = as_stored_digits(choose())
    return _Archive(
        stored.select(np.arange(len(stored))[::-1]),
        np.array(givers[::-1], np.str_),
        np.frombuffer(approved, np.bool_)[::-1],
        np.frombuffer(settled, np.bool_)[::-1],
        tuple(faults[::-1]),
        surplus,
    )


def _room_of_hands(hands: Hands) -> dict[str, int]:
    """Return how many unreviewed labels of each hand may train.

    Unknown hands share the room of one, as they cannot be told apart.
    """
    waiting = Drawing.objects.unreviewed().order_by()
    given: Counter[str] = Counter()
    for visitor, network, count in waiting.values_list("visitor", "network").annotate(Count("pk")):
        given[hands.name(visitor, network)] += count
    total = Drawing.objects.trainable().count()
    share = settings.RETRAIN_VISITOR_SHARE
    return {
        hand: max(settings.RETRAIN_VISITOR_LABELS, int(share * (total - own)))
        for hand, own in given.items()
    }


def _mark(archive: _Archive, check: LabelCheck) -> None:
    """Store the outcome of the check, except where a reviewer has decided meanwhile."""
    ids = archive.stored.ids
    suspicious = {
        ids[index]: (
            bool(archive.approved[index]),
            int(archive.stored.digits.labels[index]),
            int(check.digits[index]),
            float(check.shares[index]),
        )
        for index in np.flatnonzero(check.suspicious | check.waiting | check.doubted)
    }
    checked = set(ids)
    marked = Drawing.objects.suspicious().order_by()
    gone = [
        pk for pk in marked.values_list("pk", flat=True) if pk in checked and pk not in suspicious
    ]
    for chunk in in_chunks(gone):
        marked.filter(pk__in=chunk).update(**UNSUSPICIOUS)
    now = timezone.now()
    for chunk in in_chunks(suspicious):
        with transaction.atomic():
            drawings = []
            for drawing in (
                Drawing.objects.filter(pk__in=chunk, confirmed=False)
                .exclude(review=Drawing.Review.REJECTED)
                .order_by()
                .select_for_update()
                .only("label", "review", *UNSUSPICIOUS)
            ):
                was_approved, label, digit, share = suspicious[drawing.pk]
                is_approved = drawing.review == Drawing.Review.APPROVED
                if (is_approved, drawing.label) != (was_approved, label):
                    continue
                drawing.suspicious_at = drawing.suspicious_at or now
                drawing.suspected_digit = digit
                drawing.suspected_share = min(share, 1.0)
                drawings.append(drawing)
            Drawing.objects.bulk_update(drawings, list(UNSUSPICIOUS))


def _fault_of(canonical: bytes) -> str | None:
    """Return what is wrong with stored pixels, if anything is."""
    if len(canonical) != CANONICAL_BYTES:
        return f"it has {len(canonical)} bytes of pixels instead of {CANONICAL_BYTES}."
    digit = np.frombuffer(canonical, np.uint8).reshape(28, 28)
    if not digit.any():
        return "its pixels are blank."
    # The ink of a canonical digit is a box of 20 px; bytes that were overwritten fill it all.
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    if max(np.ptp(rows), np.ptp(columns)) >= 24:
        return "its pixels are not a canonical digit."
    return None


def _labels(count: int) -> str:
    return "1 label is" if count == 1 else f"{count:,} labels are"
