"""What the app's tests share: a real SQLite file, a small real model, and drawings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.db import connections

from ml import artifacts
from ml.augmentation import augment
from ml.pipeline import build_pipeline
from ml.preprocessing import Digits, canonical_digit, ink_from_image
from recognizer.tests.browsing import browser as browser
from recognizer.tests.browsing import page as page
from recognizer.tests.drawings import png_of
from recognizer.tests.live import site as site


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put the test database into a file: write-ahead log and locks are real only there."""
    path = tmp_path_factory.mktemp("database") / "db.sqlite3"
    for connection in connections.all():
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(path)


@pytest.fixture(scope="session")
def typeface_digits() -> tuple[Digits, np.ndarray]:
    """Ten digits of one face, and their labels."""
    digits = [canonical_digit(ink_from_image(png_of(digit))) for digit in range(10)]
    return np.stack(digits), np.arange(10, dtype=np.uint8)


@pytest.fixture(scope="session")
def bundled_model(
    tmp_path_factory: pytest.TempPathFactory, typeface_digits: tuple[Digits, np.ndarray]
) -> Path:
    """Train a small model on one face, in a second."""
    images, labels = typeface_digits
    copies = 30
    varied = augment(images, copies, seed=0)
    model = build_pipeline(hidden_units=24).set_params(
        mlpclassifier__max_iter=30, mlpclassifier__early_stopping=False
    )
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(varied.reshape(-1, 784), np.repeat(labels, copies))
    path = tmp_path_factory.mktemp("bundle") / "model.joblib"
    data = artifacts.serialize(model)
    artifacts.save(path, data, artifacts.describe(data, {"seed": 0}, {}, {}))
    return path
