from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "training.ipynb"
MACHINE_PATH = re.compile(r"/(work|tmp|root|home|usr|Users)/")


@pytest.fixture
def notebook() -> NotebookNode:
    return nbformat.reads(NOTEBOOK.read_text("utf-8"), as_version=4)  # type: ignore[no-any-return, no-untyped-call]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_walkthrough_runs_from_top_to_bottom_on_a_small_sample(
    notebook: NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel is a process of its own: it keeps no history at home, and leaves a core to others.
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    (parameters,) = [
        cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])
    ]
    assert parameters.source == "SMALL = False"
    parameters.source = "SMALL = True"
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    kinds = [output.output_type for cell in code_cells(notebook) for output in cell.outputs]
    assert kinds.count("display_data") > 10  # the pictures


def test_the_committed_walkthrough_was_run_in_full_without_an_error(
    notebook: NotebookNode,
) -> None:
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert NOTEBOOK.stat().st_size < 1_500_000


def test_the_committed_walkthrough_names_no_path_of_a_machine(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for kind, content in output.get("data", {"text": output.get("text", "")}).items():
                if not kind.startswith("image/"):
                    assert not MACHINE_PATH.search(content)
        assert not MACHINE_PATH.search(cell.source)
