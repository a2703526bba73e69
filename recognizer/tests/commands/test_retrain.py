"""manage.py retrain: what people drew and said becomes a new version."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from recognizer.models import Drawing, TrainedModel, TrainingRun
from recognizer.services.drawings import predictions
from recognizer.services.retraining import runs, training
from recognizer.services.versions import registry
from recognizer.tests.kit.drawings import digits_of_one_face
from recognizer.tests.kit.small_training import answered

pytestmark = pytest.mark.usefixtures("small_training")


def share_of_seven() -> float:
    """Return how likely the active version finds a 7 in the 1 that was drawn."""
    _, (prediction,) = predictions.predict_pixels([digits_of_one_face()[1].tolist()])
    return prediction.probabilities[7]


def retrain(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Run the command and return the lines that it printed."""
    call_command("retrain", *arguments)
    return capsys.readouterr().out.splitlines()


def test_corrections_become_a_new_version_that_answers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Forty people say that this 1 is a 7.
    answered(7, count=40)
    before = share_of_seven()
    last_line = retrain(capsys)[-1]
    assert last_line.startswith("Model 2 is active: trained on ")
    assert "with 40 corrections" in last_line
    assert "% of unseen typefaces" in last_line
    model = TrainedModel.objects.active().get()
    assert (model.version, model.origin, model.parent_id) == (2, "retrained", 1)
    assert model.data["corrections"] == 40
    assert registry.active_model().version == 2
    assert share_of_seven() > before


def test_without_corrections_it_still_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert "with 0 corrections" in retrain(capsys)[-1]
    assert registry.active_model().version == 2


def test_enough_corrections_are_partly_kept_aside(capsys: pytest.CaptureFixture[str]) -> None:
    answered(7, count=120, review="approved", reviewed_at=timezone.now())
    assert "% of corrections kept aside" in retrain(capsys)[-1]
    data = TrainedModel.objects.active().get().data
    assert data["corrections_held_out"] > 0
    assert data["corrections"] + data["corrections_held_out"] == 120


def test_what_is_rejected_or_not_answered_is_not_learned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answered(7)
    answered(7, review="rejected", reviewed_at=timezone.now())
    Drawing.objects.filter(pk=answered(7)[0].pk).update(label=None, feedback_at=None)
    assert "with 1 correction in" in retrain(capsys)[-1]


@pytest.mark.parametrize("pixels", [b"short", bytes(784), b"\x80" * 784])
def test_a_corrupt_drawing_is_named_and_left_out(
    capsys: pytest.CaptureFixture[str], pixels: bytes
) -> None:
    _, corrupt = answered(7), answered(7)[0]
    if connection.vendor == "sqlite":
        unguarded = ["PRAGMA ignore_check_constraints = ON"]
        guarded = "PRAGMA ignore_check_constraints = OFF"
    else:  # until the test's transaction is rolled back
        drop = "ALTER TABLE recognizer_drawing DROP CONSTRAINT drawing_canonical_784_bytes"
        unguarded = ["SET CONSTRAINTS ALL IMMEDIATE", drop]
        guarded = "SET CONSTRAINTS ALL DEFERRED"
    with connection.cursor() as cursor:
        for statement in unguarded:
            cursor.execute(statement)
        Drawing.objects.filter(pk=corrupt.pk).update(canonical=pixels)
        cursor.execute(guarded)
    call_command("retrain")
    printed = capsys.readouterr()
    assert "with 1 correction in" in printed.out
    assert f"Drawing {corrupt.pk} is left out" in printed.err
    assert f"Drawing {corrupt.pk} is left out" in TrainingRun.objects.get().log


def test_from_scratch_it_has_no_parent(capsys: pytest.CaptureFixture[str]) -> None:
    retrain(capsys, "--from-scratch", "--force")
    model = TrainedModel.objects.active().get()
    assert model.parent is None
    assert model.parameters["from_scratch"] is True


def test_it_starts_from_the_bundled_version_and_not_from_a_retrained_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    retrain(capsys)
    retrain(capsys)
    assert TrainedModel.objects.active().get().parent_id == 1


