"""A new version from the archive: one retraining at a time, and nothing half done."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ml import artifacts, datasets, training
from ml.errors import ArtifactError
from recognizer.models import CANONICAL_BYTES, Drawing, TrainedModel, TrainingRun
from recognizer.services.registry import ServiceError, add_version, load_pipeline, make_active

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_NOTES = 1.0
"""How often, at the most, the progress of a run is written to the database."""


class RetrainingInProgress(ServiceError):
    """Somebody else is retraining; the text says who."""


@dataclass(frozen=True)
class RetrainOptions:
    """What a retraining may be told."""

    from_scratch: bool = False
    base: Path | None = None
    training: training.TrainingOptions = field(default_factory=training.TrainingOptions)


@dataclass(frozen=True)
class Retrained:
    """What came of a retraining."""

    model: TrainedModel
    run: TrainingRun
    left_out: tuple[str, ...]


def retrain(
    options: RetrainOptions, report: Callable[[training.Progress], None] = lambda progress: None
) -> Retrained:
    """Train on typefaces and every trainable drawing, and let the new version answer.

    The file is written before its row is committed, and the row is committed in one transaction
    with the activation, so that whatever ends this process leaves the old version whole.
    """
    with _only_one() as lock:
        close_interrupted_runs()
        _remove_orphans()
        run = TrainingRun.objects.create(
            host=socket.gethostname(),
            process=os.getpid(),
            options={
                "from_scratch": options.from_scratch,
                "base": str(options.base) if options.base else None,
                **asdict(options.training),
            },
        )
        _sign(lock, run)
        try:
            return _train(run, options, _Notes(run, report))
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt | SystemExit)
            run.state = TrainingRun.State.INTERRUPTED if stopped else TrainingRun.State.FAILED
            run.outcome = "Stopped by hand." if stopped else str(error) or type(error).__name__
            run.finished_at = timezone.now()
            run.save(update_fields=["state", "phase", "progress", "log", "outcome", "finished_at"])
            raise


def close_interrupted_runs() -> int:
    """Mark runs whose process died; the caller holds the lock, so none can be alive."""
    return TrainingRun.objects.filter(state=TrainingRun.State.RUNNING).update(
        state=TrainingRun.State.INTERRUPTED,
        finished_at=timezone.now(),
        outcome="The process ended before the run did.",
    )


def _train(run: TrainingRun, options: RetrainOptions, notes: _Notes) -> Retrained:
    notes.write("Reading the archive", 0.0)
    corrections, left_out = _read_corrections()
    for sentence in left_out:
        notes.log(sentence)
        logger.warning(sentence)
    notes.write("Reading the typefaces", 0.0)
    base = datasets.load_tmnist(options.base or settings.BASE_DATASET)
    parent, start = (None, None) if options.from_scratch else _bundled_start()
    letters = Path(settings.LETTERS_DATASET)
    trained = training.train(
        base, corrections, options.training, start=start, letters=letters, report=notes
    )
    notes.write("Keeping the model", 1.0)
    data = artifacts.serialize(trained.model)
    manifest = artifacts.describe(data, trained.parameters, trained.data, trained.metrics)
    name = f"model-{manifest.sha256[:12]}.joblib"
    artifacts.save(Path(settings.ARTIFACTS_DIR) / name, data, manifest)
    with transaction.atomic():
        model = add_version(
            manifest,
            origin=TrainedModel.Origin.RETRAINED,
            artifact=name,
            training_seconds=round(trained.seconds, 1),
            parent=parent,
        )
        make_active(model)
        run.model = model
        run.state = TrainingRun.State.SUCCEEDED
        run.progress = 1.0
        run.finished_at = timezone.now()
        run.outcome = f"{model} is active."
        run.save()
    logger.info(run.outcome)
    return Retrained(model, run, left_out)


def _read_corrections() -> tuple[datasets.LabeledDigits, tuple[str, ...]]:
    """Collect the canonical digits of all trainable drawings; name those that are corrupt."""
    pixels, labels, groups, left_out = bytearray(), bytearray(), [], []
    rows = Drawing.objects.trainable().order_by("created_at", "id")
    for pk, canonical, label in rows.values_list("pk", "canonical", "label").iterator():
        if fault := _fault_of(bytes(canonical)):
            left_out.append(f"Drawing {pk} is left out: {fault}")
            continue
        pixels += canonical
        labels.append(cast(int, label))
        groups.append(str(pk))
    images = np.frombuffer(bytes(pixels), np.uint8).reshape(-1, 28, 28)
    digits = datasets.LabeledDigits(
        images, np.frombuffer(bytes(labels), np.uint8), np.array(groups, dtype=str)
    )
    return digits, tuple(left_out)


def _fault_of(canonical: bytes) -> str | None:
    """Say what is wrong with stored pixels; None if nothing is."""
    if len(canonical) != CANONICAL_BYTES:
        return f"it has {len(canonical)} bytes of pixels instead of {CANONICAL_BYTES}."
    digit = np.frombuffer(canonical, np.uint8).reshape(28, 28)
    if not digit.any():
        return "its pixels are blank."
    # The ink of a canonical digit is a box of 20 px; bytes that were overwritten fill it all.
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    if max(np.ptp(rows), np.ptp(columns)) >= 24:
        return "its pixels are no canonical digit."
    return None


def _bundled_start() -> tuple[TrainedModel | None, Any]:
    """Return the bundled version and its estimator: a chain of retrained ones would drift."""
    for row in TrainedModel.objects.bundled():
        try:
            return row, load_pipeline(row)
        except ArtifactError as error:
            logger.error("%s cannot be the start: %s", row, error)
    return None, artifacts.load(Path(settings.BUNDLED_MODEL))[0]


def _remove_orphans() -> None:
    """Delete what an interrupted run left without a row; the lock keeps others out.

    It may have died while writing the manifest, between that and the model, or before the row.
    """
    folder = Path(settings.ARTIFACTS_DIR)
    known = {Path(name).stem for name in TrainedModel.objects.values_list("artifact", flat=True)}
    for pattern in ("model-*.joblib", "model-*.json", ".model-*"):
        for path in folder.glob(pattern):
            if path.stem not in known:
                path.unlink(missing_ok=True)


@contextmanager
def _only_one() -> Iterator[IO[str]]:
    """Hold a lock that ends with this process, however that ends."""
    folder = Path(settings.ARTIFACTS_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "retrain.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RetrainingInProgress(_holder_of(lock)) from error
        yield lock


def _sign(lock: IO[str], run: TrainingRun) -> None:
    lock.truncate(0)
    json.dump({"run": run.pk, "host": run.host, "process": run.process}, lock)
    lock.flush()


def _holder_of(lock: IO[str]) -> str:
    lock.seek(0)
    try:
        holder = json.load(lock)
    except ValueError:
        return "Another retraining is just starting; try again when it is done."
    return (
        f"Training run {holder['run']} (process {holder['process']} on {holder['host']}) "
        "is still going; try again when it is done."
    )


class _Notes:
    """Passes progress on and writes it into the run, at most once a second."""

    def __init__(self, run: TrainingRun, report: Callable[[training.Progress], None]) -> None:
        self._run = run
        self._report = report
        self._written = float("-inf")

    def __call__(self, progress: training.Progress) -> None:
        if progress.phase != self._run.phase:
            self._run.phase = progress.phase
            self.log(progress.phase)
        self._run.progress = min(max(progress.fraction, 0.0), 1.0)
        if time.monotonic() - self._written >= SECONDS_BETWEEN_NOTES:
            self._written = time.monotonic()
            self._run.save(update_fields=["phase", "progress", "log"])
        self._report(progress)

    def write(self, phase: str, fraction: float) -> None:
        self(training.Progress(phase, fraction))

    def log(self, sentence: str) -> None:
        self._run.log += f"{timezone.now():%H:%M:%S} {sentence}\n"
