"""manage.py evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.versions import evaluating
from recognizer.wording import counted


class Command(ServiceCommand):
    help = (
        f"Ask a model about every digit of a labeled file: {evaluating.FORMATS}. Prints a "
        "table and, as the last line, one JSON object with accuracy, recall by digit, n and model."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the labeled file or folder")
        parser.add_argument(
            "--model", type=int, metavar="N", help="version to ask (default: the active one)"
        )

    def run(self, **options: Any) -> None:
        evaluation = evaluating.evaluate(options["path"], options["model"])
        report = evaluation.report
        for sentence in evaluation.notices:
            self.stderr.write(sentence)
        for sentence in evaluation.unreadable:
            self.stderr.write(f"Counted as wrong: {sentence}")
        self.stdout.write(f"Model {evaluation.version} on {counted(report.n, 'digit')}")
        self.stdout.write("digit      n  right   recall  most often read as")
        for digit, row in enumerate(report.confusion):
            recall = report.recall[digit]
            shown = "-" if recall is None else f"{recall:.2%}"
            self.stdout.write(
                f"{digit:>5} {sum(row):>6} {row[digit]:>6} {shown:>8}  {_confusions(digit, row)}"
            )
        self.stdout.write(f"all   {report.n:>6} {_right(report):>6} {report.accuracy:>8.2%}")
        summary = {
            "accuracy": report.accuracy,
            "recall": {str(digit): recall for digit, recall in enumerate(report.recall)},
            "n": report.n,
            "unreadable": report.unreadable,
            "model": evaluation.version,
        }
        self.stdout.write(json.dumps(summary))


def _right(report: Any) -> int:
    return sum(row[digit] for digit, row in enumerate(report.confusion))


def _confusions(digit: int, row: tuple[int, ...]) -> str:
    """Name the three digits that this one is most often taken for."""
    others = sorted(((count, other) for other, count in enumerate(row) if other != digit and count))
    return ", ".join(f"{other} ({count})" for count, other in others[:-4:-1])
