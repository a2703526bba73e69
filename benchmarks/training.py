"""What training is made of, and what it costs.

python -m benchmarks.training digits
python -m benchmarks.training retraining [CORRECTIONS …] [--share S]
python -m benchmarks.training cluster [WORKERS …]
python -m benchmarks.training sheets

`digits` is the processor time of making digits, on one core. `retraining` trains in a process of
its own for each number of corrections, which the synthetic pen writes, and makes the share S of the
digits that a retraining usually makes; memory is the highest sum that the process and its children
held at one time, shared pages counted once (PSS, from /proc), looked at four times a second.
`cluster` makes a sixth of a retraining's digits by so many workers of a Dask cluster on this
machine, and by two processes without one; processor time is that of the workers and of the process
that asks them.
`sheets` draws what augmentation and the pen make to docs/images.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from distributed import Client, LocalCluster
from joblib.externals.loky import get_reusable_executor
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from benchmarks import kit
from ml import artifacts
from ml.labeled.digits import LabeledDigits, load_tmnist
from ml.pipeline import build_pipeline
from ml.training.cluster import connected
from ml.training.material import TrainingOptions
from ml.training.train import compute_features, train
from ml.writing.augmentation import augment
from ml.writing.pen import PEN, ink_variant, write_digits
from ml.writing.variants.table import VARIANTS

COUNT = 5_000
WANTED = 150_000
JOBS = 2
CORRECTIONS = [1_000, 10_000]
WORKERS = [1, 2, 4]
SEED = 7
SECONDS_BETWEEN_LOOKS = 0.25
ZOOM = 2

Stages = dict[str, Callable[[], object]]
Rows = list[list[NDArray[np.uint8]]]  # each picture (28, 28)


def measure_digits() -> None:
    """Time typefaces that are augmented and digits that are written."""
    images = load_tmnist(kit.TYPEFACES).images
    faces = images[np.random.default_rng(0).choice(len(images), COUNT, replace=False)]
    makers: dict[str, Callable[[int], object]] = {
        "augmented typefaces": lambda seed: augment(faces, 1, seed),
        "digits of the synthetic pen": lambda seed: write_digits(COUNT, seed),
    }
    kit.print_head("what", "ms each", f"{WANTED:,} with {JOBS} jobs, s")
    with threadpool_limits(1):
        for name, make in makers.items():
            each = kit.processor_ms(make, [0, 0, 0]) / COUNT
            kit.print_row(name, f"{each:.2f}", f"{WANTED * each / JOBS / 1000:.0f}")


def memory_mb(process: int) -> float:
    """Return the memory of a process and its children."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0  # it has just ended
    own = next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return own + sum(memory_mb(int(child)) for child in children)


def watch_memory(stop: threading.Event, peaks: list[float]) -> None:
    """Note each new peak."""
    while not stop.wait(SECONDS_BETWEEN_LOOKS):
        peaks.append(max(memory_mb(os.getpid()), peaks[-1]))


def measure_retraining(count: int, share: float) -> tuple[str, ...]:
    """Retrain once and return a row."""
    images, labels = write_digits(count, SEED)
    names = np.array([f"{number}" for number in range(count)], dtype=str)
    corrections = LabeledDigits(images, labels, names)
    options = kit.shorten(TrainingOptions(), share)
    bundle, _ = artifacts.load(kit.BUNDLE)
    base = load_tmnist(kit.TYPEFACES)
    stop, peaks = threading.Event(), [0.0]
    watcher = threading.Thread(target=watch_memory, args=[stop, peaks])
    watcher.start()
    began, cpu = time.monotonic(), sum(os.times()[:4])
    trained = train(
        base,
        corrections,
        options,
        start=bundle,
        letters=kit.LETTERS,
        handwritten=kit.HANDWRITTEN,
    )
    seconds = time.monotonic() - began
    stop.set()
    watcher.join()
    get_reusable_executor().shutdown()  # only children that have ended are counted by os.times
    cpu = sum(os.times()[:4]) - cpu
    samples = trained.data["samples"]
    return f"{count:,}", f"{samples:,}", f"{seconds:.0f}", f"{cpu:.0f}", f"{max(peaks):,.0f}"


