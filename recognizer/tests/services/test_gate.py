"""The gate: a version that is significantly worse than the active one is kept, but not active."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command
from django.utils import timezone
from sklearn.pipeline import Pipeline

from ml.labeled.digits import LabeledDigits, is_held_out
from ml.measuring.holdouts import Answers, Holdouts
from ml.pipeline import Reading
from ml.training.train import TrainedArtifact
from recognizer.models import Drawing, TrainedModel, TrainingRun
from recognizer.services.versions import gate, registry
from recognizer.tests.kit.drawings import copy_model, digits_of_one_face
from recognizer.tests.kit.small_training import answered

pytestmark = [
    pytest.mark.any_database,
    pytest.mark.usefixtures("small_training"),
]
# New weights learn next to nothing from so little, and are worse than those of version 1.
WORSE = "--from-scratch"


def retrain(*arguments: str) -> int:
    """Run the command and return its exit code."""
    try:
        call_command("retrain", "--quiet", *arguments)
    except CommandError as error:
        return error.returncode
    return 0


def active_version() -> int:
    return TrainedModel.objects.active().get().version


def test_a_worse_version_is_kept_but_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert retrain(WORSE) == 3
    assert "Model 2 is kept, but not active: trained on" in capsys.readouterr().out
    assert active_version() == 1
    model = TrainedModel.objects.get(version=2)
    assert (Path(site.ARTIFACTS_DIR) / model.artifact).exists()
    assert registry.activate(2).active


def test_it_says_on_what_it_is_worse_and_how_to_activate_it_anyway() -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("retrain", "--quiet", WORSE)
    counts = TrainedModel.objects.get(version=2).gate["compared"]["typefaces"]
    lost, won, n = counts["only_first"], counts["only_second"], counts["n"]
    assert (
        f"significantly worse than Model 1 on unseen typefaces by {100 * (lost - won) / n:.1f} "
        f"points (wrong where the other is right: {lost}, the other way: {won}, of {n}; p = "
    ) in str(refusal.value)
    assert str(refusal.value).endswith("manage.py activate_model 2.")


def crossed_candidate() -> TrainedArtifact:
    """Make a candidate that reads 12 of 200 generated sevens as 1, and all else right."""
    labels = np.repeat(np.arange(10, dtype=np.uint8), 200)
    pens = LabeledDigits(digits_of_one_face()[labels], labels, np.full(2_000, "pen"))
    none, nothing = LabeledDigits.concatenate([]), Reading(np.empty((0, 10)), np.empty(0))
    given = labels.copy()
    given[np.flatnonzero(labels == 7)[:12]] = 1
    holdouts = Holdouts(none, pens, none, none.images)
    answers = Answers(nothing, Reading(np.eye(10)[given], np.zeros(2_000)), nothing, nothing)
    return TrainedArtifact(Pipeline([("none", None)]), {}, {}, {}, 0.0, holdouts, answers)


@pytest.mark.parametrize("force", [False, True])
def test_one_digit_that_falls_refuses_a_version_whatever_the_sum_says(force: bool) -> None:
    verdict = gate.judge(crossed_candidate(), force=force)
    assert (verdict.worse, verdict.fallen) == ((), (("pens", 7),))
    assert (verdict.accepted, verdict.forced) == (force, force)
    assert verdict.reason == (
        "It is significantly worse than Model 1 on the 7 of generated handwriting by 6.0 points "
        "(wrong where the other is right: 12, the other way: 0, of 200; p = 0.00024)."
    )
    kept = verdict.as_dict()
    assert kept["fallen"] == (("pens", 7),)
    assert kept["digits"]["pens"]["7"] == {"n": 200, "points_lost": 6.0, "p": 0.00024}
    assert kept["digits"]["pens"]["1"] == {"n": 200, "points_lost": 0.0, "p": 1.0}


def test_the_run_and_the_version_keep_what_the_gate_said() -> None:
    retrain(WORSE)
    run, model = TrainingRun.objects.get(), TrainedModel.objects.get(version=2)
    assert run.state == "succeeded"
    assert run.model == model
    assert run.outcome.startswith("Model 2 is kept, but not active. It is significantly worse")
    assert (model.gate["accepted"], model.gate["against"], model.gate["level"]) == (False, 1, 0.05)
    assert "typefaces" in model.gate["worse"]
    assert model.gate["reason"] in run.outcome


def test_a_version_that_is_not_worse_is_compared_too() -> None:
    assert retrain() == 0
    kept = TrainedModel.objects.get(version=2).gate
    assert (kept["accepted"], kept["against"], kept["worse"]) == (True, 1, [])
    assert set(kept["compared"]) == {"typefaces", "pens", "others"}
    assert kept["compared"]["others"]["n"] == 30 + 50 + 20


def test_force_lets_a_worse_version_answer_and_the_record_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert retrain(WORSE, "--force") == 0
    printed = capsys.readouterr()
    assert "Model 2 is active, because it was forced: trained on" in printed.out
    assert "significantly worse than Model 1" in printed.err
    assert active_version() == 2
    assert TrainedModel.objects.get(version=2).gate["forced"] is True
    assert TrainingRun.objects.get().outcome.startswith("Model 2 is active. It was forced. It is")


def test_force_is_not_noted_where_it_was_not_needed() -> None:
    assert retrain("--force") == 0
    assert TrainedModel.objects.get(version=2).gate["forced"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [((), 0, "It would be active."), ((WORSE,), 3, "It would not be active. It is significantly")],
)
def test_a_dry_run_stores_nothing_and_says_what_would_have_been(
    arguments: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name for path in Path(site.ARTIFACTS_DIR).iterdir()}
    assert retrain("--dry-run", *arguments) == code
    assert capsys.readouterr().out.startswith("Dry run, nothing is stored: the model would ")
    assert TrainedModel.objects.count() == 1
    after = {path.name for path in Path(site.ARTIFACTS_DIR).iterdir()}
    assert after - {"retrain.lock"} == before
    run = TrainingRun.objects.get()
    assert (run.state, run.model, run.options["dry_run"]) == ("tried", None, True)
    assert run.outcome.startswith(f"Dry run, nothing is stored. {said}")


def test_a_dry_run_prunes_nothing(model: TrainedModel) -> None:
    assert retrain() == 0
    registry.activate(1)
    assert retrain("--dry-run", "--keep", "0") == 0
    assert TrainedModel.objects.get(version=2).pruned_at is None


def test_a_program_is_told_what_the_gate_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert retrain(WORSE, "--json") == 3
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["model"], summary["active"], summary["accepted"]) == (2, False, False)
    assert summary["gate"]["compared"]["typefaces"]["only_first"] > 0


def test_a_program_is_told_that_a_dry_run_has_no_version(
    capsys: pytest.CaptureFixture[str],
) -> None:
    retrain("--dry-run", "--json")
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["model"], summary["active"], summary["accepted"]) == (None, False, True)


def test_the_first_model_has_nothing_to_be_compared_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    TrainedModel.objects.update(active=False)
    assert retrain(WORSE) == 0
    assert active_version() == 2
    assert "There was no active model to compare it with." in capsys.readouterr().err


def test_an_active_model_that_cannot_be_read_stops_nothing(
    model: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_model(model, artifact="missing.joblib")
    TrainedModel.objects.update(active=False)
    TrainedModel.objects.filter(version=2).update(active=True)
    assert retrain() == 0
    assert active_version() == 3
    assert "compared with none: There is no readable model file" in capsys.readouterr().err


def test_a_version_that_was_not_compared_with_the_active_one_does_not_answer(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_model(model)

    def judge(*arguments: Any, **options: Any) -> gate.Verdict:
        verdict = gate.judge(*arguments, **options)
        registry.activate(2)  # somebody else, at this very moment
        return verdict

    monkeypatch.setattr("recognizer.services.retraining.training.judge", judge)
    assert retrain() == 3
    assert active_version() == 2
    assert "Model 2 was activated meanwhile" in TrainingRun.objects.get().outcome


def test_what_trained_the_active_version_never_measures_it() -> None:
    approved = {"review": "approved", "reviewed_at": timezone.now()}
    few = answered(1, count=60, **approved)
    assert retrain("--force") == 0
    learned = TrainedModel.objects.get(version=2).data["learned_hands"]
    assert 0 < len(learned) < 60
    assert not any(str(drawing.pk) in learned for drawing in few)  # ids are for their owners
    answered(1, count=80, **approved)
    assert retrain("--force") == 0
    newer = TrainedModel.objects.get(version=3)
    assert newer.data["learned_hands"] == []
    compared = newer.gate["compared"]["corrections"]["n"]
    assert 0 < compared == newer.data["corrections_held_out"] - len(learned)


def test_once_there_are_few_again_all_train_and_the_record_says_which() -> None:
    answered(1, count=120)
    assert retrain("--force") == 0
    kept = Drawing.objects.order_by("pk").values_list("pk", flat=True)[:90]
    Drawing.objects.exclude(pk__in=list(kept)).delete()
    assert retrain("--force") == 0
    data = TrainedModel.objects.get(version=3).data
    assert (data["corrections"], data["corrections_held_out"]) == (90, 0)
    might_have_measured = is_held_out(np.array([str(pk) for pk in kept]))
    assert len(data["learned_hands"]) == np.count_nonzero(might_have_measured)


def test_old_versions_that_do_not_answer_lose_their_files() -> None:
    for _ in range(3):
        retrain(WORSE, "--seed", str(TrainedModel.objects.count()), "--keep", "2")
    oldest, *newer = TrainedModel.objects.filter(origin="retrained").order_by("version")
    folder = Path(site.ARTIFACTS_DIR)
    assert oldest.pruned_at is not None
    assert not (folder / oldest.artifact).exists()
    assert all((folder / row.artifact).exists() and not row.pruned_at for row in newer)
    assert active_version() == 1
