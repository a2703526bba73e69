"""Model files on object storage: a real S3 server, what one machine keeps of it, who deletes."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ml import artifacts
from recognizer.models import SentFile, TrainedModel
from recognizer.services import errors
from recognizer.services.versions import artifact_files, object_storage, registry
from recognizer.tests.conftest import Caller
from recognizer.tests.kit.buckets import CREDENTIALS, ObjectStore, use_bucket
from recognizer.tests.kit.drawings import assert_problem, copy_model

YESTERDAY = timedelta(days=1, minutes=1)


@pytest.fixture
def version(bucket: ObjectStore, model: TrainedModel) -> TrainedModel:
    """Return version 2, retrained here, not active, whose file is in the bucket alone."""
    return add_version(model)


@pytest.fixture
def leave(bucket: ObjectStore, settings: Settings) -> Callable[[], str]:
    """Return what lets the server be gone: nothing listens at its address, which is returned."""

    def have_nothing_there() -> str:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        endpoint = f"http://127.0.0.1:{port}"
        settings.ARTIFACTS_URL = settings.ARTIFACTS_URL._replace(endpoint_url=endpoint)
        settings.STORAGES = {**settings.STORAGES}  # opens another client
        return endpoint

    return have_nothing_there


def add_version(model: TrainedModel) -> TrainedModel:
    """Keep another version, as a retraining does."""
    data, manifest = content_of(model)
    name = artifact_files.keep_retrained(data, manifest)
    return copy_model(model, artifact=name)


def content_of(model: TrainedModel) -> tuple[bytes, artifacts.Manifest]:
    source = Path(site.BUNDLED_MODEL)
    return artifacts.read(source), artifacts.read_manifest(source)


def files_of(*rows: TrainedModel) -> set[str]:
    stems = [Path(row.artifact).stem for row in rows]
    return {f"{stem}.{ending}" for stem in stems for ending in ("joblib", "json")}


def copies() -> list[Path]:
    """List what this machine has copies of."""
    return sorted(Path(site.ARTIFACTS_DIR, "copies").glob("*"))


def switch_to(row: TrainedModel) -> None:
    """Activate a version from outside, as another machine does."""
    TrainedModel.objects.update(active=False)
    TrainedModel.objects.filter(pk=row.pk).update(active=True)


def forget_copies() -> None:
    for copy in copies():
        copy.unlink()


def rest() -> None:
    """Let the pause after a failure be over."""
    storage = artifact_files.storage()
    assert isinstance(storage, object_storage.BucketStorage)
    storage.forget_failure()


def test_a_file_comes_back_as_it_was_and_is_found_by_name(bucket: ObjectStore) -> None:
    storage = artifact_files.storage()
    content = os.urandom(300_000)
    assert storage.save("model-1.joblib", ContentFile(content)) == "model-1.joblib"
    assert bucket.read("model-1.joblib") == content
    assert artifact_files.read("model-1.joblib") == content
    assert storage.size("model-1.joblib") == 300_000
    assert storage.exists("model-1.joblib")
    assert not storage.exists("model-2.joblib")
    storage.delete("model-1.joblib")
    storage.delete("model-1.joblib")
    assert bucket.names() == set()


def test_what_is_missing_is_told_apart_from_what_cannot_be_reached(bucket: ObjectStore) -> None:
    with pytest.raises(errors.ArtifactError, match="There is no readable model file"):
        artifact_files.read("model-1.joblib")


def test_a_file_that_comes_too_slowly_is_given_up(
    bucket: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.write("model-1.joblib", bytes(300_000))
    monkeypatch.setattr(object_storage, "DOWNLOAD_SECONDS", 0)
    with pytest.raises(object_storage.StorageUnreachable, match=r"cannot be reached \(Timeout"):
        artifact_files.read("model-1.joblib")


def test_a_start_keeps_a_copy_so_that_the_server_need_not_ask(
    bucket: ObjectStore, model: TrainedModel
) -> None:
    forget_copies()
    registry.register_bundled_model()
    assert [copy.stem for copy in copies()] == [model.sha256]


def test_a_name_does_not_lead_out_of_the_prefix(bucket: ObjectStore) -> None:
    bucket.client.put_object(Bucket="models", Key="secret", Body=b"of another site")
    with pytest.raises(errors.ArtifactError, match="no readable model file"):
        artifact_files.read("../secret")


def test_the_bundled_model_is_kept_in_the_bucket_and_answers(
    bucket: ObjectStore, model: TrainedModel
) -> None:
    assert bucket.names() == files_of(model)
    assert artifacts.digest(bucket.read(model.artifact)) == model.sha256
    assert not list(Path(site.ARTIFACTS_DIR).glob("*.joblib"))
    assert registry.active_model().version == 1


def test_a_start_repairs_a_damaged_copy_of_the_bundled_model(
    bucket: ObjectStore, model: TrainedModel
) -> None:
    bucket.write(model.artifact, b"damaged")
    registry.register_bundled_model()
    assert artifacts.digest(bucket.read(model.artifact)) == model.sha256


def test_a_version_of_another_machine_is_fetched_once_and_kept_by_its_digest(
    bucket: ObjectStore, version: TrainedModel
) -> None:
    forget_copies()
    switch_to(version)
    assert registry.active_model().version == 2
    (copy,) = copies()
    assert copy.name == f"{version.sha256}.joblib"
    bucket.empty()
    registry.forget_model()
    assert registry.active_model().version == 2


def test_a_changed_copy_is_never_opened_but_fetched_again(
    bucket: ObjectStore, version: TrainedModel, caplog: pytest.LogCaptureFixture
) -> None:
    switch_to(version)
    (copy,) = copies()
    copy.write_bytes(b"changed")
    assert registry.active_model().version == 2
    assert artifacts.digest(copy.read_bytes()) == version.sha256
    assert "was changed; it is fetched again" in caplog.text


def test_a_changed_file_in_the_bucket_is_never_opened_nor_copied(
    bucket: ObjectStore, version: TrainedModel, caplog: pytest.LogCaptureFixture
) -> None:
    registry.active_model()
    forget_copies()
    bucket.write(version.artifact, b"changed")
    switch_to(version)
    assert registry.active_model().version == 1
    assert "Model 2 cannot be used: The model file was changed: its SHA-256" in caplog.text
    assert copies() == []


def test_a_copy_that_cannot_be_kept_is_no_reason_not_to_answer(
    bucket: ObjectStore, version: TrainedModel, caplog: pytest.LogCaptureFixture
) -> None:
    forget_copies()
    folder = Path(site.ARTIFACTS_DIR, "copies")
    folder.rmdir()
    folder.write_bytes(b"in the way")
    switch_to(version)
    assert registry.active_model().version == 2
    assert "is not kept" in caplog.text


def test_few_copies_are_kept_and_no_half_ones(bucket: ObjectStore) -> None:
    folder = Path(site.ARTIFACTS_DIR, "copies")
    folder.mkdir(parents=True)
    half = folder / f".{'0' * 64}.joblib.abc"
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    digests = []
    for number in range(20):
        data = b"model %d" % number
        digests.append(artifacts.digest(data))
        bucket.write("model.joblib", data)
        assert artifact_files.read_model("model.joblib", digests[-1]) == data
        os.utime(folder / f"{digests[-1]}.joblib", (number, number))
    assert {copy.stem for copy in copies()} == {*digests[-12:]}
    artifact_files.read_model("model.joblib", digests[-12])  # the one that would be next to go
    bucket.write("model.joblib", b"one more")
    artifact_files.read_model("model.joblib", artifacts.digest(b"one more"))
    assert {copy.stem for copy in copies()} >= {digests[-12], *digests[-10:]}
    assert len(copies()) == 12


def test_a_version_whose_file_only_this_machine_has_is_not_activated(
    bucket: ObjectStore, version: TrainedModel
) -> None:
    bucket.delete(version.artifact)
    with pytest.raises(errors.ArtifactError, match="no readable model file"):
        registry.activate(version.version)
    assert TrainedModel.objects.active().get().version == 1


def test_two_equal_files_have_two_names(bucket: ObjectStore, model: TrainedModel) -> None:
    first, second = add_version(model), add_version(model)
    assert first.sha256 == second.sha256
    assert bucket.names() == files_of(model, first, second)


def test_the_file_of_a_pruned_version_goes_at_once(
    bucket: ObjectStore, version: TrainedModel, model: TrainedModel
) -> None:
    newest = add_version(model)
    assert registry.prune(keep=1) == 1
    assert bucket.names() == files_of(model, newest)


def test_a_file_without_a_version_stays_for_a_day(bucket: ObjectStore, model: TrainedModel) -> None:
    name = artifact_files.keep_retrained(*content_of(model))
    registry.remove_orphans()
    assert name in bucket.names()
    SentFile.objects.update(sent_at=timezone.now() - YESTERDAY)
    registry.remove_orphans()
    assert bucket.names() == files_of(model)
    assert SentFile.objects.count() == 0


def test_an_old_file_that_a_version_needs_stays(
    bucket: ObjectStore, version: TrainedModel, model: TrainedModel
) -> None:
    SentFile.objects.update(sent_at=timezone.now() - YESTERDAY)
    registry.remove_orphans()
    assert bucket.names() == files_of(model, version)


def test_what_another_site_put_into_the_bucket_is_never_deleted(
    bucket: ObjectStore, version: TrainedModel
) -> None:
    SentFile.objects.all().delete()  # as in the database of another site
    before = bucket.names()
    assert registry.prune(keep=0) == 1
    assert bucket.names() == before


def test_a_bucket_that_is_away_while_pruning_is_pruned_the_next_time(
    leave: Callable[[], str], model: TrainedModel, caplog: pytest.LogCaptureFixture
) -> None:
    version = add_version(model)
    leave()
    assert registry.prune(keep=0) == 1
    assert "Old model files stay until the next retraining" in caplog.text
    assert SentFile.objects.get().name == version.artifact


def test_a_site_goes_on_where_the_bucket_is_away_and_says_so_once(
    leave: Callable[[], str], model: TrainedModel, caplog: pytest.LogCaptureFixture
) -> None:
    version = add_version(model)
    registry.active_model()
    forget_copies()
    switch_to(version)
    address = leave()
    caplog.clear()
    for _ in range(3):
        answer = Client().get("/readyz")
        assert answer.status_code == 200
        rest()
    assert answer.json() == {
        "status": "ready",
        "model": 1,
        "instead_of": 2,
        "reason": "The model files on object storage cannot be reached (EndpointConnectionError).",
    }
    (line,) = caplog.messages
    assert line.startswith("Model 2 cannot be used: The model files on object storage")
    assert address in line
    assert line.endswith("Model 1 goes on answering instead of Model 2.")


def test_a_bucket_that_is_back_is_asked_after_a_pause(
    bucket: ObjectStore,
    model: TrainedModel,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(object_storage, "READ_SECONDS", 0.5)
    settings.STORAGES = {**settings.STORAGES}  # opens another client
    version = add_version(model)
    registry.active_model()
    forget_copies()
    switch_to(version)
    with bucket.silent():
        assert registry.active_model().version == 1
    assert registry.active_model().version == 1  # without asking
    rest()
    assert registry.active_model().version == 2
    assert Client().get("/readyz").json() == {"status": "ready", "model": 2}


def test_a_process_that_starts_without_the_bucket_answers_with_its_copies(
    leave: Callable[[], str], model: TrainedModel
) -> None:
    switch_to(add_version(model))
    registry.forget_model()
    leave()
    registry.register_bundled_model()
    assert registry.active_model().version == 2


def test_a_process_that_starts_with_neither_bucket_nor_copies_answers_with_the_bundled_model(
    leave: Callable[[], str], model: TrainedModel
) -> None:
    switch_to(add_version(model))
    registry.forget_model()
    forget_copies()
    leave()
    registry.register_bundled_model()
    assert registry.active_model().version == 1
    assert Client().get("/readyz").json()["instead_of"] == 2


def test_the_first_start_needs_the_bucket_and_says_why(
    leave: Callable[[], str], db: None, bundle: Path, settings: Settings
) -> None:
    settings.BUNDLED_MODEL = bundle
    leave()
    with pytest.raises(CommandError, match="object storage cannot be reached"):
        call_command("register_bundled_model")
    assert not TrainedModel.objects.exists()


def test_an_activation_without_the_bucket_is_refused_with_the_reason(
    leave: Callable[[], str], staff: Caller, model: TrainedModel
) -> None:
    add_version(model)
    address = leave()
    answer = staff.post("/api/v1/models/2/activate/")
    assert_problem(answer, 409, "model-unusable")
    assert "cannot be reached (EndpointConnectionError)" in answer.json()["detail"]
    assert address not in answer.content.decode()


def test_a_retraining_without_the_bucket_ends_before_it_trains(
    leave: Callable[[], str], small_training: None
) -> None:
    leave()
    with pytest.raises(CommandError, match="object storage cannot be reached"):
        call_command("retrain", "--quiet")
    assert SentFile.objects.count() == 0


def test_a_retraining_keeps_its_version_in_the_bucket(
    bucket: ObjectStore, small_training: None, model: TrainedModel
) -> None:
    call_command("retrain", "--quiet", "--force", stdout=StringIO())
    version = TrainedModel.objects.get(version=2)
    assert artifacts.digest(bucket.read(version.artifact)) == version.sha256
    assert bucket.names() == files_of(model, version)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_wrong_key_is_refused_as_the_bucket_names_it(
    name: str, bucket: ObjectStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket.guarded() as key:
        use_bucket(bucket, settings, monkeypatch, **key)
        artifact_files.storage().save("model-1.joblib", ContentFile(b"model"))
        use_bucket(bucket, settings, monkeypatch, **{**key, name: "wrong"})
        with pytest.raises(errors.ArtifactError, match=r"cannot be reached \(\w+\)") as caught:
            artifact_files.read("model-1.joblib")
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in str(caught.value)


@pytest.mark.django_db(transaction=True)
def test_a_backup_carries_the_files_into_another_bucket_which_owns_none_of_them(
    bucket: ObjectStore, bundle: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.BUNDLED_MODEL = bundle
    model = registry.register_bundled_model()
    version = add_version(model)
    call_command("backup", str(tmp_path / "backup.tar"), stdout=StringIO())
    bucket.empty()
    call_command("restore", str(tmp_path / "backup.tar"), "--force", stdout=StringIO())
    assert bucket.names() == files_of(model, version)
    assert SentFile.objects.count() == 0
    assert registry.activate(version.version).active
