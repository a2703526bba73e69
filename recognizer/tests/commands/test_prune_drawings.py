"""manage.py prune_drawings: old drawings that nothing can be learned from are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recognizer.models import UNSUSPICIOUS, Drawing, DrawingQuerySet
from recognizer.tests.conftest import DRAWINGS, Caller


@pytest.fixture(autouse=True)
def archive(stranger: Caller) -> None:
    """Store an open, a labeled and a rejected drawing, each new and a hundred days old."""
    now = timezone.now()
    for created_at in (now, now - timedelta(days=100)):
        for what in ("open", "labeled", "rejected"):
            drawing = stranger.draw(7)["id"]
            if what != "open":
                stranger.put(f"{DRAWINGS}{drawing}/feedback/", {"label": 1})
            row = Drawing.objects.filter(pk=drawing)
            row.update(created_at=created_at)
            if what == "rejected":
                row.update(review="rejected", reviewed_at=now, **UNSUSPICIOUS)


def prune(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command and return what it printed."""
    call_command("prune_drawings", *arguments)
    return capsys.readouterr().out


def test_old_drawings_without_an_answer_are_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    assert prune(capsys, "--older-than", "90", "--unlabeled") == "1 drawing deleted.\n"
    assert Drawing.objects.open().count() == 1
    assert Drawing.objects.count() == 5


def test_old_rejected_drawings_are_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    assert prune(capsys, "--older-than", "90", "--rejected") == "1 drawing deleted.\n"
    assert Drawing.objects.filter(review="rejected").count() == 1


def test_what_a_model_learns_from_is_never_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    prune(capsys, "--older-than", "0", "--unlabeled", "--rejected")
    assert Drawing.objects.count() == Drawing.objects.trainable().count() == 2


def test_what_is_answered_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = DrawingQuerySet.select_for_update

    def answer_first(drawings: DrawingQuerySet, **options: Any) -> DrawingQuerySet:
        Drawing.objects.open().update(label=7, feedback_at=timezone.now())
        return lock(drawings, **options)

    monkeypatch.setattr(DrawingQuerySet, "select_for_update", answer_first)
    call_command("prune_drawings", "--older-than", "90", "--unlabeled")
    assert Drawing.objects.count() == 6


def test_a_dry_run_only_counts(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--older-than", "90", "--unlabeled", "--rejected", "--dry-run")
    assert prune(capsys, *arguments) == "2 drawings would be deleted.\n"
    assert Drawing.objects.count() == 6


def test_it_must_be_told_which_ones() -> None:
    with pytest.raises(CommandError, match="--unlabeled, --rejected or both"):
        call_command("prune_drawings", "--older-than", "90")


@pytest.mark.parametrize("days", ["-1", "ten", "nan", "1e300", "40000"])
def test_an_age_other_than_a_number_of_days_is_refused(days: str) -> None:
    with pytest.raises(CommandError, match="--older-than"):
        call_command("prune_drawings", f"--older-than={days}", "--unlabeled")
