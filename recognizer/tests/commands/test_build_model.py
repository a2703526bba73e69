from __future__ import annotations

import functools
import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from ml import artifacts
from ml.labeled import digits
from ml.measuring import holdouts
from recognizer.models import TrainedModel
from recognizer.services.retraining import training

pytestmark = [
    pytest.mark.any_database,
    pytest.mark.django_db,
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    target = tmp_path_factory.mktemp("bundle") / "model.joblib"
    out = io.StringIO()
    load = digits.load_tmnist
    small = functools.partial(training.TrainingOptions, hidden_units=32, jobs=1)
    with pytest.MonkeyPatch.context() as monkeypatch:  # 150 faces of thousands, measured on little
        monkeypatch.setattr(digits, "load_tmnist", lambda path: load(path).select(np.arange(1500)))
        monkeypatch.setattr(training, "TrainingOptions", small)
        monkeypatch.setattr(holdouts, "PEN_HOLDOUT", 200)
        monkeypatch.setattr(holdouts, "OTHER_HOLDOUT", 100)
        call_command(
            "build_model", target=target, pens=500, copies=0, others=60, seed=3, stdout=out
        )
    return target, out.getvalue().splitlines()[-1]


def test_it_writes_a_model_that_its_manifest_vouches_for(built: tuple[Path, str]) -> None:
    target, _ = built
    _, manifest = artifacts.load(target)
    assert manifest.parameters["seed"] == 3
    assert manifest.parameters["from_scratch"] is True
    assert manifest.data["pens"] == 500
    assert manifest.data["corrections"] == 0


def test_it_says_in_one_line_how_good_it_is(built: tuple[Path, str]) -> None:
    _, line = built
    assert line.startswith("model.joblib has ")
    assert "unseen typefaces" in line


def test_no_version_of_the_site_changes(built: tuple[Path, str]) -> None:
    assert TrainedModel.objects.count() == 0


def test_a_negative_count_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not 0 or more"):
        call_command("build_model", "--pens", "-1", "--target", str(tmp_path / "model.joblib"))
    assert not list(tmp_path.iterdir())
