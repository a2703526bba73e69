"""The tables: drawings and their counts, versions of the model, training runs, API keys, hits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_noop

CANONICAL_BYTES = 28 * 28
NO_DIGIT = 10
"""The eleventh answer, as prediction and as label, as in `ml.pipeline`."""
DIGITS = [(digit, str(digit)) for digit in range(10)]
ANSWERS = [*DIGITS, (NO_DIGIT, "no digit")]
UNSURE_BELOW = 0.8
"""Confidence below which a drawing is worth a reviewer's label, even if nobody answered it."""
UNSUSPICIOUS = {"suspicious_at": None, "suspected_digit": None, "suspected_share": None}
"""Values of the label check's fields for a drawing that it does not suspect."""


class TrainedModelQuerySet(models.QuerySet["TrainedModel"]):
    def active(self) -> TrainedModelQuerySet:
        """Return the version that answers, if there is one."""
        return self.filter(active=True)

    def bundled(self) -> TrainedModelQuerySet:
        return self.filter(origin=TrainedModel.Origin.BUNDLED)

    def whole(self) -> TrainedModelQuerySet:
        """Return the versions whose file is kept."""
        return self.filter(pruned_at=None)

    def accepted(self) -> TrainedModelQuerySet:
        """Return the versions that the gate accepted, and bundled ones, which it never judges."""
        return self.filter(Q(gate__accepted=True) | Q(gate__accepted__isnull=True))

    def dispensable(self) -> TrainedModelQuerySet:
        """Return the versions whose file may be pruned: retrained here, and not answering."""
        return self.whole().filter(origin=TrainedModel.Origin.RETRAINED, active=False)


class TrainedModel(models.Model):
    """One version of the model: its file, what it learned from and how good it is."""

    class Origin(models.TextChoices):
        BUNDLED = "bundled", gettext_noop("bundled with the project")
        RETRAINED = "retrained", gettext_noop("retrained here")

    version = models.PositiveIntegerField(primary_key=True)
    created_at = models.DateTimeField(default=timezone.now)
    origin = models.CharField(max_length=16, choices=Origin.choices)
    active = models.BooleanField(default=False)
    artifact = models.CharField(
        max_length=200, help_text="Name of the file in the storage of artifacts."
    )
    sha256 = models.CharField("SHA-256", max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    sklearn_version = models.CharField("scikit-learn", max_length=32)
    numpy_version = models.CharField("NumPy", max_length=32)
    python_version = models.CharField("Python", max_length=32)
    scipy_version = models.CharField("SciPy", max_length=32, blank=True)
    pillow_version = models.CharField("Pillow", max_length=32, blank=True)
    training_seconds = models.FloatField(null=True)
    parameters = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    metrics = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    gate = models.JSONField(
        default=dict,
        encoder=DjangoJSONEncoder,
        help_text="How it did against the version that was active when it was trained.",
    )
    pruned_at = models.DateTimeField(
        null=True, editable=False, help_text="When its file was deleted to make room."
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )

    objects = TrainedModelQuerySet.as_manager()

    class Meta:
        verbose_name = "model"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["active"], condition=Q(active=True), name="at_most_one_active_model"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="model_version_from_1"),
            models.CheckConstraint(
                condition=Q(origin__in=["bundled", "retrained"]), name="model_origin_known"
            ),
            models.CheckConstraint(
                condition=Q(pruned_at=None) | Q(active=False, origin="retrained"),
                name="model_pruned_only_if_dispensable",
            ),
        ]

    def __str__(self) -> str:
        return f"Model {self.version}"

    @property
    def accuracy(self) -> float | None:
        """Accuracy on the typeface holdout."""
        value = (self.metrics.get("typefaces") or {}).get("accuracy")
        return None if value is None else float(value)


