"""What a retraining costs in time and memory, by the number of corrections.

nice python -m benchmarks.retrain_cost [--from-scratch] [CORRECTIONS …]

Each is a process of its own, on corrections that the synthetic pen wrote. Seconds are those of the
clock and of the processors; memory is the highest sum that this process and its children held at
one time, pages that they share counted once (PSS, by /proc), looked at four times a second.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from joblib.externals.loky import get_reusable_executor

from benchmarks.accuracy import PROJECT
from ml import artifacts
from ml.labeled.digits import LabeledDigits, load_tmnist
from ml.training.material import TrainingOptions
from ml.training.progress import Progress
from ml.training.train import train
from ml.writing.pen import write_digits

SEED = 7
SECONDS_BETWEEN_LOOKS = 0.25
Phases = dict[str, float]


def memory_mb(process: int) -> float:
    """Sum up the memory of a process and its children."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0  # it has just ended
    own = next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return own + sum(memory_mb(int(child)) for child in children)


def watch_memory(stop: threading.Event, peaks: list[float]) -> None:
    """Note each new peak until told to stop."""
    while not stop.wait(SECONDS_BETWEEN_LOOKS):
        peaks.append(max(memory_mb(os.getpid()), peaks[-1]))


def note_phases(phases: Phases) -> Callable[[Progress], None]:
    """Note when each phase began."""

    def report(progress: Progress) -> None:
        phases.setdefault(progress.phase, time.monotonic())

    return report


def measure(count: int, *, from_scratch: bool) -> None:
    """Retrain once and print a row."""
    images, labels = write_digits(count, SEED)
    names = np.array([f"{number}" for number in range(count)], dtype=str)
    start = None if from_scratch else artifacts.load(PROJECT / "fixtures" / "model.joblib")[0]
    base = load_tmnist(PROJECT / "fixtures" / "tmnist.csv.gz")
    stop, peaks, phases = threading.Event(), [0.0], Phases()
    watcher = threading.Thread(target=watch_memory, args=[stop, peaks])
    watcher.start()
    began, cpu = time.monotonic(), sum(os.times()[:4])
    trained = train(
        base,
        LabeledDigits(images, labels, names),
        TrainingOptions(),
        start=start,
        letters=PROJECT / "fixtures" / "letters.csv.gz",
        report=note_phases(phases),
    )
    ended = time.monotonic()
    stop.set()
    watcher.join()
    get_reusable_executor().shutdown()  # only what has ended is counted as time of children
    cpu = sum(os.times()[:4]) - cpu
    print(
        f"| {count:,} | {trained.data['samples']:,} | {ended - began:.0f} | {cpu:.0f} "
        f"| {max(peaks):,.0f} |",
        flush=True,
    )
    moments = [*phases.values(), ended]
    for name, first, last in zip(phases, moments, moments[1:], strict=False):
        print(f"  {name}: {last - first:.1f} s", file=sys.stderr)


def main() -> None:
    """Measure each count in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corrections", nargs="*", type=int, default=[1_000, 10_000])
    parser.add_argument("--from-scratch", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.corrections[0], from_scratch=options.from_scratch)
        return
    print("| corrections | samples | seconds | processor seconds | peak MB |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    again = [sys.executable, "-m", "benchmarks.retrain_cost", "--here"]
    for count in options.corrections:
        flags = ["--from-scratch"] if options.from_scratch else []
        subprocess.run([*again, *flags, str(count)], check=True)


if __name__ == "__main__":
    main()
