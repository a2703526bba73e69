"""What a process loads that only reads digits."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from recognizer.tests.kit.live import PROJECT

LOAD_THE_SITE = """
import json, sys
import digitsite.wsgi
print(json.dumps(sorted(sys.modules)))
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


def test_a_process_that_serves_loads_the_reader_alone() -> None:
    loaded = json.loads(
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", LOAD_THE_SITE],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    )
    assert {"recognizer.admin", "recognizer.api.views"} <= set(loaded)
    parts = [name.split(".") for name in loaded]
    assert {part for top, part, *_ in (p for p in parts if len(p) > 1) if top == "ml"} == READER
    assert not {"pandas", "matplotlib", "distributed", "redis", "django.test"} & set(loaded)
    assert not {"scipy.stats", "scipy.optimize", "scipy.interpolate"} & set(loaded)
    assert not {"sklearn.datasets", "sklearn.metrics", "sklearn.model_selection"} & set(loaded)


def test_what_is_imported_late_works_once_it_is_called() -> None:
    script = f"""{LOAD_THE_SITE}
import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import SplineTransformer
digits, labels = np.eye(40), [0, 1] * 20
for options in ({{"solver": "lbfgs"}}, {{"early_stopping": True}}):
    model = MLPClassifier((4,), random_state=0, max_iter=20, **options)
    print(model.fit(digits, labels).score(digits, labels) >= 0.5)
print(SplineTransformer().fit_transform(digits[:, :1]).shape)
"""
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.splitlines()[1:] == ["True", "True", "(40, 7)"]


def test_a_process_that_migrates_and_finds_its_model_registered_loads_no_reader() -> None:
    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PREPARE],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()
    assert "recognizer.services.versions.registry" in loaded
    assert not {"numpy", "sklearn", "recognizer.admin", "rest_framework.views"} & set(loaded)


def test_a_process_that_serves_loads_the_database_in_use_alone() -> None:
    later = "from sklearn.preprocessing import _data; assert _data.stats.norm.cdf(0) == 0.5"
    later = f"{later}; import psycopg, scipy.stats; print(scipy.stats.rankdata([2, 1]))"
    script = f"{LOAD_THE_SITE}{later}"
    for url, is_loaded in (("sqlite:///db.sqlite3", False), ("postgres://one@two/three", True)):
        answer = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=True,
        )
        loaded, ranks = answer.stdout.splitlines()
        assert ("psycopg" in json.loads(loaded)) is is_loaded
        assert ranks == "[2. 1.]"
