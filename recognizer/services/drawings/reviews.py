"""Decisions of reviewers about drawings."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from recognizer.models import UNSUSPICIOUS, Drawing, DrawingQuerySet
from recognizer.services.retraining.schedule import enqueue_if_due


def approve_drawings(drawings: DrawingQuerySet, reviewer: User) -> int:
    """Approve the labels of drawings; those without a label are left out."""
    count = _decide(drawings.labeled(), Drawing.Review.APPROVED, reviewer)
    enqueue_if_due()
    return count


def reject_drawings(drawings: DrawingQuerySet, reviewer: User) -> int:
    """Reject drawings: no model learns from them."""
    return _decide(drawings, Drawing.Review.REJECTED, reviewer)


def review_drawing(drawing: Drawing, *, label: int | None, review: str, reviewer: User) -> Drawing:
    """Set label and review of one drawing; a reviewer's own label counts as approved."""
    with transaction.atomic():
        stored = Drawing.objects.without_blobs().select_for_update().get(pk=drawing.pk)
        now = timezone.now()
        if stored.label != label:
            stored.clear_suspicion()
            stored.label = label
            stored.feedback_at = None if label is None else now
            if review != Drawing.Review.REJECTED:
                review = Drawing.Review.UNREVIEWED if label is None else Drawing.Review.APPROVED
        if stored.review != review:
            stored.clear_suspicion()
            is_reviewed = review != Drawing.Review.UNREVIEWED
            stored.review = review
            stored.reviewer = reviewer if is_reviewed else None
            stored.reviewed_at = now if is_reviewed else None
        changed = ["label", "feedback_at", "review", "reviewer", "reviewed_at", *UNSUSPICIOUS]
        stored.save(update_fields=changed)
    if stored.review == Drawing.Review.APPROVED:
        enqueue_if_due()
    return stored


def _decide(drawings: DrawingQuerySet, review: Drawing.Review, reviewer: User) -> int:
    return drawings.exclude(review=review).update(
        review=review, reviewer=reviewer, reviewed_at=timezone.now(), **UNSUSPICIOUS
    )
