"""What is trained and measured on: typefaces, pens, letters, scribbles and corrections."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.augmentation import CORRECTION, augment
from ml.datasets import LabeledDigits
from ml.nondigits import non_digits, write_scribbles
from ml.pen import write_digits
from ml.pipeline import NOT_A_DIGIT
from ml.preprocessing import Digits, canonical_digit, ink_from_pixels

PEN_HOLDOUT: Final = 5_000
"""Digits of the synthetic pen that every model is measured on."""
OTHER_HOLDOUT: Final = 3_000
"""Letters and scribbles that every model is measured on."""
PEN_HOLDOUT_SEED: Final = 2**31 - 1
"""The seed of both; it never trains."""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a model is trained.

    Parameters
    ----------
    seed : int
        Seed of weights, order and augmentation.
    hidden_units : int
        Width of the hidden layer of new weights.
    typeface_copies : int
        Augmented copies of each typeface digit when training from scratch.
    pen_samples : int
        Digits of the synthetic pen when training from scratch; 0 trains without it.
    replay_samples : int
        Augmented typeface digits when training goes on from a start: enough that nothing is
        forgotten.
    replay_pen_samples : int
        Digits of the synthetic pen when training goes on from a start.
    other_samples : int
        Letters and scribbles, which are no digits, when training from scratch.
    replay_other_samples : int
        Letters and scribbles when training goes on from a start.
    correction_samples : int
        Augmented corrections, all together, within the next limits. A hundred corrections make
        a fifth of a short training, so they count.
    correction_copies : tuple of int
        Fewest and most augmented copies of one correction.
    correction_holdout_from : int
        Corrections from which on a tenth of them is kept for measuring; fewer are all trained on.
    jobs : int
        Processes that augment and compute features.
    """

    seed: int = 0
    hidden_units: int = 512
    typeface_copies: int = 2
    pen_samples: int = 300_000
    replay_samples: int = 15_000
    replay_pen_samples: int = 45_000
    other_samples: int = 30_000
    replay_other_samples: int = 6_000
    correction_samples: int = 30_000
    correction_copies: tuple[int, int] = (3, 60)
    correction_holdout_from: int = 100
    jobs: int = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is.

    Parameters
    ----------
    phase : str
        What is done now.
    fraction : float
        Share of the whole that is done, 0 to 1.
    """

    phase: str
    fraction: float


class Steps:
    """Turns the progress of each phase into progress of the whole."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self.report = report

    def phase(self, name: str, begin: float, end: float) -> Callable[[float], None]:
        """Give a function that is told the fraction of one phase."""
        return lambda fraction: self.report(Progress(name, begin + (end - begin) * fraction))


def make_training_set(
    base: LabeledDigits,
    corrections: LabeledDigits,
    letters: Path | None,
    options: TrainingOptions,
    steps: Steps,
    *,
    goes_on: bool,
) -> tuple[Digits, NDArray[np.uint8]]:
    """Augment typefaces and corrections and write pens: the images and labels that train."""
    face_choice, face_seed, pen_seed, other_seed, correction_seed = (
        int(state) for state in np.random.SeedSequence(options.seed).generate_state(5)
    )
    copies, pen_samples = options.typeface_copies, options.pen_samples
    other_samples = options.other_samples
    if goes_on:
        copies, pen_samples = 1, options.replay_pen_samples
        other_samples = options.replay_other_samples
        rng = np.random.default_rng(face_choice)
        base = base.select(rng.integers(0, len(base), options.replay_samples))
    faces = augment(
        base.images,
        copies,
        face_seed,
        jobs=options.jobs,
        report=steps.phase("Augmenting typefaces", 0.0, 0.1),
    )
    pens, pen_labels = write_digits(
        pen_samples, pen_seed, jobs=options.jobs, report=steps.phase("Writing pens", 0.1, 0.33)
    )
    steps.phase("Scribbling", 0.33, 0.35)(0.0)
    others = make_others(letters, other_samples, other_seed, jobs=options.jobs)
    images = [faces, pens, others]
    labels = [
        np.repeat(base.labels, copies),
        pen_labels,
        np.full(len(others), NOT_A_DIGIT, np.uint8),
    ]
    if len(corrections):
        fewest, most = options.correction_copies
        copies = int(np.clip(options.correction_samples // len(corrections), fewest, most))
        drawn = augment(
            corrections.images,
            copies,
            correction_seed,
            CORRECTION,
            jobs=options.jobs,
            report=steps.phase("Augmenting corrections", 0.35, 0.4),
        )
        images += [corrections.images, drawn]
        labels += [corrections.labels, np.repeat(corrections.labels, copies)]
    return np.concatenate(images), np.concatenate(labels)


@functools.cache
def pen_holdout() -> LabeledDigits:
    """Write the digits of the synthetic pen that every model is measured on.

    Returns
    -------
    LabeledDigits
        The same digits each time.
    """
    images, labels = write_digits(PEN_HOLDOUT, PEN_HOLDOUT_SEED)
    return LabeledDigits(images, labels, np.full(len(labels), "pen"))


def as_presented(digits: LabeledDigits) -> LabeledDigits:
    """Bring typefaces to the form that drawings have when the model is asked."""
    images = [canonical_digit(ink_from_pixels(image)) for image in digits.images]
    stacked = np.array(images, np.uint8).reshape(digits.images.shape)
    return LabeledDigits(stacked, digits.labels, digits.groups)


def make_others(
    letters: Path | None, count: int, seed: int, *, jobs: int = 1, holdout: bool = False
) -> Digits:
    """Make pictures that are no digit, of letters and scribbles or of scribbles alone."""
    if letters is None:
        return write_scribbles(count, seed, jobs)
    return non_digits(letters, count, seed, jobs, holdout=holdout)
