"""Reports and comparisons: a page asks for one, and `manage.py db_worker` makes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext_noop
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from recognizer.models import Decision, Drawing, Finding, TrainedModel
from recognizer.services import errors
from recognizer.services.versions.registry import get_model

FORMAT = 2
"""Version of the stored contents; goes up when they are made differently. Others are not shown."""
SILENCE = timedelta(minutes=5)
"""Time without progress after which the worker counts as dead; the longest step takes 15 s."""


@dataclass(frozen=True)
class Found:
    """What there is of a report or a comparison."""

    finding: Finding | None
    waiting_since: datetime | None
    is_running: bool
    fault: str
    is_outdated: bool

    @property
    def is_unfinished(self) -> bool:
        return self.is_running or self.waiting_since is not None

    @property
    def content(self) -> Any:
        stored = self.finding and self.finding.content
        return stored["made"] if stored and stored.get("format") == FORMAT else None


@task(priority=10)
def make_in_background(*versions: int) -> str:
    """Make what a page has asked for, before any retraining that waits."""
    try:
        make(*versions)
    except errors.EXPECTED as error:
        return str(error)
    return "Made."


def look(*versions: int) -> Found:
    """Return the report of one version or the comparison of two; ask for it if there is none."""
    found = _look(versions)
    if not (found.is_unfinished or found.fault or found.content):
        ask(*versions)
        found = _look(versions)
    return found


def ask(*versions: int) -> None:
    """Have the worker make it again, unless it is to do so already."""
    if not _look(versions).is_unfinished:
        make_in_background.enqueue(*versions)


def make(*versions: int) -> Any:
    """Make a report or a comparison, keep it, and return it; if that fails, keep the reason."""
    # Not loaded where digits are only read.
    from recognizer.services.versions import comparison, reports

    stored = Finding.objects.filter(pk=_name(versions))

    def note(phase: str, progress: float) -> None:
        stored.update(phase=phase, progress=progress, noted_at=timezone.now())

    first, *others = versions
    if others:
        comparison.get_pair(first, others[0])
    else:
        get_model(first)
    Finding.objects.get_or_create(name=_name(versions))
    fault = gettext_noop("It was stopped, or failed for a reason that the log of the worker names.")
    try:
        basis = _digest_basis(versions)
        note(gettext_noop("beginning"), 0.0)
        if others:
            made: Any = comparison.compare_versions(first, others[0], note)
            content = comparison.as_content(made)
        else:
            made = reports.make_report(first, note)
            content = reports.as_content(made)
        content = {"format": FORMAT, "made": content}
        stored.update(content=content, made_at=timezone.now(), basis=basis)
        fault = ""
    except errors.EXPECTED as error:
        fault = str(error)
        raise
    finally:
        stored.update(noted_at=None, fault=fault)
    return made


def _look(versions: tuple[int, ...]) -> Found:
    finding = Finding.objects.filter(pk=_name(versions)).defer("content").first()
    now = timezone.now()
    tasks = DBTaskResult.objects.filter(
        task_path=make_in_background.module_path,
        args_kwargs={"args": list(versions), "kwargs": {}},
    )
    # A worker takes seconds from its turn to the first note.
    begun = tasks.filter(status="RUNNING", started_at__gt=now - SILENCE)
    if finding and finding.made_at:
        begun = begun.filter(started_at__gt=finding.made_at)
    noted_at = finding and finding.noted_at
    # A later note is of a clock that was ahead.
    is_running = abs(now - noted_at) < SILENCE if noted_at else begun.exists()
    fault = finding.fault if finding else ""
    if noted_at and not is_running:
        fault = gettext_noop("The worker ended before it was done.")
    waiting_since = tasks.filter(status="READY").values_list("enqueued_at", flat=True).first()
    is_made = finding and finding.made_at and not is_running and waiting_since is None
    # Not read while a page polls: it goes through all labels.
    is_outdated = bool(finding and is_made and finding.basis != _digest_basis(versions))
    return Found(finding, waiting_since, is_running, fault, is_outdated)


def _digest_basis(versions: tuple[int, ...]) -> str:
    """Digest what it is made from: versions, and how many labels there are and when they changed.

    A report has the learning curve of all versions. What reviewers change, they decide.
    """
    rows = TrainedModel.objects.order_by("version").values_list("version", "sha256", "pruned_at")
    models = rows.filter(pk__in=versions) if len(versions) == 2 else rows
    labels = Drawing.objects.labeled().aggregate(Count("pk"), Max("feedback_at"))
    decisions = Decision.objects.aggregate(Max("pk"), Max("undone_at"))
    return hashlib.sha256(repr(([*models], labels, decisions)).encode()).hexdigest()


def _name(versions: tuple[int, ...]) -> str:
    return "-".join(map(str, versions))
