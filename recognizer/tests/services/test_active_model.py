"""Which model answers: versions are swapped while the site runs, and a bad file never gets in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from recognizer.models import TrainedModel
from recognizer.services.versions import registry
from recognizer.tests.kit.drawings import copy_model


@pytest.fixture(autouse=True)
def first_answer(model: TrainedModel) -> None:
    """Load version 1, as the first request does."""
    assert registry.active_model().version == 1


def change_file(model: TrainedModel, content: bytes | None) -> None:
    """Overwrite or delete the file of a version."""
    path = Path(site_settings.ARTIFACTS_DIR) / model.artifact
    path.unlink()
    if content is not None:
        path.write_bytes(content)


def switch_to(model: TrainedModel) -> None:
    """Activate a version from outside, as another process does, without a look at its file."""
    TrainedModel.objects.update(active=False)
    TrainedModel.objects.filter(pk=model.pk).update(active=True)


def own_file(model: TrainedModel) -> TrainedModel:
    """Return another version that has a file of its own."""
    folder = Path(site_settings.ARTIFACTS_DIR)
    (folder / "own.joblib").write_bytes((folder / model.artifact).read_bytes())
    return copy_model(model, artifact="own.joblib")


def test_finding_no_change_costs_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        registry.active_model()


def test_another_version_is_picked_up_and_the_first_one_again(model: TrainedModel) -> None:
    other = own_file(model)
    switch_to(other)
    assert registry.active_model().version == 2
    switch_to(model)
    assert registry.active_model().version == 1


@pytest.mark.parametrize("content", [None, b"changed", b""])
def test_a_bad_file_is_refused_with_the_reason_and_the_old_version_goes_on(
    model: TrainedModel, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    other = own_file(model)
    change_file(other, content)
    switch_to(other)
    assert registry.active_model().version == 1
    assert "Model 2 cannot be used" in caplog.text
    assert ("no readable model file" if content is None else "SHA-256") in caplog.text
    assert "Model 1 goes on answering" in caplog.text


def test_a_refused_file_is_looked_at_once(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = own_file(model)
    change_file(other, b"changed")
    switch_to(other)
    registry.active_model()
    caplog.clear()
    monkeypatch.setattr(registry, "load_pipeline", lambda row: pytest.fail("looked again"))
    assert registry.active_model().version == 1
    assert caplog.text == ""


def test_a_repaired_file_is_picked_up(model: TrainedModel) -> None:
    other = own_file(model)
    whole = (Path(site_settings.ARTIFACTS_DIR) / model.artifact).read_bytes()
    change_file(other, b"changed")
    switch_to(other)
    assert registry.active_model().version == 1
    change_file(other, whole)
    assert registry.active_model().version == 2


def test_a_new_process_falls_back_to_the_newest_version_that_is_whole(
    model: TrainedModel, caplog: pytest.LogCaptureFixture
) -> None:
    other = own_file(model)
    change_file(other, b"changed")
    switch_to(other)
    registry.forget_model()
    assert registry.active_model().version == 1
    assert "Model 2 cannot be used" in caplog.text
    assert "Model 1 answers instead of Model 2" in caplog.text


@pytest.mark.parametrize(
    ("gate", "answers"), [({"accepted": False}, 1), ({"accepted": True}, 2), ({}, 2)]
)
def test_it_does_not_fall_back_to_a_version_that_the_gate_turned_away(
    model: TrainedModel, gate: dict[str, bool], answers: int
) -> None:
    copy_model(model, gate=gate)
    newest = own_file(model)
    change_file(newest, None)
    switch_to(newest)
    registry.forget_model()
    assert registry.active_model().version == answers


@pytest.mark.parametrize("content", [None, b"changed", b""])
def test_a_new_process_reads_a_bundled_version_from_the_project(
    model: TrainedModel,
    content: bytes | None,
    caplog: pytest.LogCaptureFixture,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    change_file(model, content)
    registry.forget_model()
    found = registry.active_model()
    assert (found.version, found.sha256) == (1, model.sha256)
    assert "Model 1 is read from" in caplog.text
    with django_assert_num_queries(1):
        assert registry.active_model() is found


def test_another_bundled_file_is_not_taken_for_a_version(
    model: TrainedModel, settings: Settings, tmp_path: Path
) -> None:
    change_file(model, None)
    settings.BUNDLED_MODEL = tmp_path / "newer.joblib"
    settings.BUNDLED_MODEL.write_bytes(b"another version")
    registry.forget_model()
    with pytest.raises(registry.NoModel, match="Model 1 cannot be used: There is no readable"):
        registry.active_model()


def test_a_new_process_without_a_whole_version_says_why(
    model: TrainedModel, settings: Settings, tmp_path: Path
) -> None:
    settings.BUNDLED_MODEL = tmp_path / "missing.joblib"
    change_file(model, None)
    registry.forget_model()
    with pytest.raises(registry.NoModel, match="Model 1 cannot be used: There is no readable"):
        registry.active_model()


def test_no_active_version_is_no_model(model: TrainedModel) -> None:
    TrainedModel.objects.update(active=False)
    with pytest.raises(registry.NoModel, match="register_bundled_model"):
        registry.active_model()


@pytest.mark.django_db(transaction=True)
def test_while_one_thread_loads_the_others_answer_with_the_old_version(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = own_file(model)
    switch_to(other)
    loading, go_on = Event(), Event()
    load = registry.load_pipeline

    def slow_load(row: TrainedModel) -> Any:
        loading.set()
        assert go_on.wait(20)
        return load(row)

    def answer() -> int:
        try:
            return registry.active_model().version
        finally:
            connection.close()

    monkeypatch.setattr(registry, "load_pipeline", slow_load)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(answer)
        assert loading.wait(20)
        others = [threads.submit(answer) for _ in range(3)]
        assert [waiting.result(20) for waiting in others] == [1, 1, 1]
        go_on.set()
        assert first.result(20) == 2
    assert registry.active_model().version == 2


@pytest.mark.django_db(transaction=True)
def test_a_new_worker_forgets_a_version_that_answers_no_longer(model: TrainedModel) -> None:
    registry.forget_outdated()
    assert registry._memory.model is not None
    switch_to(own_file(model))
    registry.forget_outdated()
    assert registry._memory.model is None
    assert connection.connection is None


@pytest.mark.django_db(transaction=True)
def test_what_is_loaded_before_the_fork_leaves_no_connection(model: TrainedModel) -> None:
    registry.forget_model()
    registry.load_before_fork()
    assert registry._memory.model is not None
    assert connection.connection is None