def make_stages() -> Stages:
    """Return what the processes of a retraining make, by name."""
    images = load_tmnist(kit.TYPEFACES).images
    faces = images[np.random.default_rng(0).choice(len(images), COUNT, replace=False)]
    transformers = build_pipeline()[:-1]
    return {
        f"{COUNT:,} typefaces": lambda: augment(faces, 1, SEED, jobs=JOBS),
        f"{2 * COUNT:,} pens": lambda: write_digits(2 * COUNT, SEED, jobs=JOBS),
        f"features of {3 * COUNT:,}": lambda: compute_features(
            transformers, [faces] * 3, jobs=JOBS
        ),
    }


def measure_stages(name: str, stages: Stages, processor_seconds: Callable[[], float]) -> None:
    """Print a row: clock and processor time of each stage."""
    cells = []
    for make in stages.values():
        began, cpu = time.monotonic(), processor_seconds()
        make()
        cells.append(f"{time.monotonic() - began:.1f}; {processor_seconds() - cpu:.1f}")
    kit.print_row(name, *cells)


def measure_cluster(workers: int, stages: Stages) -> None:
    """Print a row for a cluster of so many workers with one thread each."""
    settings = {"threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(n_workers=workers, **settings) as cluster,  # type: ignore[no-untyped-call]
        Client(cluster) as client,  # type: ignore[no-untyped-call]
        connected(cluster.scheduler_address),
    ):
        measure_stages(
            f"workers: {workers}",
            stages,
            lambda: time.process_time() + sum(client.run(time.process_time).values()),
        )


def measure_processes(stages: Stages) -> None:
    """Print a row for two processes without a cluster."""

    def seconds() -> float:
        get_reusable_executor().shutdown()  # only children that have ended are counted
        return sum(os.times()[:4])

    measure_stages(f"{JOBS} processes, no cluster", stages, seconds)


def save_sheet(rows: Rows, path: Path) -> None:
    """Save rows of digits, dark on white; short rows are filled with white."""
    longest = max(map(len, rows))
    empty = np.zeros((28, 28), np.uint8)
    lines = [np.hstack(row + [empty] * (longest - len(row))) for row in rows]
    sheet = Image.fromarray(255 - np.vstack(lines))
    sheet = sheet.resize((sheet.width * ZOOM, sheet.height * ZOOM), Image.Resampling.NEAREST)
    sheet.save(path, optimize=True)
    kit.print_row(path.relative_to(kit.PROJECT), len(rows), f"{path.stat().st_size:,}")


def draw_sheets(folder: Path) -> None:
    """Draw a row for each digit: two typefaces with nine copies, and every variant twice."""
    rng = np.random.default_rng(4)
    faces = load_tmnist(kit.TYPEFACES)
    copies: Rows = []
    for digit in range(10):
        row: list[NDArray[np.uint8]] = []
        for index in rng.choice(np.flatnonzero(faces.labels == digit), 2).tolist():
            face = faces.images[index : index + 1]
            row += [face[0], *augment(face, 9, seed=index)]
        copies.append(row)
    variants = [
        [ink for each in VARIANTS if each.digit == digit for ink in ink_variant(each, 2, rng, PEN)]
        for digit in range(10)
    ]
    kit.print_head("sheet", "rows", "bytes")
    save_sheet(copies, folder / "augmentation.png")
    save_sheet(variants, folder / "pen.png")


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("part", choices=["digits", "retraining", "cluster", "sheets"])
    parser.add_argument("numbers", nargs="*", type=int)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    if options.part == "digits":
        measure_digits()
    elif options.part == "cluster":
        stages = make_stages()
        kit.print_head("who", *(f"{name}: seconds; processor" for name in stages))
        measure_processes(stages)
        for workers in options.numbers or WORKERS:
            measure_cluster(workers, stages)
    elif options.part == "sheets":
        draw_sheets(kit.PROJECT / "docs" / "images")
    else:
        kit.print_head(
            "corrections", "digits trained on", "seconds", "processor seconds", "peak MB"
        )
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
            shares = repeat(options.share)
            for row in pool.map(measure_retraining, options.numbers or CORRECTIONS, shares):
                kit.print_row(*row)


if __name__ == "__main__":
    main()
