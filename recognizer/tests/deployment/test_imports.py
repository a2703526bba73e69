"""What a process loads that only reads digits."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from recognizer.tests.kit.live import PROJECT

LOAD_THE_SITE = """
import json, sys
import digitsite.wsgi
print(json.dumps(sorted(sys.modules)))
"""
USE_WHAT_IS_LATE = """
import numpy as np
import psycopg
from sklearn.preprocessing import SplineTransformer, _data
print(_data.stats.norm.cdf(0))
import scipy.stats
print(scipy.stats.rankdata([2, 1]))
from sklearn.neural_network import MLPClassifier
digits, labels = np.eye(40), [0, 1] * 20
for options in ({"solver": "lbfgs"}, {"early_stopping": True}):
    model = MLPClassifier((4,), random_state=0, max_iter=20, **options)
    print(model.fit(digits, labels).score(digits, labels) >= 0.5)
print(SplineTransformer().fit_transform(digits[:, :1]).shape)
"""
PREPARE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "digitsite.settings"
import django
django.setup()
import digitsite.serve, recognizer.services.site.counting
import recognizer.management.commands.register_bundled_model
print(*sys.modules)
"""
READER = {
    *("drawing", "features", "pipeline", "neighbors", "explanation"),
    *("discriminant", "artifacts", "errors", "files"),
}
"""What of ml such a process may load."""


@pytest.fixture(scope="module")
def serving() -> tuple[set[str], list[str]]:
    """Return what a process loads that serves, and what it says as it uses late imports."""
    answer = run(f"{LOAD_THE_SITE}{USE_WHAT_IS_LATE}", DATABASE_URL="sqlite:///db.sqlite3")
    loaded, *said = answer.splitlines()
    return set(json.loads(loaded)), said


def run(script: str, **environment: str) -> str:
    """Run a script in a process of its own; return what it prints."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_a_process_that_serves_loads_the_reader_alone(
    serving: tuple[set[str], list[str]],
) -> None:
    loaded, _ = serving
    assert {"recognizer.admin", "recognizer.api.views"} <= loaded
    parts = [name.split(".") for name in loaded]
    assert {part for top, part, *_ in (p for p in parts if len(p) > 1) if top == "ml"} == READER
    assert (
        not {"pandas", "matplotlib", "distributed", "redis", "django.test", "requests", "rich"}
        & loaded
    )
    assert not {"scipy.stats", "scipy.optimize", "scipy.interpolate"} & loaded
    assert not {"sklearn.datasets", "sklearn.metrics", "sklearn.model_selection"} & loaded


def test_what_is_imported_late_works_once_it_is_called(
    serving: tuple[set[str], list[str]],
) -> None:
    _, said = serving
    assert said == ["0.5", "[2. 1.]", "True", "True", "(40, 7)"]


def test_a_process_that_migrates_and_finds_its_model_registered_loads_no_reader() -> None:
    loaded = set(run(PREPARE).split())
    assert "recognizer.services.versions.registry" in loaded
    assert not {"numpy", "sklearn", "recognizer.admin", "rest_framework.views"} & loaded


def test_a_process_that_serves_loads_the_database_in_use_alone(
    serving: tuple[set[str], list[str]],
) -> None:
    loaded, _ = serving
    assert "psycopg" not in loaded
    assert "psycopg" in json.loads(run(LOAD_THE_SITE, DATABASE_URL="postgres://one@two/three"))
