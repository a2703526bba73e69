"""Where model files are kept: written whole, replaced when damaged, pruned when old."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, storages
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from recognizer.models import TrainedModel
from recognizer.services import errors
from recognizer.services.versions import artifact_files, registry
from recognizer.tests.kit.drawings import copy_model


def folder() -> Path:
    return Path(site.ARTIFACTS_DIR)


def copy_with_file(model: TrainedModel, **values: object) -> TrainedModel:
    """Register another version with a file and a manifest of its own."""
    name = f"model-{TrainedModel.objects.count() + 1:012}.joblib"
    for ending in (".joblib", ".json"):
        source = folder() / Path(model.artifact).with_suffix(ending)
        (folder() / name).with_suffix(ending).write_bytes(source.read_bytes())
    return copy_model(model, **{"artifact": name, **values})


def files_of(row: TrainedModel) -> int:
    """Count the files of a version."""
    return len(list(folder().glob(f"{Path(row.artifact).stem}.*")))


def test_a_file_is_written_where_the_settings_say(settings: Settings, tmp_path: Path) -> None:
    settings.ARTIFACTS_DIR = tmp_path / "elsewhere"
    artifact_files.storage().save("model-1.joblib", ContentFile(b"model"))
    assert (tmp_path / "elsewhere" / "model-1.joblib").read_bytes() == b"model"


def test_a_file_that_could_not_be_finished_leaves_the_old_one_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = artifact_files.storage()
    kept.save("model-1.joblib", ContentFile(b"old"))

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        kept.save("model-1.joblib", ContentFile(b"new"))
    assert {path.name: path.read_bytes() for path in folder().iterdir()} == {
        "model-1.joblib": b"old"
    }


def test_a_name_does_not_lead_out_of_the_storage(settings: Settings) -> None:
    with pytest.raises(errors.ArtifactError, match="no readable model file"):
        artifact_files.read("../db.sqlite3")


@pytest.fixture
def elsewhere(settings: Settings) -> InMemoryStorage:
    """Keep models in a storage that is no folder, and never overwrites."""
    backend = "django.core.files.storage.InMemoryStorage"
    settings.STORAGES = {**settings.STORAGES, "artifacts": {"BACKEND": backend}}
    storage = storages["artifacts"]
    assert isinstance(storage, InMemoryStorage)
    return storage


def test_models_are_kept_in_another_storage(
    elsewhere: InMemoryStorage, model: TrainedModel
) -> None:
    assert elsewhere.exists(model.artifact)
    assert not (folder() / model.artifact).exists()
    assert registry.active_model().version == 1


def test_a_damaged_file_is_replaced_in_a_storage_that_never_overwrites(
    elsewhere: InMemoryStorage, model: TrainedModel
) -> None:
    elsewhere.delete(model.artifact)
    elsewhere.save(model.artifact, ContentFile(b"damaged"))
    registry.register_bundled_model()
    registry.forget_model()
    assert registry.active_model().version == 1


def test_a_storage_that_fails_is_a_reason_and_the_old_version_goes_on(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    registry.active_model()
    other = copy_with_file(model)
    TrainedModel.objects.update(active=False)
    TrainedModel.objects.filter(pk=other.pk).update(active=True)

    def fail(name: str, mode: str = "rb") -> None:
        raise RuntimeError("the bucket does not answer")

    monkeypatch.setattr(artifact_files.storage(), "open", fail)
    assert registry.active_model().version == 1
    assert "the bucket does not answer" in caplog.text
    assert "Model 2 cannot be used" in caplog.text


def test_the_newest_versions_keep_their_files(model: TrainedModel) -> None:
    oldest, older, newest = (copy_with_file(model) for _ in range(3))
    assert registry.prune(keep=2) == 1
    assert [files_of(row) for row in (oldest, older, newest)] == [0, 2, 2]
    oldest.refresh_from_db()
    assert oldest.pruned_at is not None
    assert registry.prune(keep=2) == 0


def test_the_active_version_and_bundled_ones_are_never_pruned(model: TrainedModel) -> None:
    active = copy_with_file(model)
    registry.activate(active.version)
    assert registry.prune(keep=0) == 0
    assert files_of(model) == files_of(active) == 2


def test_a_file_that_two_versions_share_stays_as_long_as_one_needs_it(model: TrainedModel) -> None:
    first = copy_with_file(model)
    copy_model(model, artifact=first.artifact)
    assert registry.prune(keep=1) == 1
    assert files_of(first) == 2
    assert registry.prune(keep=0) == 1
    assert files_of(first) == 0


def test_a_file_whose_deletion_was_interrupted_is_deleted_later(model: TrainedModel) -> None:
    row = copy_with_file(model, pruned_at=timezone.now())
    registry.remove_orphans()
    assert files_of(row) == 0


def test_a_pruned_version_says_so_and_is_not_activated(model: TrainedModel) -> None:
    row = copy_with_file(model)
    registry.prune(keep=0)
    with pytest.raises(errors.ArtifactError, match="The file of Model 2 was deleted"):
        registry.activate(row.version)
    assert TrainedModel.objects.active().get().version == 1


def test_a_version_that_is_pruned_while_it_is_activated_does_not_answer(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = copy_with_file(model)
    monkeypatch.setattr(registry, "load_pipeline", lambda row, **how: registry.prune(keep=0))
    with pytest.raises(errors.ArtifactError, match="was deleted"):
        registry.activate(row.version)
    assert TrainedModel.objects.active().get().version == 1


def test_the_database_lets_no_pruned_version_answer(model: TrainedModel) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainedModel.objects.filter(pk=model.pk).update(pruned_at=timezone.now())