class SentFile(models.Model):
    """A model file that was sent to object storage from here, noted before it was sent."""

    name = models.CharField(max_length=200, primary_key=True)
    sent_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Activation(models.Model):
    """A version began to answer; it did until the next activation of any version."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="activations")
    began_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-began_at", "-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.model} since {self.began_at}"


class Lesson(models.Model):
    """The drawings that a version learned from, by the first eight bytes of their ids, in order.

    A million drawings take 8 MB. Imported ones are left out: their labels are no answers of people.
    """

    model = models.OneToOneField(
        TrainedModel, on_delete=models.CASCADE, primary_key=True, related_name="lesson"
    )
    drawings = models.BinaryField()

    def __str__(self) -> str:
        return f"Lesson of {self.model}"


class Finding(models.Model):
    """The latest report of a version, or comparison of two, and how far the next one is."""

    name = models.CharField(
        max_length=32, primary_key=True, help_text="Number of the version, or of both."
    )
    content = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    made_at = models.DateTimeField(null=True)
    basis = models.CharField(
        max_length=64,
        blank=True,
        help_text="Digest of what it depends on: another one outdates it.",
    )
    phase = models.CharField(max_length=64, blank=True)
    progress = models.FloatField(default=0.0, help_text="Share that is done, 0 to 1.")
    noted_at = models.DateTimeField(null=True, help_text="Last progress; empty when none is made.")
    fault = models.TextField(blank=True, help_text="Why the last attempt failed.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Finding {self.name}"


class DrawingQuerySet(models.QuerySet["Drawing"]):
    """Queries for drawings, under the names that the rest of the app uses."""

    def of_visitor(self, visitor: uuid.UUID | None) -> DrawingQuerySet:
        """Return the drawings of one visitor; nothing for a caller without a visitor."""
        return self.filter(visitor=visitor) if visitor else self.none()

    def known_to(self, visitor: uuid.UUID | None) -> DrawingQuerySet:
        """Return what a caller may open by its id: own drawings and those without a visitor.

        A drawing made without a cookie belongs to everyone who knows its id. Imported ones are the
        staff's: their ids follow from their content.
        """
        unowned = Q(visitor=None) & ~Q(source=Drawing.Source.IMPORT)
        return self.filter(unowned | Q(visitor=visitor) if visitor else unowned)

    def licensed(self) -> DrawingQuerySet:
        """Return the drawings that their authors let be published, under whatever license."""
        return self.exclude(license="")

    def releasable(self, license: str) -> DrawingQuerySet:
        """Return what may be published under a license: trainable, and with its author's leave."""
        return self.trainable().licensed().filter(license=license)

    def not_imported(self) -> DrawingQuerySet:
        """Return what was drawn or sent here: an import's labels are no answers of people."""
        return self.exclude(source=Drawing.Source.IMPORT)

    def labeled(self) -> DrawingQuerySet:
        """Return the drawings whose right answer is known, as confirmed or as corrected."""
        return self.filter(label__isnull=False)

    def remembered_of(self, visitor: uuid.UUID | None) -> DrawingQuerySet:
        """Return the answered drawings that change a visitor's own readings."""
        own = self.of_visitor(visitor).filter(remembered=True, label__isnull=False)
        return own.exclude(review=Drawing.Review.REJECTED)

    def open(self) -> DrawingQuerySet:
        """Return the drawings without an answer."""
        return self.filter(label=None)

    def replaceable(self) -> DrawingQuerySet:
        """Return the drawings that a later state of the same drawing may overwrite."""
        return self.open().filter(review=Drawing.Review.UNREVIEWED)

    def right(self) -> DrawingQuerySet:
        return self.filter(label=F("answer"))

    def wrong(self) -> DrawingQuerySet:
        return self.labeled().exclude(label=F("answer"))

    def unsure(self) -> DrawingQuerySet:
        """Return the drawings without an answer of which the model was not sure."""
        return self.filter(label=None, reviewed_at=None, confidence__lt=UNSURE_BELOW)

    def unreviewed(self) -> DrawingQuerySet:
        """Return the labeled drawings that wait for a review, in the words of their indexes."""
        return self.labeled().filter(reviewed_at=None)

    # SQLite uses an index of some rows only for a query that has the same words.
    def of_review(self, review: str) -> DrawingQuerySet:
        """Return the drawings with this review."""
        found = self.filter(review=review)
        is_open = review == Drawing.Review.UNREVIEWED
        return found if is_open else found.filter(reviewed_at__isnull=False)

    def of_source(self, source: str) -> DrawingQuerySet:
        """Return the drawings that came this way."""
        found = self.filter(source=source)
        is_drawn = source == Drawing.Source.CANVAS
        return found if is_drawn else found.exclude(source=Drawing.Source.CANVAS)

    def read_as(self, answer: int) -> DrawingQuerySet:
        """Return the drawings that the model gave this answer for."""
        found = self.filter(answer=answer)
        return found.filter(is_digit=False) if answer == NO_DIGIT else found

    def suspicious(self) -> DrawingQuerySet:
        """Return the drawings whose label the label check contradicts."""
        return self.filter(suspicious_at__isnull=False)

    def trainable(self, *, reviewed_only: bool = False) -> DrawingQuerySet:
        """Return the drawings that a model may learn from: not rejected, or approved ones only."""
        if reviewed_only:
            return self.labeled().filter(review=Drawing.Review.APPROVED)
        return self.labeled().exclude(review=Drawing.Review.REJECTED)

    def approved_after(self, moment: datetime) -> DrawingQuerySet:
        """Return the drawings whose label was approved after a moment."""
        return self.filter(review=Drawing.Review.APPROVED, reviewed_at__gt=moment)

    def without_blobs(self) -> DrawingQuerySet:
        """Defer picture and strokes, for lists."""
        return self.defer("image", "strokes")


