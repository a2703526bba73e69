"""A model file is damaged: the running server goes on, a new one says why and finds another."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sklearn.base
from django.conf import settings as site_settings

from ml import artifacts
from recognizer.models import TrainedModel
from recognizer.services.versions import registry
from recognizer.tests.conftest import Caller
from recognizer.tests.deployment.test_gunicorn import workers_of
from recognizer.tests.kit.drawings import assert_problem, copy_model
from recognizer.tests.kit.live import LiveSite, connect, registered_database, serve, wait_until
from recognizer.tests.kit.load import ask, draw

pytestmark = pytest.mark.any_database

Damage = Callable[[Path], object]
DAMAGES: dict[str, Damage] = {
    "deleted": lambda path: path.unlink(),
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "tampered": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"),
}
REASONS = {"deleted": "no readable model file", "truncated": "SHA-256", "tampered": "SHA-256"}


@pytest.fixture
def written_by_another_version(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return the small model as an old scikit-learn would have written it."""
    pipeline, _ = artifacts.load(bundle)
    monkeypatch.setattr(sklearn.base, "__version__", "0.24.2")
    data = artifacts.serialize(pipeline)
    monkeypatch.undo()
    return data


def add_version(model: TrainedModel, data: bytes) -> Path:
    """Register version 2 with a file of its own, not active; return the file."""
    path = Path(site_settings.ARTIFACTS_DIR) / "own.joblib"
    path.write_bytes(data)
    copy_model(model, artifact=path.name, sha256=artifacts.digest(data))
    return path


def activate_copy(site: LiveSite, **changed: object) -> None:
    """Activate a version of a retraining elsewhere: the first with other values in columns."""
    values = {"origin": "retrained", "active": 1, **changed}
    table = "recognizer_trainedmodel"
    with connect(site.environment["DATABASE_URL"]) as connection:
        columns = [column[0] for column in connection.execute(f"SELECT * FROM {table}").description]
        copied = [f"'{values[name]}'" if name in values else name for name in columns]
        connection.execute(f"UPDATE {table} SET active = false")
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(copied)} FROM {table} WHERE version = 1"
        )


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_not_activated_and_the_answer_says_why(
    staff: Caller, model: TrainedModel, bundle: Path, damage: str
) -> None:
    DAMAGES[damage](add_version(model, bundle.read_bytes()))
    answer = staff.post("/api/v1/models/2/activate/")
    assert_problem(answer, 409, "model-unusable")
    assert REASONS[damage] in answer.json()["detail"]
    assert registry.active_model().version == 1


def test_a_file_of_another_scikit_learn_is_not_activated_and_the_answer_says_why(
    staff: Caller, model: TrainedModel, written_by_another_version: bytes
) -> None:
    add_version(model, written_by_another_version)
    answer = staff.post("/api/v1/models/2/activate/")
    assert_problem(answer, 409, "model-unusable")
    assert "another version of scikit-learn" in answer.json()["detail"]
    assert registry.active_model().version == 1


def test_a_server_goes_on_and_a_new_one_repairs_what_it_can(
    static_files: None, tmp_path: Path, written_by_another_version: bytes
) -> None:
    with registered_database(tmp_path) as database:
        with serve(tmp_path, DATABASE_URL=database) as site:
            assert draw(site).json()["model"] == 1  # both workers have it in memory
            assert site.server.log.count("Model 1 is loaded") == 1
            (path,) = (tmp_path / "artifacts").glob("*.joblib")
            whole = path.read_bytes()
            for damage in DAMAGES.values():
                damage(path)
                assert draw(site).json()["model"] == 1
                path.write_bytes(whole)
            own = path.with_name("own.joblib")
            own.write_bytes(written_by_another_version)
            digest = artifacts.digest(written_by_another_version)
            activate_copy(site, version=2, artifact=own.name, sha256=digest)
            assert draw(site).json()["model"] == 1
            assert "Model 1 goes on answering" in site.server.log
        DAMAGES["truncated"](path)
        with serve(tmp_path, DATABASE_URL=database) as site:
            ready = ask(site.url, "/readyz").json()
            assert (ready["status"], ready["model"], ready["instead_of"]) == ("ready", 1, 2)
            assert "another version of scikit-learn" in ready["reason"]
            assert draw(site).json()["model"] == 1
            site.server.wait_for_line("Model 2 cannot be used: .*InconsistentVersionWarning")
            assert path.read_bytes() == whole


def replace_workers(site: LiveSite) -> None:
    """Kill the workers, and wait until others have started in their places, alone."""
    killed = workers_of(site)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(set(workers_of(site)) - set(killed)) >= len(killed))


@pytest.fixture(scope="module")
def site_of_four_versions(
    static_files: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveSite, dict[str, Path]]]:
    """Return a site and the model files of its four versions, of which the last one answers."""
    folder = tmp_path_factory.mktemp("versions")
    with serve(folder) as site:
        (bundled,) = (folder / "artifacts").glob("*.joblib")
        for version, gate in (("2", {"accepted": True}), ("3", {"accepted": False}), ("4", {})):
            artifact = f"{version}.joblib"
            activate_copy(site, version=version, artifact=artifact, gate=json.dumps(gate))
        yield site, {"1": bundled} | {each: bundled.with_stem(each) for each in ("2", "3", "4")}


@pytest.mark.parametrize("damage", ["deleted", "tampered"])
def test_a_worker_that_starts_alone_answers_with_what_is_whole(
    site_of_four_versions: tuple[LiveSite, dict[str, Path]], damage: str
) -> None:
    site, files = site_of_four_versions
    for file in files.values():
        file.write_bytes(site_settings.BUNDLED_MODEL.read_bytes())
    for damaged, answers in (("4", 2), ("2", 1), ("1", 1)):
        DAMAGES[damage](files[damaged])
        replace_workers(site)
        ready = ask(site.url, "/readyz").json()
        assert (ready["status"], ready["model"], ready["instead_of"]) == ("ready", answers, 4)
        assert REASONS[damage] in ready["reason"]
        assert draw(site).json()["model"] == answers
        site.server.wait_for_line(f"Model {answers} answers instead of Model 4")
    site.server.wait_for_line(f"Model 2 cannot be used either: .*{REASONS[damage]}")
    site.server.wait_for_line(f"Model 1 is read from .*{REASONS[damage]}")
