"""Retraining: a new version from the archive, one at a time, whole or not at all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ml import artifacts
from ml.errors import ArtifactError
from ml.training import train
from ml.training.cluster import connected
from ml.training.material import TrainingOptions as TrainingOptions
from ml.training.progress import Progress as Progress
from recognizer.models import Lesson, TrainedModel, TrainingRun
from recognizer.services.retraining.bases import TMNIST, read_base
from recognizer.services.retraining.corrections import LeftOut, select_corrections
from recognizer.services.retraining.runs import start_run
from recognizer.services.versions import artifact_files
from recognizer.services.versions.gate import Verdict, confirm, judge
from recognizer.services.versions.registry import (
    add_version,
    describe_version,
    load_pipeline,
    make_active,
    prune,
    remove_orphans,
)

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_NOTES = 1.0
"""Least seconds between two writes of a run's progress."""


@dataclass(frozen=True)
class RetrainOptions:
    """Options of a retraining."""

    from_scratch: bool = False
    reviewed_only: bool = field(default_factory=lambda: bool(settings.RETRAIN_REVIEWED_ONLY))
    base: tuple[str, ...] = (TMNIST,)
    base_path: Path | None = None
    force: bool = False
    dry_run: bool = False
    keep: int = field(default_factory=lambda: int(settings.KEEP_MODELS))
    cluster: str | None = field(default_factory=lambda: settings.RETRAIN_CLUSTER)
    training: TrainingOptions = field(default_factory=TrainingOptions)


@dataclass(frozen=True)
class Retrained:
    """The result of a retraining; after a dry run the model is not stored."""

    model: TrainedModel
    run: TrainingRun
    verdict: Verdict
    left_out: LeftOut
    notices: tuple[str, ...]


class Notes:
    """Passes progress on and writes it into the run, at most once a second."""

    def __init__(self, run: TrainingRun, report: Callable[[Progress], None]) -> None:
        self._run = run
        self._report = report
        self._written = float("-inf")

    def __call__(self, progress: Progress) -> None:
        run = self._run
        if progress.phase != run.phase:
            run.phase = progress.phase
            self.log(progress.phase)
        run.progress = min(max(progress.fraction, 0.0), 1.0)
        run.rate, run.seconds_left = progress.rate, progress.seconds_left
        if time.monotonic() - self._written >= SECONDS_BETWEEN_NOTES:
            self._written = time.monotonic()
            run.noted_at = timezone.now()
            run.save(update_fields=["phase", "progress", "rate", "seconds_left", "log", "noted_at"])
        self._report(progress)

    def write(self, phase: str, fraction: float) -> None:
        """Note a phase that has no rate."""
        self(Progress(phase, fraction))

    def log(self, sentence: str) -> None:
        self._run.log += f"{timezone.now():%H:%M:%S} {sentence}\n"


def retrain(
    options: RetrainOptions,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Retrained:
    """Train on base data and every trainable drawing; activate the version if it is not worse.

    The file is written before its row is committed, and the row is committed in one transaction
    with the activation, so that whatever ends this process leaves the old version whole.
    """
    told = {
        "from_scratch": options.from_scratch,
        "reviewed_only": options.reviewed_only,
        "base": list(options.base),
        "base_path": str(options.base_path) if options.base_path else None,
        "force": options.force,
        "dry_run": options.dry_run,
        "keep": options.keep,
        "cluster": options.cluster,
        **asdict(options.training),
    }
    with start_run(told) as run:
        if not options.dry_run:
            artifact_files.check_reachable()
        remove_orphans()
        with connected(options.cluster):
            retrained = _train(run, options, Notes(run, report))
        logger.info(run.outcome)
        if not options.dry_run:
            prune(options.keep)
        return retrained


def _train(run: TrainingRun, options: RetrainOptions, notes: Notes) -> Retrained:
    notes.write("Reading the archive", 0.0)
    bundled, bundled_pipeline = _load_bundled_version()
    corrections = select_corrections(
        bundled_pipeline,
        reviewed_only=options.reviewed_only,
        mark=not options.dry_run,
        jobs=options.training.jobs,
    )
    notes.write("Reading the base", 0.0)
    base = read_base(options.base, options.base_path)
    notices = (*corrections.notices, *base.notices)
    for sentence in notices:
        notes.log(sentence)
        logger.warning(sentence)
    # With another base, the bundled model's weights would bring in what that base does not have.
    goes_on = TMNIST in options.base and not options.from_scratch
    trained = train.train(
        base.typefaces,
        corrections.digits,
        options.training,
        start=bundled_pipeline if goes_on else None,
        letters=Path(settings.LETTERS_DATASET),
        report=notes,
        handwritten=base.handwritten,
        handwriting=base.handwriting,
        measured=base.measured,
    )
    notes.write("Comparing with the active model", 1.0)
    verdict = judge(trained, force=options.force)
    data = artifacts.serialize(trained.model)
    parameters = {
        **trained.parameters,
        "base": list(options.base),
        "reviewed_only": options.reviewed_only,
    }
    manifest = artifacts.describe(data, parameters, trained.data, trained.metrics)
    facts = {
        "origin": TrainedModel.Origin.RETRAINED,
        "training_seconds": round(trained.seconds, 1),
        "parent": bundled if goes_on else None,
    }
    if options.dry_run:
        model = describe_version(manifest, **facts, gate=verdict.as_dict())
        _finish(run, None, f"Dry run, nothing is stored. {verdict.outcome_of(None)}")
    else:
        notes.write("Keeping the model", 1.0)
        taught = corrections.stored.taught_to(trained.holdouts.corrections)
        model, verdict = _keep(run, data, manifest, verdict, facts, taught, force=options.force)
    return Retrained(model, run, verdict, corrections.left_out, notices)


def _keep(
    run: TrainingRun,
    data: bytes,
    manifest: artifacts.Manifest,
    verdict: Verdict,
    facts: dict[str, Any],
    taught: bytes,
    *,
    force: bool,
) -> tuple[TrainedModel, Verdict]:
    """Store the version, and activate it if the gate accepts it."""
    name = artifact_files.keep_retrained(data, manifest)
    with transaction.atomic():
        verdict = confirm(verdict, force=force)
        model = add_version(manifest, **facts, artifact=name, gate=verdict.as_dict())
        Lesson.objects.create(model=model, drawings=taught)
        Lesson.objects.exclude(model__pruned_at=None).delete()
        if verdict.accepted:
            make_active(model)
        _finish(run, model, verdict.outcome_of(model))
    return model, verdict


def _finish(run: TrainingRun, model: TrainedModel | None, outcome: str) -> None:
    run.model = model
    run.state = TrainingRun.State.SUCCEEDED if model else TrainingRun.State.TRIED
    run.progress = 1.0
    run.finished_at = timezone.now()
    run.outcome = outcome
    run.save()


def _load_bundled_version() -> tuple[TrainedModel | None, Any]:
    """Return the bundled version and its estimator; a chain of retrained ones would drift."""
    for row in TrainedModel.objects.bundled():
        try:
            return row, load_pipeline(row)
        except ArtifactError as error:
            logger.error("%s cannot be the start: %s", row, error)
    return None, artifacts.load(Path(settings.BUNDLED_MODEL))[0]