class Import(models.Model):
    """A file or folder of labeled drawings that was imported."""

    name = models.CharField(max_length=200)
    started_at = models.DateTimeField(default=timezone.now)
    unfinished = models.BooleanField(
        default=False, db_default=False, help_text="Whether it goes on, or was interrupted."
    )

    class Meta:
        ordering = ["-started_at", "-id"]
        default_permissions = ()

    def __str__(self) -> str:
        end = ", unfinished" if self.unfinished else ""
        began = timezone.localtime(self.started_at)
        return f"{self.pk}: {self.name}, {began:%Y-%m-%d %H:%M}{end}"


class Drawing(models.Model):
    """One drawing, its prediction, and the answer to that."""

    class Source(models.TextChoices):
        CANVAS = "canvas"
        UPLOAD = "upload"
        API = "api", "API"
        IMPORT = "import"

    class Review(models.TextChoices):
        UNREVIEWED = "unreviewed"
        APPROVED = "approved"
        REJECTED = "rejected"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField("drawn", default=timezone.now, editable=False)
    visitor = models.UUIDField(null=True, editable=False)
    network = models.CharField(
        max_length=32,
        default="",
        db_default="",
        editable=False,
        help_text="Keyed hash of the network that it came from; the address is not stored.",
    )
    source = models.CharField(max_length=8, choices=Source.choices, editable=False)
    prediction = models.PositiveSmallIntegerField(choices=DIGITS, editable=False)
    is_digit = models.BooleanField(default=True, editable=False)
    confidence = models.FloatField(editable=False)
    model = models.ForeignKey(
        TrainedModel,
        on_delete=models.PROTECT,
        related_name="drawings",
        db_index=False,
        editable=False,
    )
    label = models.PositiveSmallIntegerField(null=True, blank=True, choices=ANSWERS)
    feedback_at = models.DateTimeField(null=True, editable=False)
    review = models.CharField(max_length=10, choices=Review.choices, default=Review.UNREVIEWED)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        editable=False,
    )
    reviewed_at = models.DateTimeField(null=True, editable=False)
    suspicious_at = models.DateTimeField(null=True, editable=False)
    suspected_digit = models.PositiveSmallIntegerField(null=True, choices=ANSWERS, editable=False)
    suspected_share = models.FloatField(null=True, editable=False)
    # The long columns stand last: a database reads a row only up to the last column it needs.
    probabilities = models.JSONField(editable=False)
    canonical = models.BinaryField(max_length=CANONICAL_BYTES)
    image = models.BinaryField()
    strokes = models.JSONField(null=True, editable=False)
    pen_width = models.FloatField(null=True, editable=False)
    strangeness = models.FloatField(
        null=True,
        editable=False,
        help_text="Probability that it is no digit. Empty: read by a version before this was kept.",
    )
    remembered = models.BooleanField(
        default=True,
        db_default=True,
        editable=False,
        help_text="Whether its label, once there is one, changes its visitor's own readings.",
    )
    confirmed = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Whether it was approved although the label check had marked it.",
    )
    imported_with = models.ForeignKey(
        Import,
        null=True,
        on_delete=models.SET_NULL,
        related_name="drawings",
        db_index=False,
        editable=False,
    )
    license = models.CharField(
        max_length=200,
        default="",
        db_default="",
        editable=False,
        help_text="The license under which its author lets it be published; empty: not at all.",
    )
    imported_source = models.CharField(
        max_length=8,
        default="",
        db_default="",
        choices=Source.choices,
        editable=False,
        help_text="Where it came from at the site that exported it; an import is no one's answer.",
    )
    changed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When it was drawn on, or its label taken back, by its author; empty: never.",
    )
    answer = models.GeneratedField(
        expression=Case(When(is_digit=True, then=F("prediction")), default=NO_DIGIT),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
        choices=ANSWERS,
    )

    objects = DrawingQuerySet.as_manager()

    personal: Any = None
    """What the visitor's memory makes of it, where a request asked for that; it is not stored."""
    found: Any = None
    """The box around the ink on the picture that was sent; it is not stored."""
    set_aside: Any = None
    """What decorates the digit and was not read; it is not stored."""

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(prediction__range=(0, 9)), name="drawing_prediction_0_to_9"
            ),
            models.CheckConstraint(
                condition=Q(label=None) | Q(label__range=(0, NO_DIGIT)),
                name="drawing_label_0_to_10",
            ),
            models.CheckConstraint(
                condition=Q(confidence__range=(0.0, 1.0)), name="drawing_confidence_0_to_1"
            ),
            models.CheckConstraint(
                condition=Q(strangeness=None) | Q(strangeness__range=(0.0, 1.0)),
                name="drawing_strangeness_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(label=None, feedback_at=None)
                | Q(label__isnull=False, feedback_at__isnull=False),
                name="drawing_label_has_time",
            ),
            models.CheckConstraint(
                condition=Q(review="unreviewed", reviewed_at=None, reviewer=None)
                | Q(review="approved", reviewed_at__isnull=False, label__isnull=False)
                | Q(review="rejected", reviewed_at__isnull=False),
                name="drawing_review_consistent",
            ),
            models.CheckConstraint(
                condition=Q(suspicious_at=None, suspected_digit=None, suspected_share=None)
                | Q(
                    review__in=["unreviewed", "approved"],
                    label__isnull=False,
                    suspicious_at__isnull=False,
                    suspected_digit__range=(0, NO_DIGIT),
                    suspected_share__range=(0.0, 1.0),
                ),
                name="drawing_suspicion_consistent",
            ),
            models.CheckConstraint(
                condition=Q(source__in=["canvas", "upload", "api", "import"]),
                name="drawing_source_known",
            ),
            models.CheckConstraint(
                condition=Q(license="") | (Q(visitor__isnull=False) & ~Q(source="import")),
                name="drawing_license_can_be_taken_back",
            ),
            models.CheckConstraint(
                condition=Exact(Length("canonical"), CANONICAL_BYTES),
                name="drawing_canonical_784_bytes",
            ),
        ]
        # Lists are narrowed and ordered by one index each; counts read indexes and no rows. Which
        # of them a drawing writes to when it comes: docs/decisions/which-index-serves-what.md
        indexes = [
            # The whole archive by time, also narrowed by several values, and the daily counts.
            # SQLite looks a generated column such as the answer up in the row to count it. Oldest
            # first, though lists are not: what comes is appended, and splits no page in two.
            models.Index(
                fields=[
                    *("created_at", "id", "source", "model", "prediction", "is_digit", "label"),
                    *("review", "confidence", "answer"),
                ],
                name="drawing_listed",
            ),
            # One visitor's history; what a visitor's own readings remember.
            models.Index(fields=["visitor", "-created_at", "-id"], name="drawing_of_visitor"),
            models.Index(
                fields=["visitor", "-feedback_at", "-id"],
                condition=Q(remembered=True, label__isnull=False),
                name="drawing_remembered",
            ),
            # Lists in the order of confidence, and those below with "sure" in their name.
            models.Index(fields=["confidence", "id"], name="drawing_by_confidence"),
            models.Index(fields=["visitor", "confidence", "id"], name="drawing_of_visitor_sure"),
            # The same with a filter that few of all meet, or that SQLite would sort all of.
            models.Index(
                fields=["review", "confidence", "id"],
                condition=Q(reviewed_at__isnull=False),
                name="drawing_reviewed_sure",
            ),
            models.Index(
                fields=["label", "confidence", "id"],
                condition=Q(label__isnull=False),
                name="drawing_labeled_sure",
            ),
            models.Index(
                fields=["source", "confidence", "id"],
                condition=~Q(source="canvas"),
                name="drawing_sent_sure",
            ),
            # A filter of lists each, newest first. Of values that most drawings have there is no
            # index: they are among the newest. What stands behind the id is filtered by as well.
            models.Index(fields=["model", "created_at", "id"], name="drawing_of_model"),
            models.Index(
                fields=[
                    *("source", "created_at", "id", "answer", "label", "review"),
                    *("reviewed_at", "suspicious_at"),
                ],
                condition=~Q(source="canvas"),
                name="drawing_sent",
            ),
            models.Index(
                fields=["created_at", "id", "source", "label", "review", "reviewed_at", "answer"],
                condition=Q(is_digit=False),
                name="drawing_no_digit",
            ),
            models.Index(
                fields=["review", "created_at", "id", "answer", "label", "source"],
                condition=Q(reviewed_at__isnull=False),
                name="drawing_reviewed",
            ),
            models.Index(
                fields=["created_at", "id", "answer", "label", "source", "reviewed_at"],
                condition=Q(reviewed_at=None, label__isnull=False),
                name="drawing_waiting",
            ),
            # Also whether a report is outdated: how many labels there are, and the newest.
            models.Index(
                fields=[
                    *("label", "created_at", "id", "answer", "review", "source"),
                    *("reviewed_at", "feedback_at"),
                ],
                condition=Q(label__isnull=False),
                name="drawing_labeled_as",
            ),
            models.Index(
                fields=["created_at", "id", "answer", "label", "review", "source", "reviewed_at"],
                condition=Q(label__isnull=False) & ~Q(label=F("answer")),
                name="drawing_misread",
            ),
            models.Index(
                fields=["confidence", "id"],
                condition=Q(label__isnull=False) & ~Q(label=F("answer")),
                name="drawing_wrong_sure",
            ),
            models.Index(
                fields=["created_at", "id", "source", "answer", "label", "review"],
                condition=Q(suspicious_at__isnull=False),
                name="drawing_doubted",
            ),
            # What an action on a whole filter leaves out.
            models.Index(
                fields=["changed_at", "id"],
                condition=Q(changed_at__isnull=False),
                name="drawing_changed",
            ),
            # The desk's queues. With what they are narrowed by, so that no row is read for it.
            models.Index(
                fields=["confidence", "id", "label", "answer", "strangeness"],
                condition=Q(reviewed_at=None, label__isnull=False),
                name="drawing_to_review",
            ),
            models.Index(
                fields=["visitor", "-created_at", "-id"],
                condition=Q(reviewed_at=None, label__isnull=False),
                name="drawing_to_review_of_hand",
            ),
            models.Index(
                fields=["confidence", "id"],
                condition=Q(reviewed_at=None, label=None, confidence__lt=UNSURE_BELOW),
                name="drawing_unsure",
            ),
            # When an account is deleted.
            models.Index(
                fields=["reviewer"],
                condition=Q(reviewer__isnull=False),
                name="drawing_of_reviewer",
            ),
            # Approvals since the last retraining; what is known, for the label check.
            models.Index(
                fields=["reviewed_at"], condition=Q(review="approved"), name="drawing_approved"
            ),
            models.Index(
                fields=["label", "-reviewed_at", "-id"],
                condition=Q(review="approved"),
                name="drawing_known",
            ),
            # A hand without a cookie; what a visitor let be published; one import.
            models.Index(
                fields=["network", "-created_at", "-id"],
                condition=~Q(network=""),
                name="drawing_of_network",
            ),
            models.Index(
                fields=["visitor", "id"], condition=~Q(license=""), name="drawing_licensed"
            ),
            models.Index(
                fields=["imported_with", "-created_at", "-id"],
                condition=Q(imported_with__isnull=False),
                name="drawing_imported",
            ),
        ]

    def __str__(self) -> str:
        return f"Drawing {self.id}"

    def clear_suspicion(self) -> None:
        """Remove the label check's mark: the label changed, or a reviewer decided."""
        for name, value in UNSUSPICIOUS.items():
            setattr(self, name, value)

    @property
    def correct(self) -> bool | None:
        """Whether the answer was right; None while there is no label."""
        return None if self.label is None else self.label == self.answer


