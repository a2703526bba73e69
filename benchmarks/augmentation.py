"""How many digits one core augments and writes per second, and what 150,000 take on two.

OPENBLAS_NUM_THREADS=1 python -m benchmarks.augmentation

Processor time of one process, so that other work on the machine counts little.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.accuracy import PROJECT
from ml.labeled.digits import load_tmnist
from ml.writing.augmentation import augment
from ml.writing.pen import write_digits

COUNT = 5_000
WANTED = 150_000
JOBS = 2


def processor_seconds(function: Callable[[], object]) -> float:
    """Processor time of a call, user and system, the better of two."""
    seconds = []
    for _ in range(2):
        began = time.process_time()
        function()
        seconds.append(time.process_time() - began)
    return min(seconds)


def main() -> None:
    """Time typefaces that are changed and digits that are written."""
    images = load_tmnist(PROJECT / "fixtures" / "tmnist.csv.gz").images
    faces = images[np.random.default_rng(0).choice(len(images), COUNT, replace=False)]
    for name, function in (
        ("augmented typefaces", lambda: augment(faces, 1, seed=0)),
        ("digits of the synthetic pen", lambda: write_digits(COUNT, seed=0)),
    ):
        each = processor_seconds(function) / COUNT
        print(
            f"{name}: {1 / each:,.0f} per second and core ({1000 * each:.2f} ms each); "
            f"{WANTED:,} with {JOBS} jobs: {WANTED * each / JOBS:.0f} s"
        )


if __name__ == "__main__":
    main()
