"""MNIST as base data, from files or from OpenML."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest

from ml.errors import DatasetError
from ml.labeled import mnist
from ml.labeled.mnist import load_mnist


def pictures(count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Draw bars."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 4:24, 13:16] = 255
    return images


def write(folder: Path, count: int, ending: str = "") -> None:
    """Write MNIST's two training files."""
    pack = gzip.compress if ending else bytes
    images = struct.pack(">iiii", 0x0803, count, 28, 28) + pictures(count).tobytes()
    labels = struct.pack(">ii", 0x0801, count) + bytes([1] * count)
    (folder / f"train-images-idx3-ubyte{ending}").write_bytes(pack(images))
    (folder / f"train-labels-idx1-ubyte{ending}").write_bytes(pack(labels))


def fetch(**outcome: Any) -> Any:
    """Stand in for scikit-learn's download."""

    def fetch_openml(name: str, **options: Any) -> SimpleNamespace:
        assert name == "mnist_784"
        if "error" in outcome:
            raise outcome["error"]
        return SimpleNamespace(**outcome)

    return fetch_openml


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_the_files_of_its_authors_are_read(tmp_path: Path, ending: str) -> None:
    write(tmp_path, 3, ending)
    digits = load_mnist(tmp_path)
    assert digits.labels.tolist() == [1, 1, 1]
    assert len(set(digits.groups)) == 3


def test_a_file_that_stands_there_packed_as_well_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, 3)
    write(tmp_path, 3, ".gz")
    assert len(load_mnist(tmp_path)) == 3


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="must hold train-images-idx3-ubyte"):
        load_mnist(tmp_path)


def test_the_first_digits_are_taken_and_those_for_tests_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = pictures(5).reshape(5, 784).astype(float)
    target = np.array(["1", "7", "1", "2", "2"], object)
    monkeypatch.setattr(mnist, "fetch_openml", fetch(data=data, target=target))
    monkeypatch.setattr(mnist, "TRAINING_DIGITS", 3)
    assert load_mnist().labels.tolist() == [1, 7, 1]


@pytest.mark.parametrize(
    "error",
    [URLError("no network"), TimeoutError("no network"), ValueError("no network")],
)
def test_what_cannot_be_fetched_is_one_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(mnist, "fetch_openml", fetch(error=error))
    with pytest.raises(DatasetError, match=r"openml\.org \(no network\).*--base-path"):
        load_mnist()