class Withdrawal(models.Model):
    """A visitor took the license back just now; a request that was on its way gives none."""

    visitor = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Withdrawal of {self.visitor}"


class Decision(models.Model):
    """What a reviewer made of a drawing: the history that the admin shows, and can undo.

    Without constraints: the version before, which does not know this table, deletes drawings and
    accounts over the same database.
    """

    drawing = models.ForeignKey(
        Drawing, on_delete=models.CASCADE, db_constraint=False, related_name="decisions"
    )
    group = models.UUIDField(help_text="The same for all that were decided together.")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    decided_at = models.DateTimeField()
    old_label = models.PositiveSmallIntegerField(null=True, choices=ANSWERS)
    new_label = models.PositiveSmallIntegerField(null=True, choices=ANSWERS)
    old_review = models.CharField(max_length=10, choices=Drawing.Review.choices)
    new_review = models.CharField(max_length=10, choices=Drawing.Review.choices)
    before = models.JSONField(help_text="The drawing's other fields, which an undo restores.")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        ordering = ["-decided_at", "-id"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["group"], name="decision_of_group"),
            models.Index(fields=["reviewer", "-decided_at", "-id"], name="decision_of_reviewer"),
        ]

    def __str__(self) -> str:
        return f"Decision about {self.drawing_id}"


