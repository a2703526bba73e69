"""Retraining in the background: enqueued by a person or a rule, run by `manage.py db_worker`."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet, get_date_max

from ml.errors import ClusterError
from recognizer.models import Drawing, DrawingQuerySet, TrainedModel, TrainingRun
from recognizer.services.errors import ServiceError
from recognizer.services.retraining.runs import (
    RetrainingInProgress,
    lock_retraining,
    running_now,
)

logger = logging.getLogger(__name__)

BUSY = timedelta(minutes=1)
"""How long a retraining waits for another one before it tries again."""
STARTING = timedelta(minutes=1)
"""A worker takes less until its run holds the lock."""
TRIES = 2
"""So often a retraining is begun whose worker dies: one that takes too much memory would go on."""


class RetrainingEnqueued(ServiceError):
    """A retraining is waiting already."""


@task()
def retrain_in_background(if_due: bool = False) -> str:
    """Retrain as the command does; return the outcome, which the admin shows."""
    from recognizer.services.retraining import training  # not loaded where digits are only read

    if if_due and not is_due():
        return "Nothing was done: a run that began in the meantime has learned from all."
    options = training.RetrainOptions()
    try:
        try:
            return training.retrain(options).run.outcome
        except ClusterError as error:
            logger.warning("%s This machine trains alone.", error)
            return training.retrain(replace(options, cluster=None)).run.outcome
    except SystemExit:  # the server stops, and does not wait for the end; the next one begins again
        retrain_in_background.enqueue()
        raise
    except RetrainingInProgress as busy:
        later = retrain_in_background.using(run_after=timezone.now() + BUSY)
        later.enqueue(if_due=if_due)
        return f"Put off by a minute: {busy}"


def enqueue_retraining() -> None:
    """Enqueue a retraining, unless one is waiting or going on."""
    if running := running_now():
        raise RetrainingInProgress(f"{running} Wait until it is done, then begin the next one.")
    with transaction.atomic():
        _wait_for_turn()
        is_waiting = _waiting().exists()
        if not is_waiting:
            retrain_in_background.enqueue()
    if is_waiting:
        raise RetrainingEnqueued("A retraining is waiting already.")


def enqueue_if_due() -> None:
    """Enqueue a retraining if it is due and none is waiting."""
    if not is_due():
        return
    with transaction.atomic():
        _wait_for_turn()
        if not _waiting().exists():
            retrain_in_background.enqueue(if_due=True)


def take_up_dead() -> None:
    """Have a retraining whose worker died begin again; it counts as failed the second time."""
    begun = DBTaskResult.objects.filter(
        task_path=retrain_in_background.module_path,
        status="RUNNING",
        started_at__lt=timezone.now() - STARTING,
    )
    if not begun.exists():
        return
    with suppress(RetrainingInProgress), lock_retraining(), transaction.atomic():
        _wait_for_turn()
        for dead in begun.order_by("started_at"):
            if len(dead.worker_ids) < TRIES and not _waiting().exists():
                # Whether it is due is no question any more: its own run has begun since.
                again = {"args_kwargs": {"args": [], "kwargs": {}}, "run_after": get_date_max()}
                begun.filter(pk=dead.pk).update(status="READY", **again)
            else:
                begun.filter(pk=dead.pk).update(status="FAILED", finished_at=timezone.now())


def is_due() -> bool:
    """Check whether RETRAIN_AFTER labels were approved since the start of the last run."""
    wanted: int = settings.RETRAIN_AFTER
    return bool(wanted) and newly_approved()[:wanted].count() >= wanted


def newly_approved() -> DrawingQuerySet:
    """Return the drawings that were approved since the start of the last run."""
    now = timezone.now()  # what is later is of a clock that was ahead
    runs = TrainingRun.objects.filter(started_at__lte=now).exclude(state=TrainingRun.State.TRIED)
    last = runs.aggregate(last=Max("started_at"))["last"] or datetime.min.replace(tzinfo=UTC)
    return Drawing.objects.approved_after(last).filter(reviewed_at__lte=now).order_by()


def waiting_since() -> datetime | None:
    """Return since when a retraining has been waiting for a worker, if one is."""
    return _waiting().values_list("enqueued_at", flat=True).first()


def _waiting() -> DBTaskResultQuerySet:
    tasks: DBTaskResultQuerySet = DBTaskResult.objects.filter(
        task_path=retrain_in_background.module_path, status="READY"
    )
    return tasks


def _wait_for_turn() -> None:
    """Hold a lock until the end of the transaction, so that only one retraining is enqueued.

    One that a clock ahead has put off is due now.
    """
    list(TrainedModel.objects.active().select_for_update())
    _waiting().filter(run_after__gt=timezone.now() + BUSY).update(run_after=get_date_max())
