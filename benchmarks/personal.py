"""What a person's own answers change at once: errors with and without the memory, and its cost.

python -m benchmarks.personal [--hands N] [--tablet STROKES.json.gz]

A generated hand writes each digit its own way, with small changes from one time to the next; it has
answered for 20 digits and writes 30 others. Of a tablet's writer, all other digits are remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from benchmarks import kit
from ml import artifacts
from ml.drawing.canonical import Digits, canonical_digit
from ml.drawing.strokes import PAD_SIZE, Strokes, ink_from_strokes
from ml.labeled.digits import LabeledDigits, load_labeled
from ml.neighbors import Memory, ask_memory, direction_of
from ml.pipeline import hidden_layer, predict_with_hidden
from ml.writing.pen import PEN, write_strokes

ANSWERED, ASKED = 2, 3
"""Times that a hand writes each digit for the memory, and for the test."""


@dataclass(frozen=True)
class Writer:
    """What a person answered for, and what is asked then."""

    known: LabeledDigits
    asked: LabeledDigits


def repeat(strokes: Strokes, rng: np.random.Generator) -> Digits:
    """Write the same strokes again, slightly otherwise: (28, 28)."""
    slant = np.eye(2) + rng.normal(0, 0.06, (2, 2))
    half = PAD_SIZE / 2
    moved = [
        ((np.array(line) - half) @ slant.T + half + rng.normal(0, 1.5, np.shape(line))).tolist()
        for line in strokes
    ]
    return canonical_digit(ink_from_strokes(moved))


def write_hands(count: int, habit: float) -> Iterator[Writer]:
    """Write by hands whose shapes stray from the variants `habit` times as far as usual."""
    rng = np.random.default_rng(1)
    settings = replace(PEN, jitter=habit * PEN.jitter)
    for _ in range(count):
        shapes = [write_strokes(digit, rng, settings) for digit in range(10)]
        yield Writer(*(_write(shapes, times, rng) for times in (ANSWERED, ASKED)))


def _write(shapes: list[Strokes], times: int, rng: np.random.Generator) -> LabeledDigits:
    images = [repeat(shape, rng) for shape in shapes for _ in range(times)]
    labels = np.repeat(np.arange(10, dtype=np.uint8), times)
    return LabeledDigits(np.stack(images), labels, np.full(len(labels), "hand"))


def leave_one_out(digits: LabeledDigits) -> Iterator[Writer]:
    """Ask about each digit of a file with all others of its writer remembered."""
    for index, writer in enumerate(digits.groups):
        others = (digits.groups == writer) & (np.arange(len(digits)) != index)
        yield Writer(digits.select(others), digits.select([index]))


def count_errors(model: Pipeline, writers: Iterator[Writer]) -> tuple[int, int, int, int]:
    """Count the digits, the errors of the model, and those mended and broken by the memory."""
    right: list[tuple[bool, bool]] = []
    for writer in writers:
        memory = make_memory(model, writer.known)
        for image, label in zip(writer.asked.images, writer.asked.labels, strict=True):
            prediction, hidden = predict_with_hidden(model, image)
            assert hidden is not None
            personal = ask_memory(prediction, hidden, memory).prediction
            both = [one.is_digit and one.digit == label for one in (prediction, personal)]
            right.append((both[0], both[1]))
    own, helped = np.array(right).T
    return len(own), int((~own).sum()), int((~own & helped).sum()), int((own & ~helped).sum())


def make_memory(model: Pipeline, known: LabeledDigits) -> Memory:
    rows: NDArray[np.uint8] = known.images.reshape(len(known), -1)
    return Memory(direction_of(hidden_layer(model, rows)), known.labels)


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("--hands", type=int, default=60)
    parser.add_argument("--tablet", type=Path)
    options = parser.parse_args()
    model, _ = artifacts.load(kit.BUNDLE)
    kit.print_head("digits of", "asked", "errors", "with the memory", "mended", "broken")
    rows = {
        f"{options.hands} generated hands, habits x{habit}": write_hands(options.hands, habit)
        for habit in (1, 2)
    }
    if options.tablet:
        rows["the tablet's writers, each digit by the others"] = leave_one_out(
            load_labeled(options.tablet)
        )
    for name, writers in rows.items():
        n, errors, mended, broken = count_errors(model, writers)
        kit.print_row(name, n, errors, errors - mended + broken, mended, broken)
    (writer,) = write_hands(1, 1.0)
    full = make_memory(model, writer.known.select(np.arange(200) % len(writer.known)))
    read = [predict_with_hidden(model, image) for image in writer.asked.images] * 10
    cost = kit.processor_ms(lambda one: ask_memory(one[0], one[1], full), read)
    print(f"\nA memory of 200 drawings costs {cost:.2f} ms a reading, without its query.")


if __name__ == "__main__":
    main()