class Lease(models.Model):
    """A drawing that lies on a reviewer's desk: until the lease ends, no other one gets it."""

    drawing = models.OneToOneField(
        Drawing, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="+"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_constraint=False, related_name="+"
    )
    ends = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Drawing {self.drawing_id} until {self.ends}"


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def running(self) -> TrainingRunQuerySet:
        """Return the run that is going on, and runs whose death was not noticed yet."""
        return self.filter(state=TrainingRun.State.RUNNING)


class TrainingRun(models.Model):
    """One attempt to train a model: its progress and its outcome."""

    class State(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        TRIED = "tried", "tried (dry run)"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    phase = models.CharField(max_length=64, blank=True)
    progress = models.FloatField(default=0.0, help_text="Share of the whole that is done, 0 to 1.")
    rate = models.FloatField(null=True, help_text="Digits of the phase done in a second.")
    seconds_left = models.FloatField(null=True, help_text="Estimated from what is done.")
    noted_at = models.DateTimeField(default=timezone.now, help_text="When progress was noted last.")
    log = models.TextField(blank=True)
    options = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    host = models.CharField(max_length=255, blank=True)
    process = models.PositiveIntegerField(null=True)
    outcome = models.TextField(blank=True)
    model = models.OneToOneField(
        TrainedModel, null=True, blank=True, on_delete=models.PROTECT, related_name="run"
    )

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(progress__range=(0.0, 1.0)), name="run_progress_0_to_1"
            ),
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None, model=None)
                | Q(state="succeeded", finished_at__isnull=False, model__isnull=False)
                | Q(
                    state__in=["tried", "failed", "interrupted"],
                    finished_at__isnull=False,
                    model=None,
                ),
                name="run_state_consistent",
            ),
        ]

    def __str__(self) -> str:
        return f"Training run {self.pk}"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def unrevoked(self) -> ApiKeyQuerySet:
        """Return the keys that are not revoked; they may have expired."""
        return self.filter(revoked_at=None)


