"""Training runs: only one at a time, closed when they end or their process has died."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from recognizer.models import TrainingRun
from recognizer.services import locking
from recognizer.services.errors import ServiceError


class RetrainingInProgress(ServiceError):
    """Another retraining is going on; the text names its process."""


@contextmanager
def start_run(options: dict[str, Any]) -> Iterator[TrainingRun]:
    """Start the only run; if the block fails, the run notes why.

    Runs whose process has died are closed first.
    """
    with lock_retraining():
        _close(TrainingRun.objects.all())
        run = TrainingRun.objects.create(
            host=socket.gethostname(), process=os.getpid(), options=options
        )
        try:
            yield run
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt | SystemExit)
            run.state = TrainingRun.State.INTERRUPTED if stopped else TrainingRun.State.FAILED
            run.outcome = "Stopped by hand." if stopped else str(error) or type(error).__name__
            run.finished_at = timezone.now()
            changed = ("state", "phase", "progress", "log", "outcome", "finished_at")
            # A run that has succeeded stays so, even if something fails after that.
            unfinished = TrainingRun.objects.running().filter(pk=run.pk)
            unfinished.update(**{name: getattr(run, name) for name in changed})
            raise


def close_dead_runs() -> int:
    """Mark runs whose process has died as interrupted; return how many.

    If the lock is free, none is alive.
    """
    if not TrainingRun.objects.running().exists():
        return 0
    try:
        with lock_retraining():
            return _close(TrainingRun.objects.all())
    except RetrainingInProgress:
        return 0


def running_now() -> str | None:
    """Return a sentence about the run that is going on, if there is one."""
    close_dead_runs()
    run = TrainingRun.objects.running().first()
    return f"{run} is still going." if run else None


def _close(runs: Any) -> int:
    """Mark runs as interrupted; the caller holds the lock."""
    closed: int = runs.running().update(
        state=TrainingRun.State.INTERRUPTED,
        finished_at=timezone.now(),
        outcome="The process ended before the run did.",
    )
    return closed


@contextmanager
def lock_retraining() -> Iterator[None]:
    """Hold a lock that ends with this process, even if it is killed or its host dies.

    PostgreSQL's is for all hosts. SQLite's is a file beside the model files. Their folder is there
    afterwards.
    """
    folder = Path(settings.ARTIFACTS_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    if locking.is_postgresql():
        with locking.hold_lock(b"retrain", wait=False) as is_held:
            if not is_held:
                raise RetrainingInProgress(_name_holder())
            yield
        return
    with (folder / "retrain.lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RetrainingInProgress(_name_holder()) from error
        yield


def _name_holder() -> str:
    run = TrainingRun.objects.running().order_by("pk").last()
    if run is None:
        return "Another retraining is just starting; try again when it is done."
    return (
        f"Training run {run.pk} (process {run.process} on {run.host}) is still going; "
        "try again when it is done."
    )
