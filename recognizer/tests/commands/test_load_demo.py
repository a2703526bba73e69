"""manage.py load_demo: a new site with something to look at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Max, Min
from django.utils import timezone

from ml.pipeline import NOT_A_DIGIT, predict
from recognizer.models import Drawing, Lesson, TrainedModel, TrainingRun
from recognizer.services.drawings import demo
from recognizer.services.drawings.recognition import canonical_digit_of
from recognizer.services.versions.gate import Verdict
from recognizer.services.versions.registry import load_pipeline
from recognizer.tests.conftest import Caller
from recognizer.tests.kit.small_training import SMALL


@pytest.fixture(autouse=True)
def small_demo(small_training: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let twenty hands write less, and train on little."""
    monkeypatch.setattr(demo, "DIGITS_A_SITTING", (1, 2))
    monkeypatch.setattr(demo, "SHORT", SMALL)


def load(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command and return what it printed."""
    call_command("load_demo", *arguments)
    return capsys.readouterr().out


def test_a_new_site_has_weeks_of_answers_a_queue_and_two_versions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = load(capsys)

    drawings = Drawing.objects.all()
    assert f"{drawings.count()} drawings by 20 hands" in told
    assert "createsuperuser" in told
    counts = drawings.aggregate(hands=Count("visitor", distinct=True), first=Min("created_at"))
    assert counts["hands"] == 20
    assert counts["first"] < timezone.now() - timedelta(days=21)
    assert drawings.aggregate(last=Max("created_at"))["last"] < timezone.now()
    assert drawings.open().exists()
    assert drawings.filter(label=NOT_A_DIGIT).exists()
    assert drawings.filter(source="canvas", strokes__isnull=False).exists()
    assert {review for (review,) in drawings.values_list("review").distinct()} == {
        "unreviewed",
        "approved",
        "rejected",
    }
    assert TrainedModel.objects.count() == 2
    assert TrainingRun.objects.get().model_id == 2
    assert bytes(Lesson.objects.get().drawings)


def test_each_reading_is_what_the_version_answers(capsys: pytest.CaptureFixture[str]) -> None:
    load(capsys)
    for model in TrainedModel.objects.all():
        pipeline = load_pipeline(model)
        for drawing in model.drawings.all():
            (again,) = predict(pipeline, canonical_digit_of(drawing)[None])
            assert drawing.prediction == again.digit
            assert drawing.confidence == pytest.approx(again.confidence, abs=1e-5)


def test_the_same_seed_gives_the_same_drawings() -> None:
    now = timezone.now()
    first, again, other = (demo._write(seed, now) for seed in (1, 1, 2))
    assert repr(first) == repr(again) != repr(other)


def test_an_archive_in_use_is_refused_with_what_to_do(
    stranger: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger.draw()
    with pytest.raises(CommandError, match=r"has 1 drawing, .*--beside"):
        load(capsys)
    assert (Drawing.objects.count(), TrainedModel.objects.count()) == (1, 1)
    load(capsys, "--beside")
    with pytest.raises(CommandError, match=r"seed 4 is here already; choose another --seed"):
        load(capsys, "--beside")


def test_a_site_in_use_goes_on_with_its_version_when_a_demo_is_loaded_beside(
    stranger: Caller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "judge", lambda trained: Verdict(accepted=True))
    stranger.draw()
    before = TrainedModel.objects.values().get()
    told = load(capsys, "--beside")
    assert TrainedModel.objects.values().get(version=1) == before
    assert not TrainedModel.objects.get(version=2).active
    assert "Model 2 is kept, but not active. It is of a demo beside" in told
    assert not Drawing.objects.filter(model=2).exists()


def test_a_demo_that_fails_halfway_leaves_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device", "disk")

    monkeypatch.setattr(demo, "_note_run", fail)
    with pytest.raises(CommandError, match="No space left"):
        load(capsys)
    assert not Drawing.objects.exists()
    assert TrainedModel.objects.get().active