class ApiKey(models.Model):
    """An API key of a program; only a digest of the key itself is stored."""

    class Scope(models.TextChoices):
        PREDICT = "predict"
        FEEDBACK = "feedback"
        READ = "read"
        ADMIN = "admin"

    name = models.CharField(max_length=100, help_text="Whose key it is, or what for.")
    prefix = models.CharField(
        "begins with", max_length=16, unique=True, editable=False, help_text="Tells keys apart."
    )
    digest = models.CharField("SHA-256", max_length=64, editable=False)
    visitor = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Whom its drawings belong to."
    )
    may_predict = models.BooleanField(
        "predict", default=True, help_text="Have drawings read, and kept."
    )
    may_read = models.BooleanField("read", default=False, help_text="See the drawings it sent.")
    may_feedback = models.BooleanField(
        "feedback", default=False, help_text="Correct and delete the drawings it sent."
    )
    may_admin = models.BooleanField(
        "admin",
        default=False,
        help_text="All of that, and everything that you may do yourself: with your permissions, "
        "for as long as you have them.",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        help_text="Whose permissions the scope admin gives: who made the key, or added the scope.",
    )
    rate = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Requests a minute. Empty: as the site sets it (THROTTLE_KEY); 0: no limit.",
    )
    created_at = models.DateTimeField("made", default=timezone.now, editable=False)
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, editable=False)
    last_used_at = models.DateTimeField(
        "last used", null=True, editable=False, help_text="To the minute."
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(may_predict=True)
                | Q(may_read=True)
                | Q(may_feedback=True)
                | Q(may_admin=True),
                name="key_has_a_scope",
                violation_error_message="Choose at least one scope.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[str]:
        return [scope.value for scope in self.Scope if getattr(self, f"may_{scope}")]

    def allows(self, scope: Scope) -> bool:
        """Check for a scope; admin includes the others."""
        return self.may_admin or bool(getattr(self, f"may_{scope}"))


class HitCount(models.Model):
    """Hits of one limit in the current window of time."""

    bucket = models.CharField(max_length=32, primary_key=True)
    ends = models.PositiveBigIntegerField(help_text="End of the window, in seconds of the epoch.")
    hits = models.PositiveIntegerField()

    class Meta:
        """Found by the bucket; by the end only to be forgotten."""

        permissions = [("view_metrics", "Can view the metrics of the site")]
        indexes = [models.Index(fields=["ends"], name="hits_by_end")]

    def __str__(self) -> str:
        return f"{self.hits} until {self.ends}"


class DailyCount(models.Model):
    """Counts of the drawings of one day (UTC), source and version; imports are not counted."""

    day = models.DateField()
    source = models.CharField(max_length=8, choices=Drawing.Source.choices)
    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="+")
    drawn = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField(help_text="Answers that wait for a review.")
    answers = models.JSONField(help_text="Drawings by answer, 0 to 10.")
    confidences = models.JSONField(help_text="Drawings by confidence, in ten bins.")
    unsure = models.JSONField(
        help_text="Drawings below the confidence of a sure answer, by answer."
    )
    confusion = models.JSONField(
        help_text="Label, answer and count; without drawings that a reviewer rejected."
    )
    counted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "source", "model"], name="one_count_a_day")
        ]
        indexes = [models.Index(fields=["model", "day"], name="counts_of_model")]

    def __str__(self) -> str:
        return f"{self.day}, {self.source}, model {self.model_id}"


class TouchedDay(models.Model):
    """A mark of a trigger: a drawing of a day gone by was added, changed or deleted."""

    day = models.DateField(db_index=True)

    def __str__(self) -> str:
        return str(self.day)
