from __future__ import annotations

import copy
import io
import json
import os
import pickle
from dataclasses import asdict
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.pipeline import Pipeline

from ml.artifacts import (
    Manifest,
    describe,
    deserialize,
    digest,
    load,
    read,
    read_manifest,
    save,
    serialize,
)
from ml.errors import ArtifactCorrupt, ArtifactIncompatible, ArtifactMissing
from ml.files import write_atomically
from ml.tests.kit.training_data import written
from ml.training.train import TrainedArtifact


@pytest.fixture
def data(trained: TrainedArtifact) -> bytes:
    return serialize(trained.model)


@pytest.fixture
def manifest(trained: TrainedArtifact, data: bytes) -> Manifest:
    return describe(data, trained.parameters, trained.data, trained.metrics)


def test_a_model_comes_back_as_it_was(trained: TrainedArtifact, data: bytes) -> None:
    rows = written(50, seed=1).images.reshape(50, -1)
    model = deserialize(data, digest(data))
    np.testing.assert_array_equal(model.predict_proba(rows), trained.model.predict_proba(rows))


def train_further(model: Pipeline) -> None:
    digits = written(100, seed=2)
    features = model[:-1].transform(digits.images.reshape(100, -1))
    model[-1].set_params(warm_start=False, batch_size=50).partial_fit(features, digits.labels)


def test_a_model_file_leaves_out_what_only_training_needs(trained: TrainedArtifact) -> None:
    model = copy.deepcopy(trained.model)
    train_further(model)
    weights = sum(layer.nbytes for layer in model[-1].coefs_)
    assert len(pickle.dumps(model[-1]._optimizer)) > weights
    assert len(serialize(model)) < 1.3 * (weights + model[-1].discriminant_.products_.nbytes)


def test_the_same_model_has_the_same_bytes(trained: TrainedArtifact, data: bytes) -> None:
    assert serialize(trained.model) == data


def test_a_loaded_model_can_be_trained_further(data: bytes) -> None:
    model = deserialize(data, digest(data))
    before = model[-1].coefs_[0].copy()
    train_further(model)
    assert not np.array_equal(model[-1].coefs_[0], before)


@pytest.mark.parametrize("position", [0, 100, -1])
def test_a_model_file_with_one_changed_bit_is_refused(data: bytes, position: int) -> None:
    changed = bytearray(data)
    changed[position] ^= 1
    with pytest.raises(ArtifactCorrupt, match="SHA-256"):
        deserialize(bytes(changed), digest(data))


def test_a_truncated_model_file_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactCorrupt):
        deserialize(data[:-10], digest(data))


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (os.environ["TRAP"],)


def test_a_model_file_of_another_digest_is_not_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAP", str(tmp_path / "sprung"))
    buffer = io.BytesIO()
    joblib.dump(Trap(), buffer)
    with pytest.raises(ArtifactCorrupt):
        deserialize(buffer.getvalue(), "0" * 64)
    assert not (tmp_path / "sprung").exists()


def dumped(value: object) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(value, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [dumped({"a": 1}), b"not a model"], ids=["dict", "text"])
def test_a_file_that_holds_something_other_than_a_pipeline_is_refused(content: bytes) -> None:
    with pytest.raises(ArtifactIncompatible):
        deserialize(content, digest(content))


def test_a_model_of_another_scikit_learn_is_refused(
    trained: TrainedArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sklearn.base, "__version__", "0.24.2")
    old = serialize(trained.model)
    monkeypatch.undo()
    with pytest.raises(ArtifactIncompatible, match="train it again"):
        deserialize(old, digest(old))


def test_a_saved_model_loads_with_its_manifest(
    tmp_path: Path, data: bytes, manifest: Manifest
) -> None:
    path = tmp_path / "new folder" / "model.joblib"
    save(path, data, manifest)
    _, loaded = load(path)
    assert loaded.sha256 == manifest.sha256 == digest(data)
    assert loaded.metrics["pens"]["accuracy"] == manifest.metrics["pens"]["accuracy"]
    assert loaded.size_bytes == len(data)
    assert loaded.sklearn_version == sklearn.__version__
    assert sorted(file.name for file in path.parent.iterdir()) == ["model.joblib", "model.json"]


def test_the_error_names_a_missing_model_file_or_manifest(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match=r"model\.joblib"):
        read(tmp_path / "model.joblib")
    with pytest.raises(ArtifactMissing, match=r"model\.json"):
        load(tmp_path / "model.joblib")


WHOLE = json.dumps(asdict(describe(b"", {}, {}, {})))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '{"sha256": "x"}',
        "\xff",
        "[" * 100_000,
        WHOLE.replace(digest(b""), "").replace('"sha256": ""', '"sha256": 7'),
        WHOLE.replace('"metrics": {}', '"metrics": []'),
    ],
    ids=lambda text: text[:20],
)
def test_an_invalid_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ArtifactCorrupt):
        read_manifest(tmp_path / "model.joblib")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.joblib"
    write_atomically(path, b"old")

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
