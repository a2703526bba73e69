"""manage.py retrain --base: typefaces, MNIST, and files of one's own."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from ml.drawing.canonical import Digits
from ml.labeled import mnist
from ml.writing.augmentation import augment
from recognizer.models import TrainedModel, TrainingRun
from recognizer.tests.kit.drawings import digits_of_one_face, png_of
from recognizer.tests.kit.small_training import answered, write_typefaces

pytestmark = [
    pytest.mark.any_database,
    pytest.mark.usefixtures("small_training"),
]


def retrain(*arguments: str) -> TrainedModel:
    """Run the command and return the version that it makes, whatever the gate says."""
    call_command("retrain", "--quiet", "--force", *arguments)
    return TrainedModel.objects.latest("version")


def some_digits(count: int) -> tuple[Digits, np.ndarray[Any, np.dtype[np.uint8]]]:
    """Return digits that differ from each other and from the typefaces."""
    labels = np.arange(count, dtype=np.uint8) % 10
    return augment(digits_of_one_face()[labels], 1, seed=0), labels


def write_mnist(folder: Path, name: str = "train", count: int = 40) -> Path:
    """Write files as MNIST's authors did."""
    folder.mkdir(exist_ok=True)
    images, labels = some_digits(count)
    head = struct.pack(">iiii", 0x0803, count, 28, 28)
    (folder / f"{name}-images-idx3-ubyte").write_bytes(head + images.tobytes())
    head = struct.pack(">ii", 0x0801, count)
    (folder / f"{name}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())
    return folder


def test_the_bundled_typefaces_are_the_default() -> None:
    model = retrain()
    assert TrainingRun.objects.get().options["base"] == ["tmnist"]
    assert model.parameters["base"] == ["tmnist"]
    assert model.data["handwriting"] == 0
    assert "base" not in model.metrics


def test_typefaces_of_another_file_make_a_model_of_their_own(tmp_path: Path) -> None:
    path = str(write_typefaces(tmp_path / "kaggle.csv", "Alien"))
    model = retrain("--base", path)
    assert model.parameters["base"] == [path]
    assert model.parameters["from_scratch"] is True
    assert model.parent is None
    assert model.data["typefaces"] > 200
    assert model.data["typefaces"] + model.data["typefaces_held_out"] == 300


def test_every_base_is_measured_on_the_bundled_typefaces_and_on_its_own(tmp_path: Path) -> None:
    bundled = retrain()
    other = retrain("--base", str(write_typefaces(tmp_path / "other.csv", "Alien")))
    assert other.metrics["typefaces"]["n"] == bundled.metrics["typefaces"]["n"]
    assert other.metrics["base"]["n"] == other.data["typefaces_held_out"] > 0
    assert other.gate["compared"]["typefaces"]["n"] == bundled.metrics["typefaces"]["n"]


def test_several_bases_are_put_together_and_training_goes_on_from_the_bundled_model(
    tmp_path: Path,
) -> None:
    images, labels = some_digits(60)
    np.savez(tmp_path / "mine.npz", x=images, y=labels)
    model = retrain("--base", "tmnist", "--base", str(tmp_path / "mine.npz"))
    assert model.parent_id == 1
    assert model.parameters["from_scratch"] is False
    assert model.data["typefaces"] > 0
    assert model.data["handwriting"] > 0
    assert model.data["handwriting"] + model.data["handwriting_held_out"] == 60


def test_a_base_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    images, labels = some_digits(60)
    np.savez(tmp_path / "mine.npz", x=images, y=labels)
    model = retrain(*["--base", str(tmp_path / "mine.npz")] * 2)
    assert model.data["handwriting"] + model.data["handwriting_held_out"] == 60


def test_a_folder_of_pictures_is_a_base_and_what_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for digit in range(10):
        (tmp_path / str(digit)).mkdir()
        (tmp_path / str(digit) / "a.png").write_bytes(png_of(digit, 200))
    (tmp_path / "3" / "broken.png").write_bytes(b"no picture")
    model = retrain("--base", "tmnist", "--base", str(tmp_path))
    assert model.data["handwriting"] + model.data["handwriting_held_out"] < 11
    assert "3/broken.png is left out" in capsys.readouterr().err


def test_a_base_in_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(CommandError, match="No drawing of it can be read"):
        retrain("--base", str(tmp_path))


def test_digits_that_measure_do_not_train_by_way_of_a_file(tmp_path: Path) -> None:
    # The same pictures are among the typefaces that are kept aside.
    np.savez(tmp_path / "same.npz", x=digits_of_one_face(), y=np.arange(10, dtype=np.uint8))
    assert (
        retrain("--base", "tmnist", "--base", str(tmp_path / "same.npz")).data["handwriting"] == 0
    )


def test_corrections_that_measure_do_not_train_by_way_of_an_export(tmp_path: Path) -> None:
    images, labels = some_digits(120)
    for image, label in zip(images, labels.tolist(), strict=True):
        answered(label, canonical=image.tobytes(), review="approved", reviewed_at=timezone.now())
    call_command("export_drawings", str(tmp_path / "export.npz"))
    data = retrain("--base", "tmnist", "--base", str(tmp_path / "export.npz")).data
    left_out = 120 - data["handwriting"] - data["handwriting_held_out"]
    # One that the split of the file itself keeps aside does not train anyway.
    assert 0 < left_out <= data["corrections_held_out"]


def test_mnist_is_read_from_a_folder(tmp_path: Path) -> None:
    folder = write_mnist(tmp_path / "mnist")
    write_mnist(folder, "t10k", 7)  # for tests, and never trained on
    model = retrain("--base", "mnist", "--base-path", str(folder))
    assert model.data["handwriting"] + model.data["handwriting_held_out"] == 40
    assert model.data["typefaces"] == 0
    assert model.parent is None


def test_versions_of_different_bases_are_swapped(tmp_path: Path) -> None:
    retrain("--base", "mnist", "--base-path", str(write_mnist(tmp_path / "mnist")))
    for version in ("1", "2", "1"):
        call_command("activate_model", version)
        assert str(TrainedModel.objects.active().get().version) == version


def test_mnist_is_fetched_where_no_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = some_digits(40)
    fetched = type("Bunch", (), {})()
    fetched.data = images.reshape(40, 784).astype(float)
    fetched.target = labels.astype(str).astype(object)
    monkeypatch.setattr(mnist, "fetch_openml", lambda name, **options: fetched)
    monkeypatch.setattr(mnist, "TRAINING_DIGITS", 30)
    data = retrain("--base", "mnist").data
    assert data["handwriting"] + data["handwriting_held_out"] == 30


def test_without_a_network_mnist_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, **options: Any) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr(mnist, "fetch_openml", fail)
    with pytest.raises(CommandError) as refusal:
        retrain("--base", "mnist")
    assert str(refusal.value) == (
        "mnist: MNIST cannot be fetched from openml.org (Name or service not known). Put "
        "train-images-idx3-ubyte and train-labels-idx1-ubyte (also .gz) into a folder, and name it "
        "with --base-path."
    )
    assert TrainedModel.objects.count() == 1


def test_a_folder_without_mnist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="must hold train-images-idx3-ubyte"):
        retrain("--base", "mnist", "--base-path", str(tmp_path))


def test_a_folder_for_no_mnist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="needs --base mnist"):
        retrain("--base-path", str(tmp_path))


def test_a_file_that_is_meant_to_be_tmnist_is_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("names,labels,1,2\nA-Regular,3,0,0\n")
    with pytest.raises(CommandError, match="The column '3' is missing"):
        retrain("--base", str(path))


def test_a_base_that_is_not_there_is_named_and_the_old_version_stays(
    tmp_path: Path, settings: Settings
) -> None:
    with pytest.raises(CommandError, match=r"There is no such file"):
        retrain("--base", str(tmp_path / "missing.csv"))
    assert TrainedModel.objects.active().get().version == 1
