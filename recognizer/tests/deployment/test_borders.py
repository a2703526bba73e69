"""The house: who may import whom, and how many modules a folder holds."""

from __future__ import annotations

import ast
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from ruff.__main__ import find_ruff_bin

from recognizer.tests.kit.live import PROJECT

APP = ("services", "problems", "access", "api", "pages")
SERVICES = ("versions", "retraining", "site", "drawings")
ML = ("drawing", "labeled", "writing", "measuring", "training")
MOST_MODULES = 12
BY_CONVENTION = {"apps", "errors", "metrics", "urls", "views"}
"""Names that Django, or both halves of the project, give to one module each."""


def list_crossings() -> list[tuple[str, str]]:
    """Return each border as a file and an import that must not stand in it."""
    crossings = [("ml/pipeline.py", "ml.labeled"), ("ml/drawing/x.py", "ml.pipeline")]
    for folder in ("", *(f"{name}/" for name in (*ML, "fonts"))):
        crossings += [(f"ml/{folder}x.py", name) for name in ("django", "recognizer", "digitsite")]
    for place, folder in enumerate(ML):
        crossings += [(f"ml/{folder}/x.py", f"ml.{right}") for right in ML[place + 1 :]]
    crossings += [("ml/fonts/x.py", "ml.measuring"), ("ml/measuring/x.py", "ml.fonts")]
    crossings += [("recognizer/models.py", f"recognizer.{folder}") for folder in APP]
    for place, folder in enumerate(APP):
        for right in (*APP[place + 1 :], "urls", "admin", "management"):
            crossings.append((f"recognizer/{folder}/x.py", f"recognizer.{right}"))
    for folder in (*APP[1:], "admin", "management"):
        crossings.append((f"recognizer/{folder}/x.py", "ml.pipeline"))
    crossings += [(file, "ml") for file in ("recognizer/models.py", "digitsite/x.py")]
    for place, folder in enumerate(SERVICES):
        for right in SERVICES[place + 1 :]:
            crossings.append((f"recognizer/services/{folder}/x.py", f"recognizer.services.{right}"))
        crossings.append((f"recognizer/services/{folder}/x.py", "recognizer.api.views"))
    return crossings


@pytest.mark.parametrize(("file", "module"), list_crossings())
def test_the_linter_refuses_an_import_across_a_border(file: str, module: str) -> None:
    command = [find_ruff_bin(), "check", "--no-cache", "--select", "TID251"]
    source = f"import {module}\n"

    done = subprocess.run(
        [*command, "--stdin-filename", file, "-"],
        input=source, cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1, f"{file} may import {module}"
    assert "TID251" in done.stdout


@pytest.mark.parametrize("file", ["recognizer/urls.py", "recognizer/middleware.py"])
def test_what_puts_the_folders_together_leaves_ml_alone(file: str) -> None:
    tree = ast.parse((PROJECT / file).read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert not {name for name in imported if name.partition(".")[0] == "ml"}


def list_modules() -> list[Path]:
    """Return all modules but those of tests, migrations and commands."""
    apart = {"tests", "migrations", "commands"}
    modules = [path for name in ("ml", "recognizer") for path in Path(PROJECT, name).rglob("*.py")]
    return [path for path in modules if not apart & set(path.relative_to(PROJECT).parts)]


def test_a_folder_holds_at_most_twelve_modules() -> None:
    counts = Counter(path.parent for path in list_modules() if path.stem != "__init__")

    assert {folder: n for folder, n in counts.items() if n > MOST_MODULES} == {}


def test_a_module_name_stands_once_in_the_tree() -> None:
    names = [path.stem for path in list_modules() if path.stem != "__init__"]

    assert {name for name, n in Counter(names).items() if n > 1} <= BY_CONVENTION


def test_each_folder_says_what_it_is_for() -> None:
    folders = [path for path in list_modules() if path.stem == "__init__"]
    silent = [path for path in folders if not ast.get_docstring(ast.parse(path.read_text()))]

    assert silent == []
