"""What a model is trained on: typefaces, pens, letters, scribbles and corrections."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.canonical import Digits
from ml.labeled.digits import LabeledDigits
from ml.pipeline import NOT_A_DIGIT
from ml.training.progress import Steps
from ml.writing.augmentation import CORRECTION, TYPEFACE, AugmentationSettings, augment
from ml.writing.non_digits import make_others
from ml.writing.pen import write_digits

WEIGHT_GROWS: Final = (1_000, 5_000)
"""Numbers of corrections between which their weight grows from 1 to all of it."""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a model is trained."""

    seed: int = 0
    """Seed of weights, order and augmentation."""
    hidden_units: int = 512
    """Width of the hidden layer of new weights."""
    typeface_copies: int = 2
    """Augmented copies of each base digit, of a typeface or a hand, when training from scratch; a
    typeface also trains as it is printed."""
    handwriting_weight: int = 12
    """How many times as often digits of typefaces that look handwritten are taken as others, when
    training from scratch; a replay takes all alike, as corrections already are handwriting."""
    pen_samples: int = 300_000
    """Digits of the synthetic pen when training from scratch; 0 trains without it."""
    replay_samples: int = 15_000
    """Augmented base digits when training goes on from a start: enough to forget nothing."""
    replay_pen_samples: int = 30_000
    """Digits of the synthetic pen when training goes on from a start."""
    other_samples: int = 60_000
    """Letters and scribbles when training from scratch."""
    replay_other_samples: int = 8_000
    """Letters and scribbles when training goes on from a start."""
    correction_samples: int = 30_000
    """Augmented corrections, all together, within the next limits. A hundred corrections make a
    fifth of a short training, so they count."""
    correction_copies: tuple[int, int] = (1, 60)
    """Fewest and most augmented copies of one correction."""
    correction_weight: float = 3.0
    """What a picture of many corrections weighs beside one of the replay; see `weight_of_each`."""
    correction_holdout_from: int = 100
    """Corrections from which on a tenth of them is held out; fewer are all trained on."""
    holdout_share: float = 1.0
    """Share of the typefaces, pens and others kept aside that measure: less is quick and rough."""
    jobs: int = 2
    """Processes that augment and compute features."""


def make_training_set(
    base: LabeledDigits,
    corrections: LabeledDigits,
    letters: Path | None,
    options: TrainingOptions,
    steps: Steps,
    *,
    goes_on: bool,
    handwritten: Collection[str] = (),
    handwriting: LabeledDigits | None = None,
) -> tuple[list[Digits], NDArray[np.uint8]]:
    """Augment typefaces and handwriting, write pens and draw scribbles.

    `base` are canonical digits of typefaces, `handwriting` of people; `handwritten` are groups of
    `base` that look handwritten. If training `goes_on` from a start, a replay of both is enough.
    Returns parts, each (n, 28, 28) uint8, and all their labels.
    """
    # Even with the seed of its start, a replay makes other copies and other pens.
    seeds = np.random.SeedSequence(options.seed, spawn_key=(1,) if goes_on else ())
    face_choice, face_seed, pen_seed, other_seed, correction_seed, hand_choice, hand_seed = (
        int(state) for state in seeds.generate_state(7)
    )
    hands = handwriting or LabeledDigits.concatenate([])
    copies, pen_samples = options.typeface_copies, options.pen_samples
    other_samples = options.other_samples
    parts = [] if goes_on else [(base.images, base.labels)]  # as they are printed
    if goes_on:
        copies, pen_samples = 1, options.replay_pen_samples
        other_samples = options.replay_other_samples
        faces_again, hands_again = share_replay(len(base), len(hands), options)
        base = _draw(base, faces_again, face_choice)
        hands = _draw(hands, hands_again, hand_choice)
    else:
        base = weigh(base, handwritten, options)

    def change(
        digits: LabeledDigits, copies: int, seed: int, settings: AugmentationSettings, phase: str
    ) -> tuple[Digits, NDArray[np.uint8]]:
        report = steps.phase(phase)
        images = augment(digits.images, copies, seed, settings, jobs=options.jobs, report=report)
        return images, np.repeat(digits.labels, copies)

    parts.append(change(base, copies, face_seed, TYPEFACE, "Augmenting typefaces"))
    report = steps.phase("Writing pens")
    parts.append(write_digits(pen_samples, pen_seed, jobs=options.jobs, report=report))
    steps.phase("Scribbling")
    others = make_others(letters, other_samples, other_seed, jobs=options.jobs)
    parts.append((others, np.full(len(others), NOT_A_DIGIT, np.uint8)))
    if len(hands):
        parts.append(change(hands, copies, hand_seed, CORRECTION, "Augmenting handwriting"))
    if len(corrections):
        copies = copies_of_each(len(corrections), options)
        parts.append((corrections.images, corrections.labels))
        parts.append(
            change(corrections, copies, correction_seed, CORRECTION, "Augmenting corrections")
        )
    return [images for images, _ in parts], np.concatenate([labels for _, labels in parts])


def weigh(
    base: LabeledDigits, handwritten: Collection[str], options: TrainingOptions
) -> LabeledDigits:
    """Repeat typefaces of the families that look handwritten by their weight."""
    looks_so = np.isin(base.groups, list(handwritten))
    times = np.where(looks_so, options.handwriting_weight, 1)
    return base.select(np.repeat(np.arange(len(base)), times))


def count_digits(
    faces: int, corrections: int, options: TrainingOptions, *, goes_on: bool, hands: int = 0
) -> dict[str, int]:
    """Count the digits that each phase of `make_training_set` makes; `faces` are weighed ones."""
    faces_made, hands_made = faces * options.typeface_copies, hands * options.typeface_copies
    if goes_on:
        faces_made, hands_made = share_replay(faces, hands, options)
    return {
        "Augmenting typefaces": faces_made,
        "Writing pens": options.replay_pen_samples if goes_on else options.pen_samples,
        "Scribbling": options.replay_other_samples if goes_on else options.other_samples,
        "Augmenting handwriting": hands_made,
        "Augmenting corrections": corrections * copies_of_each(corrections, options),
    }


def share_replay(faces: int, hands: int, options: TrainingOptions) -> tuple[int, int]:
    """Share the digits of a replay between typefaces and handwriting, by their numbers."""
    if not faces + hands:
        return 0, 0
    of_faces = round(options.replay_samples * faces / (faces + hands))
    return of_faces, options.replay_samples - of_faces


def _draw(digits: LabeledDigits, count: int, seed: int) -> LabeledDigits:
    """Draw `count` digits with replacement."""
    return digits.select(np.random.default_rng(seed).integers(0, max(len(digits), 1), count))


def copies_of_each(corrections: int, options: TrainingOptions) -> int:
    """Number of augmented copies of each of `corrections` corrections."""
    fewest, most = options.correction_copies
    return int(np.clip(options.correction_samples // max(corrections, 1), fewest, most))


def weight_of_each(corrections: int, options: TrainingOptions) -> float:
    """What each picture of `corrections` corrections weighs beside one of the replay, 1 and up.

    Few are repeated until they count. Of many there is one picture each, and more of them know
    better than the replay how people write here.
    """
    few, many = WEIGHT_GROWS
    grown = np.log(max(corrections, few) / few) / np.log(many / few)
    return float(1 + (options.correction_weight - 1) * min(grown, 1.0))
