from __future__ import annotations

import pytest

from ml.tests.kit.training_data import SHORT, measure_on_little, none, written
from ml.training.train import TrainedArtifact, train


@pytest.fixture(scope="session")
def trained() -> TrainedArtifact:
    """A small model that reads most digits."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        measure_on_little(monkeypatch, 500, 300)
        return train(written(400, seed=7), none(), SHORT)
