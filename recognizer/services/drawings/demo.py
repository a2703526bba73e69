"""A demo archive: generated hands whose drawings the real models read, for newcomers and tests."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ml import artifacts, pipeline
from ml.drawing.strokes import draw_png
from ml.errors import InvalidDrawing
from ml.labeled.digits import LabeledDigits
from ml.training import train
from ml.training.material import TrainingOptions
from ml.writing.hands import Hand, make_hand
from recognizer.models import NO_DIGIT, Activation, Drawing, Lesson, TrainedModel, TrainingRun
from recognizer.services.chunks import CHUNK
from recognizer.services.drawings.doubting import mark_doubtful
from recognizer.services.drawings.recognition import Sketch, new_drawing, read_sketch
from recognizer.services.drawings.room import check_room
from recognizer.services.errors import ServiceError
from recognizer.services.retraining.bases import TMNIST, read_base
from recognizer.services.retraining.runs import lock_retraining
from recognizer.services.stored_digits import StoredDigits
from recognizer.services.versions import artifact_files
from recognizer.services.versions.gate import Verdict, judge
from recognizer.services.versions.registry import (
    active_model,
    add_version,
    get_model,
    make_active,
    register_bundled_model,
)
from recognizer.wording import counted

SEED = 4
"""Of its hands, some are kept aside, so that corrections measure the versions as well."""
HANDS = 20
SITTINGS, DIGITS_A_SITTING = 4, (4, 7)
"""How often each hand draws, and fewest and most digits of one time."""
DAYS, DAYS_OF_SECOND, DAYS_UNREVIEWED = 28, 14, 8
"""Days before now from which on there are drawings, the second version answers, none is reviewed.
"""
SHORT = {
    "replay_samples": 1_000,
    "replay_pen_samples": 500,
    "replay_other_samples": 200,
    "correction_samples": 900,
    "holdout_share": 0.1,
    "jobs": 1,
}
"""A training of seconds; what it is measured on is few, and the version says how few."""


class ArchiveInUse(ServiceError):
    """There are drawings, with which those of the demo would be mixed."""


@dataclass(frozen=True)
class Demo:
    """What was made."""

    drawings: int
    answered: int
    wrong_labels: int
    waiting: int
    suspicious: int
    first: int
    second: int
    outcome: str


@dataclass(frozen=True)
class _Sheet:
    """A drawing and what its writer does with it, before a model has read it."""

    drawn: int
    sketch: Sketch
    fields: dict[str, Any]


def load_demo(
    *, seed: int = SEED, beside: bool = False, report: Callable[[str], None] = lambda phase: None
) -> Demo:
    """Fill a new site with four weeks of drawings by twenty hands, and a second version.

    The drawings depend on the seed only, their times on the present. All rows are written in one
    transaction; with `beside`, they are written beside those of an archive in use, whose version
    goes on to answer.
    """
    check_room()
    if not beside and (count := Drawing.objects.count()):
        raise ArchiveInUse(
            f"This archive has {counted(count, 'drawing')}, with which those of the demo would be "
            "mixed. Load it into a database of its own (DATABASE_URL=sqlite:///demo.sqlite3, after "
            "manage.py migrate), or here with --beside."
        )
    register_bundled_model()
    first, now = active_model(), timezone.now()
    report("Twenty hands write")
    sheets = _write(seed, now)
    if Drawing.objects.filter(pk__in=[sheet.fields["id"] for sheet in sheets]).exists():
        raise ArchiveInUse(f"The demo of seed {seed} is here already; choose another --seed.")
    begun = now - timedelta(days=DAYS_OF_SECOND)
    before = [sheet for sheet in sheets if sheet.fields["created_at"] < begun]
    report("The second version learns")
    taught = _learnable(before)
    base = read_base((TMNIST,))
    trained = train.train(
        base.typefaces,
        taught.digits,
        TrainingOptions(seed=seed, **SHORT),  # type: ignore[arg-type]
        start=first.pipeline,
        letters=Path(settings.LETTERS_DATASET),
        handwritten=base.handwritten,
    )
    verdict = judge(trained)
    if beside:
        verdict = replace(verdict, accepted=False, note="It is of a demo beside an archive in use.")
    report("The versions read")
    second = trained.model if verdict.accepted else first.pipeline
    after = sheets[len(before) :]
    read_before, read_after = _read(first.pipeline, before), _read(second, after)
    data = artifacts.serialize(trained.model)
    manifest = artifacts.describe(data, trained.parameters, trained.data, trained.metrics)
    with lock_retraining():
        name = artifact_files.keep_retrained(data, manifest)
        with transaction.atomic():
            since = now - timedelta(days=DAYS + 1)
            if not beside:
                backdated = TrainedModel.objects.filter(pk=first.version, created_at__gt=since)
                if backdated.update(created_at=since):
                    Activation.objects.filter(model=first.version).update(began_at=since)
            model = add_version(
                manifest,
                origin=TrainedModel.Origin.RETRAINED,
                training_seconds=round(trained.seconds, 1),
                parent=get_model(first.version),
                artifact=name,
                gate=verdict.as_dict(),
                created_at=begun,
            )
            if verdict.accepted:
                make_active(model, begun)
            answering = model.version if verdict.accepted else first.version
            rows = [
                new_drawing(sheet.sketch, prediction, version, **sheet.fields)
                for part, readings, version in (
                    (before, read_before, first.version),
                    (after, read_after, answering),
                )
                for sheet, prediction in zip(part, readings, strict=True)
            ]
            Drawing.objects.bulk_create(rows, batch_size=CHUNK)
            lesson = taught.taught_to(trained.holdouts.corrections)
            Lesson.objects.create(model=model, drawings=lesson)
            _note_run(model, verdict, trained.seconds)
            report("Labels are checked")
            made = Drawing.objects.filter(pk__in=[row.pk for row in rows])
            mark_doubtful(made)
    return Demo(
        drawings=len(rows),
        answered=made.labeled().count(),
        wrong_labels=sum(sheet.fields["label"] not in (None, sheet.drawn) for sheet in sheets),
        waiting=made.unreviewed().count(),
        suspicious=made.suspicious().count(),
        first=first.version,
        second=model.version,
        outcome=verdict.outcome_of(model),
    )


def _write(seed: int, now: datetime) -> list[_Sheet]:
    """Let each hand draw a few times in four weeks; return all drawings, oldest first."""
    sheets = []
    for number, own in enumerate(np.random.SeedSequence(seed).spawn(HANDS)):
        rng = np.random.default_rng(own)
        hand, visitor = make_hand(rng), _draw_id(rng)
        for _ in range(SITTINGS):
            moment = now - timedelta(hours=rng.uniform(1, 24 * DAYS))
            for _ in range(rng.integers(*DIGITS_A_SITTING, endpoint=True)):
                moment += timedelta(seconds=rng.uniform(6, 25))
                sheets.append(_draw(hand, visitor, moment, now, rng, number == HANDS - 1))
    return sorted(sheets, key=lambda sheet: sheet.fields["created_at"])


def _draw(
    hand: Hand,
    visitor: uuid.UUID,
    moment: datetime,
    now: datetime,
    rng: np.random.Generator,
    is_prankster: bool,
) -> _Sheet:
    """Draw something, and answer: one in five does not, one in thirty answers wrong."""
    drawn = NO_DIGIT if rng.random() < 0.04 else int(rng.integers(10))
    source = str(rng.choice(["canvas", "upload", "api"], p=[0.85, 0.1, 0.05]))
    label = None if rng.random() < 0.2 else drawn
    if label is not None and rng.random() < (0.5 if is_prankster else 1 / 30):
        label = int((drawn + rng.integers(1, 10)) % 10)
    fields: dict[str, Any] = {
        "id": _draw_id(rng),
        "created_at": moment,
        "visitor": visitor,
        "source": source,
        "label": label,
        "feedback_at": None if label is None else moment + timedelta(seconds=rng.uniform(1, 6)),
    }
    if label is not None and moment < now - timedelta(days=DAYS_UNREVIEWED):
        decision = Drawing.Review.APPROVED if label == drawn else Drawing.Review.REJECTED
        fields |= {"review": decision, "reviewed_at": moment + timedelta(days=1)}
    return _Sheet(drawn, _sketch(hand, drawn, source, rng), fields)


def _sketch(hand: Hand, drawn: int, source: str, rng: np.random.Generator) -> Sketch:
    while True:
        strokes = hand.write(drawn, rng)
        try:
            if source == Drawing.Source.UPLOAD:
                return read_sketch(image=draw_png(strokes, hand.pen_width))
            return read_sketch(strokes=strokes, pen_width=hand.pen_width)
        except InvalidDrawing:  # a scribble that is taken for several digits
            continue


def _draw_id(rng: np.random.Generator) -> uuid.UUID:
    return uuid.UUID(bytes=rng.bytes(16), version=4)


def _learnable(sheets: list[_Sheet]) -> StoredDigits:
    """Return what a retraining would have learned from: answered, and not rejected."""
    chosen = [
        sheet
        for sheet in sheets
        if sheet.fields["label"] is not None and sheet.fields["review"] != Drawing.Review.REJECTED
    ]
    digits = LabeledDigits(
        np.stack([sheet.sketch.digit for sheet in chosen]),
        np.array([sheet.fields["label"] for sheet in chosen], np.uint8),
        np.array([str(sheet.fields["visitor"]) for sheet in chosen]),
    )
    return StoredDigits(digits, np.array([sheet.fields["id"] for sheet in chosen], object))


def _read(model: Any, sheets: list[_Sheet]) -> list[pipeline.Prediction]:
    return pipeline.predict(model, np.stack([sheet.sketch.digit for sheet in sheets]))


def _note_run(model: TrainedModel, verdict: Verdict, seconds: float) -> None:
    TrainingRun.objects.create(
        state=TrainingRun.State.SUCCEEDED,
        progress=1.0,
        started_at=model.created_at - timedelta(seconds=seconds),
        noted_at=model.created_at,
        finished_at=model.created_at,
        options=model.parameters,
        outcome=verdict.outcome_of(model),
        model=model,
    )
