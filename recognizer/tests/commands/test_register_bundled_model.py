"""manage.py register_bundled_model: the model of the project becomes a version, once."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from ml import artifacts
from recognizer.models import TrainedModel
from recognizer.services.versions import registry
from recognizer.tests.kit.drawings import copy_model

COMMAND = "register_bundled_model"


@pytest.fixture
def empty_site(db: None, bundle: Path, settings: Settings) -> None:
    """Point at the bundle, with nothing registered."""
    settings.BUNDLED_MODEL = bundle


def other_bundle(bundle: Path, folder: Path) -> Path:
    """Return a bundle with other bytes."""
    pipeline, manifest = artifacts.load(bundle)
    pipeline.set_params(advisedperceptron__tol=0.5)
    data = artifacts.serialize(pipeline)
    path = folder / "model.joblib"
    artifacts.save(path, data, artifacts.describe(data, {}, {}, manifest.metrics))
    return path


def test_it_becomes_version_1_and_answers(
    empty_site: None, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(COMMAND)
    assert capsys.readouterr().out == "Model 1 (bundled) is active.\n"
    model = TrainedModel.objects.get()
    assert (model.version, model.active, model.origin) == (1, True, "bundled")
    assert model.metrics["typefaces"]["accuracy"] == 1.0
    copied = Path(settings.ARTIFACTS_DIR) / model.artifact
    assert copied.read_bytes() == bundle.read_bytes()


def test_running_it_again_changes_nothing(empty_site: None) -> None:
    call_command(COMMAND)
    call_command(COMMAND)
    assert TrainedModel.objects.count() == 1


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_running_it_again_repairs_the_file(empty_site: None, bundle: Path, damage: str) -> None:
    call_command(COMMAND)
    copied = Path(settings.ARTIFACTS_DIR) / TrainedModel.objects.get().artifact
    copied.unlink()
    if damage == "changed":
        copied.write_bytes(b"changed")
    call_command(COMMAND)
    assert copied.read_bytes() == bundle.read_bytes()


def test_a_newer_bundle_takes_over_from_the_older_one(
    empty_site: None, bundle: Path, tmp_path: Path, settings: Settings
) -> None:
    call_command(COMMAND)
    settings.BUNDLED_MODEL = other_bundle(bundle, tmp_path)
    call_command(COMMAND)
    assert TrainedModel.objects.active().get().version == 2


def test_a_newer_bundle_leaves_a_retrained_version_active(
    empty_site: None,
    bundle: Path,
    tmp_path: Path,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command(COMMAND)
    copy_model(TrainedModel.objects.get())
    registry.activate(2)
    settings.BUNDLED_MODEL = other_bundle(bundle, tmp_path)
    call_command(COMMAND)
    assert TrainedModel.objects.active().get().version == 2
    assert "Model 3 (bundled) is registered; another version is active." in capsys.readouterr().out


def test_a_project_without_a_bundle_is_told(db: None, tmp_path: Path, settings: Settings) -> None:
    settings.BUNDLED_MODEL = tmp_path / "model.joblib"
    with pytest.raises(CommandError, match=r"no readable model file model\.json"):
        call_command(COMMAND)


def test_a_bundle_that_is_not_what_its_manifest_says_is_refused(
    db: None, bundle: Path, tmp_path: Path, settings: Settings
) -> None:
    settings.BUNDLED_MODEL = tmp_path / "model.joblib"
    shutil.copy(bundle, settings.BUNDLED_MODEL)
    manifest = json.loads(bundle.with_suffix(".json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**manifest, "sha256": "0" * 64}))
    with pytest.raises(CommandError, match="SHA-256"):
        call_command(COMMAND)
    assert not TrainedModel.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_all_who_register_at_once_make_one_version(bundle: Path, settings: Settings) -> None:
    settings.BUNDLED_MODEL = bundle

    def register() -> int:
        try:
            return registry.register_bundled_model().version
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        registered = [threads.submit(register) for _ in range(4)]
        assert [waiting.result(30) for waiting in registered] == [1, 1, 1, 1]
    assert TrainedModel.objects.active().count() == 1
