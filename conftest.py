"""What all tests share: their order, and how many mutated inputs each parser of bytes gets.

`python -m pytest --fuzz 10000 -k mutated` is the full run.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ml.tests.kit.fuzzing import MUTATIONS, Outcome, Parser, fuzz

OUTCOMES = pytest.StashKey[list[Outcome]]()
LONGEST = (
    "recognizer/tests/pages/",
    "recognizer/tests/faults/",
    "recognizer/tests/deployment/",
    "recognizer/tests/schema/",
    "ml/tests/training/",
)
"""Folders whose files take longest: they come first, so that no process ends with one alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; the processes share the short ones at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the number be chosen."""
    help_ = f"mutated inputs for each parser of bytes (default: {MUTATIONS})"
    parser.addoption("--fuzz", type=int, metavar="COUNT", help=help_)


@pytest.fixture(scope="session")
def assert_withstands(pytestconfig: pytest.Config) -> Callable[[Parser], None]:
    """Return the check that a parser withstands mutated inputs, within bounds."""
    outcomes = pytestconfig.stash.setdefault(OUTCOMES, [])

    def check(parser: Parser) -> None:
        outcome = fuzz(parser, pytestconfig.getoption("--fuzz") or MUTATIONS)
        outcomes.append(outcome)
        assert not outcome.faults, "\n".join(outcome.faults.values())
        # Neither all mutations nor none may be refused, or it was not the parser that was tested.
        assert outcome.refused
        assert outcome.accepted or not parser.accepts_some

    return check


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell what came of a fuzzing that was asked for."""
    outcomes = config.stash.get(OUTCOMES, [])
    if outcomes and config.getoption("--fuzz"):
        terminalreporter.section("mutated inputs")
        header = ("parser", "inputs", "refused", "accepted", "peak MB", "slowest CPU ms")
        terminalreporter.line("{:34}{:>10}{:>10}{:>10}{:>10}{:>16}".format(*header))
        for one in outcomes:
            terminalreporter.line(
                f"{one.name:34}{one.inputs:10,}{one.refused:10,}{one.accepted:10,}"
                f"{one.peak_bytes / 2**20:10.1f}{1000 * one.slowest_seconds:16.1f}"
            )