def test_the_same_seed_makes_the_same_model(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        retrain(capsys, "--seed", "5")
    retrain(capsys, "--seed", "6")
    second, third, fourth = TrainedModel.objects.filter(version__gt=1).order_by("version")
    assert second.sha256 == third.sha256 != fourth.sha256


def test_phases_are_shown_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    lines = retrain(capsys)
    assert lines[0].strip() == "0% Reading the archive"
    assert any("Training" in line for line in lines)
    assert lines[-2].strip() == "100% Keeping the model"


def test_quiet_prints_the_last_line_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(retrain(capsys, "--quiet")) == 1


def test_json_is_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    answered(7)
    summary = json.loads(retrain(capsys, "--json")[-1])
    assert summary["model"] == 2
    assert summary["active"] is True
    assert summary["data"]["corrections"] == 1
    assert summary["accuracy"]["corrections"] is None
    assert 0 <= summary["accuracy"]["typefaces"] <= 1


def test_the_run_tells_how_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    retrain(capsys)
    run = TrainingRun.objects.get()
    assert run.state == "succeeded"
    assert run.progress == 1
    assert run.model is not None
    assert run.model.version == 2
    assert run.outcome == "Model 2 is active."
    assert "Training" in run.log
    assert run.options["from_scratch"] is False


def test_a_second_retraining_says_who_runs_and_ends() -> None:
    refusals: list[str] = []

    def report(progress: training.Progress) -> None:
        if not refusals:
            with pytest.raises(runs.RetrainingInProgress) as refusal:
                training.retrain(options)
            refusals.append(str(refusal.value))

    options = training.RetrainOptions(training=training.TrainingOptions())
    run = training.retrain(options, report).run
    assert refusals == [
        f"Training run {run.pk} (process {run.process} on {run.host}) "
        "is still going; try again when it is done."
    ]
    assert TrainingRun.objects.count() == 1


def test_a_run_whose_process_died_is_closed_by_the_next_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    dead = TrainingRun.objects.create(phase="Training", progress=0.7)
    retrain(capsys)
    dead.refresh_from_db()
    assert dead.state == "interrupted"
    assert dead.finished_at is not None
    assert registry.active_model().version == 2


def test_files_of_a_run_whose_process_died_are_deleted_by_the_next_one(
    model: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(django_settings.ARTIFACTS_DIR)
    for name in (
        "model-0123456789ab.joblib",  # written, never registered
        "model-0123456789ab.json",
        "model-ba9876543210.json",  # the model was to follow
        ".model-ba9876543210.joblib.x1y2z3",  # half of it
    ):
        (folder / name).write_bytes(b"{}")
    (folder / "notes.txt").write_text("somebody's own")
    retrain(capsys)
    retrained = TrainedModel.objects.active().get()
    artifacts = {Path(version.artifact).stem for version in (model, retrained)}
    wanted = {f"{stem}.{ending}" for stem in artifacts for ending in ("joblib", "json")}
    assert {path.name for path in folder.iterdir()} - {"retrain.lock"} == {*wanted, "notes.txt"}


def test_a_stopped_run_leaves_the_old_version(model: TrainedModel) -> None:
    def stop(progress: training.Progress) -> None:
        if progress.phase == "Measuring":
            raise KeyboardInterrupt

    options = training.RetrainOptions(training=training.TrainingOptions())
    with pytest.raises(KeyboardInterrupt):
        training.retrain(options, stop)
    run = TrainingRun.objects.get()
    assert (run.state, run.phase, run.model) == ("interrupted", "Measuring", None)
    assert registry.active_model().version == 1


def test_a_failed_run_says_why_and_leaves_the_old_version(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no"):
        call_command("retrain", "--base", str(tmp_path / "missing.csv"))
    run = TrainingRun.objects.get()
    assert run.state == "failed"
    assert "missing.csv" in run.outcome
    assert registry.active_model().version == 1


def test_a_progress_note_is_written_at_most_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = iter(np.arange(0, 10, 0.1))
    clock = SimpleNamespace(monotonic=lambda: float(next(moments)))
    monkeypatch.setattr("recognizer.services.retraining.training.time", clock)
    run = TrainingRun.objects.create()
    notes = training.Notes(run, lambda progress: None)
    written = []
    monkeypatch.setattr(run, "save", lambda **options: written.append(run.progress))
    for step in range(20):
        notes(training.Progress("Training", step / 20))
    assert len(written) <= 4
