"""manage.py retrain tells which labels it did not learn from, and why."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from ml.labeled.digits import LabeledDigits
from ml.training.label_check import LabelCheck
from recognizer.models import Drawing, TrainedModel, TrainingRun
from recognizer.services.retraining import corrections
from recognizer.tests.kit.small_training import answered

pytestmark = pytest.mark.usefixtures("small_training")

SUSPICIOUS = "1 label is left out as suspicious: contradicted by what others drew."
BEYOND = "2 labels are left out: beyond the share of one visitor."
UNREVIEWED = "3 labels are left out: not approved by a reviewer yet."


def doubt_eights(
    pipeline: Any, digits: LabeledDigits, approved: Any, settled: Any, jobs: int
) -> LabelCheck:
    """Find every 8 suspicious, and see a 1 in it."""
    count = len(digits)
    wrong = (digits.labels == 8) & ~approved
    none = np.zeros(count, bool)
    return LabelCheck(wrong, none, none, np.ones(count, np.uint8), np.full(count, 0.99))


@pytest.fixture
def doubts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the label check doubt eights."""
    monkeypatch.setattr(corrections, "check_labels", doubt_eights)


def retrain(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, Any], str]:
    """Run the command; return its JSON and what it wrote beside it."""
    call_command("retrain", "--json", *arguments)
    printed = capsys.readouterr()
    return json.loads(printed.out.splitlines()[-1]), printed.err


@pytest.mark.usefixtures("doubts")
def test_suspicious_labels_are_reported_and_not_learned_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answered(7, 2)
    (eight,) = answered(8)
    summary, errors = retrain(capsys)
    assert summary["left_out"]["suspicious"] == 1
    assert summary["data"]["corrections"] == 2
    assert SUSPICIOUS in errors
    assert SUSPICIOUS in TrainingRun.objects.get().log
    assert list(Drawing.objects.suspicious()) == [eight]


@pytest.mark.usefixtures("doubts")
def test_a_dry_run_marks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    answered(8)
    summary, _ = retrain(capsys, "--dry-run")
    assert summary["left_out"]["suspicious"] == 1
    assert not Drawing.objects.suspicious().exists()


def test_what_is_beyond_a_visitors_share_is_reported(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.RETRAIN_VISITOR_LABELS = 1
    answered(7, 3)
    summary, errors = retrain(capsys)
    assert summary["left_out"]["beyond_share"] == 2
    assert summary["data"]["corrections"] == 1
    assert BEYOND in errors
    assert BEYOND in TrainingRun.objects.get().log


def test_reviewed_only_learns_from_approved_drawings_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answered(7, 3)
    answered(7, 2, review="approved", reviewed_at=timezone.now())
    summary, errors = retrain(capsys, "--reviewed-only")
    assert summary["left_out"]["unreviewed"] == 3
    assert summary["data"]["corrections"] == 2
    assert UNREVIEWED in errors
    assert TrainingRun.objects.get().options["reviewed_only"] is True
    assert TrainedModel.objects.get(version=2).parameters["reviewed_only"] is True


def test_a_setting_makes_reviewed_only_the_rule(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.RETRAIN_REVIEWED_ONLY = True
    answered(7, 3)
    summary, _ = retrain(capsys)
    assert summary["left_out"]["unreviewed"] == 3
    assert summary["data"]["corrections"] == 0
