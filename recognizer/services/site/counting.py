"""The daily counts in the background: a task that the worker repeats every five minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django_tasks import TaskContext, task
from django_tasks_db.models import DBTaskResult, get_date_max

from recognizer.models import Decision, Drawing
from recognizer.services import daily_counts
from recognizer.services.chunks import in_chunks
from recognizer.services.retraining import schedule

EVERY = timedelta(minutes=5)
SECONDS = 20.0
"""After so long, a retraining that waits has its turn; the rest follows at once."""
TURN = timedelta(minutes=1)
"""Another worker waits so long for a turn to end."""
LOST = timedelta(hours=1)
"""The worker of a turn that runs longer was killed."""
KEPT = timedelta(days=30)
"""Tasks that ended earlier are deleted, and reports and comparisons whose worker was killed."""


@task(takes_context=True)
def count_in_background(context: TaskContext) -> str:
    """Count what has changed; the next turn is enqueued first, so that no end of this prevents it.

    Turns that are done, wait, or were left behind by a killed worker are deleted; never one that
    another worker may be in, who could not end it. So are decisions without a drawing.
    """
    now = timezone.now()
    _turns().exclude(Q(status="RUNNING") & Q(started_at__gt=now - LOST)).delete()
    count_in_background.using(run_after=now + EVERY).enqueue()
    begun = context.task_result.started_at
    if _turns().filter(status="RUNNING", started_at__gt=now - TURN, started_at__lt=begun).exists():
        return "Another worker counts."
    _forget_orphans()
    schedule.take_up_dead()
    ended = Q(finished_at__lt=now - KEPT) | Q(finished_at=None, started_at__lt=now - KEPT)
    DBTaskResult.objects.filter(ended).exclude(status="READY").delete()
    if daily_counts.keep_counts(SECONDS):
        return "All days are counted."
    start_counting()
    return "There is more to count."


def start_counting() -> None:
    """Have the worker count now: enqueue a turn, or hasten the one that waits."""
    ready, at_once = _turns().filter(status="READY"), get_date_max()
    times = set(ready.order_by().values_list("run_after", flat=True))
    if not times:
        count_in_background.enqueue()
    elif at_once not in times:  # anybody may ask for the statistics: no write each time
        ready.update(run_after=at_once)


def _forget_orphans() -> None:
    """Delete the decisions about drawings that the version before has deleted."""
    orphans = Decision.objects.exclude(drawing__in=Drawing.objects.all()).order_by()
    for ids in in_chunks(list(orphans.values_list("pk", flat=True))):
        Decision.objects.filter(pk__in=ids).delete()


def resume_counting() -> None:
    """Have the worker count where it has stopped, as after a worker without it took the turn."""
    last = daily_counts.counted_at()
    if last is None or timezone.now() - last > 3 * EVERY:
        start_counting()


def _turns() -> Any:
    return DBTaskResult.objects.filter(task_path=count_in_background.module_path)
