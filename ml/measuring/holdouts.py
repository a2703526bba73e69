"""What every model is measured on and none is trained on: the same pictures for all of them."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.drawing.canonical import Digits
from ml.labeled.digits import LabeledDigits, as_presented, is_held_out, load_tmnist, split_by_group
from ml.measuring.evaluation import likeliest, refusal_report, report
from ml.measuring.significance import Comparison, compare, significant
from ml.pipeline import NOT_A_DIGIT, STRANGENESS_LIMIT, Reading, read
from ml.writing.non_digits import make_others
from ml.writing.pen import write_digits

PEN_HOLDOUT: Final = 5_000
"""Digits of the synthetic pen that every model is measured on."""
OTHER_HOLDOUT: Final = 3_000
"""Letters and scribbles that every model is measured on."""
PEN_HOLDOUT_SEED: Final = 2**31 - 1
"""Seed of both; it is never trained on."""

LEVEL: Final = 0.05
"""Largest probability that a model as good as the one before is taken for a worse one."""
TOLERATED: Final = {"pens": 0.01, "others": 0.01}
"""Loss, as a share of all pictures, up to which even a significant one is tolerated.

A retraining exercises pens, letters and scribbles much less than the bundled model's training did,
and lost 0.2 to 0.4 points of them in measurements: on thousands of pictures that is more than
chance, but not worth the corrections that it would cost.
"""
MOST_HELD_OUT: Final = 0.2
"""Largest share of the corrections that measures; a tenth does on average."""
DIGIT_TOLERATED: Final = 0.01
"""Loss, as a share of one digit's pictures, up to which even a significant one is tolerated."""
HOLDOUTS: Final = ("typefaces", "pens", "corrections", "others")
"""Names of the holdouts. ``others`` are letters and scribbles together with all pictures of the
first three: here it counts whether a picture is taken for a digit at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Holdouts:
    """Pictures that are kept for measuring."""

    typefaces: LabeledDigits
    """Canonical digits of the held out families."""
    pens: LabeledDigits
    """Digits of the synthetic pen, of a seed that never trains."""
    corrections: LabeledDigits
    """Held out corrections; may be empty."""
    others: Digits
    """(n, 28, 28) uint8 letters and scribbles."""

    def images(self, name: str) -> Digits:
        """Pictures (n, 28, 28) uint8 of the holdout `name`."""
        if name == "others":
            digits = [part.images for part in (self.typefaces, self.pens, self.corrections)]
            return np.concatenate([*digits, self.others])
        digits_of: LabeledDigits = getattr(self, name)
        return digits_of.images

    def labels(self, name: str) -> NDArray[np.uint8]:
        """Right answers (n,) uint8 of the holdout `name`: 0 to 9, or `NOT_A_DIGIT`."""
        if name == "others":
            digits = [part.labels for part in (self.typefaces, self.pens, self.corrections)]
            return np.concatenate([*digits, np.full(len(self.others), NOT_A_DIGIT, np.uint8)])
        digits_of: LabeledDigits = getattr(self, name)
        return digits_of.labels

    def with_corrections(self, chosen: NDArray[np.bool_]) -> Holdouts:
        """The same with only the `chosen` (n,) corrections."""
        return replace(self, corrections=self.corrections.select(chosen))


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A model's answers to all holdouts, picture by picture."""

    typefaces: Reading
    pens: Reading
    corrections: Reading
    others: Reading

    def given(self, name: str, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Answers (n,) uint8 to the holdout `name`, as `likeliest` gives them for its labels.

        For ``others``, it is `NOT_A_DIGIT` wherever the picture is refused.
        """
        if name == "others":
            parts = (self.typefaces, self.pens, self.corrections, self.others)
            digits = np.concatenate([part.probabilities.argmax(axis=1) for part in parts])
            strange = np.concatenate([part.strangeness >= STRANGENESS_LIMIT for part in parts])
            return np.asarray(np.where(strange, NOT_A_DIGIT, digits), np.uint8)
        return likeliest(getattr(self, name), labels)

    def with_corrections(self, chosen: NDArray[np.bool_]) -> Answers:
        """The same with only the answers to the `chosen` (n,) corrections."""
        some = Reading(self.corrections.probabilities[chosen], self.corrections.strangeness[chosen])
        return replace(self, corrections=some)


def make_holdouts(
    typefaces: LabeledDigits,
    corrections: LabeledDigits,
    letters: Path | None = None,
    jobs: int = 1,
    *,
    share: float = 1.0,
) -> Holdouts:
    """Join held out typefaces and corrections with pens, letters and scribbles that never change.

    The typefaces are as `ml.labeled.digits.as_presented` gives them, the corrections may be empty.
    Without a file of letters, `others` are scribbles alone. A `share` of pens and others is quick.
    """
    others = round(share * OTHER_HOLDOUT)
    return Holdouts(
        typefaces=typefaces,
        pens=pen_holdout(share, jobs),
        corrections=corrections,
        others=make_others(letters, others, PEN_HOLDOUT_SEED, jobs=jobs, holdout=True),
    )


def load_holdouts(tmnist: Path, letters: Path | None = None) -> Holdouts:
    """Make the holdouts of a file in TMNIST's format, without corrections.

    They are the same each time, unless the files or the project change. Raises DatasetError if a
    file cannot be read.
    """
    _, faces = split_by_group(load_tmnist(tmnist))
    nothing = LabeledDigits.concatenate([])
    return make_holdouts(as_presented(faces), nothing, letters)


def split_corrections(
    corrections: LabeledDigits, holdout_from: int
) -> tuple[LabeledDigits, LabeledDigits]:
    """Split corrections into those that train and those that measure, and never a hand.

    The groups are hands, and the hash of a hand decides, forever, whether it may measure. It does
    so only if there are at least `holdout_from` corrections, and if the hands that measure gave at
    most `MOST_HELD_OUT` of them: fewer are worth more for training, and a site of one person, or of
    one class, would learn nothing. `learned_hands` remembers these.
    """
    hands, hand_of, counts = np.unique(corrections.groups, return_inverse=True, return_counts=True)
    measures = np.zeros(len(hands), bool)
    room = MOST_HELD_OUT * len(corrections) if len(corrections) >= holdout_from else 0
    for hand in np.flatnonzero(is_held_out(hands)):
        if counts[hand] <= room:
            measures[hand] = True
            room -= counts[hand]
    return corrections.select(~measures[hand_of]), corrections.select(measures[hand_of])


def learned_hands(train: LabeledDigits) -> list[str]:
    """Marks of the hands that a model learned from though the hash would hold them out.

    They must never measure this model. A mark does not reveal the id of a visitor or a drawing.
    """
    hands = np.unique(train.groups)
    return sorted(map(_mark, hands[is_held_out(hands)].tolist()))


def is_new_to(trained_on: Mapping[str, Any], corrections: LabeledDigits) -> NDArray[np.bool_]:
    """Find the held out corrections that a model has not learned from: (n,) bool.

    `trained_on` is its own record, as `ml.training.train` makes it. Without one, a model with
    corrections may have learned from all of them.
    """
    if "learned_hands" in trained_on:
        learned = set(trained_on["learned_hands"])
        return np.array([_mark(group) not in learned for group in corrections.groups], bool)
    return np.full(len(corrections), not trained_on.get("corrections"))


def ask(model: Pipeline, holdouts: Holdouts) -> Answers:
    """Ask a model about every picture of the holdouts."""
    return Answers(
        typefaces=read(model, holdouts.typefaces.images),
        pens=read(model, holdouts.pens.images),
        corrections=read(model, holdouts.corrections.images),
        others=read(model, holdouts.others),
    )


def measure(holdouts: Holdouts, answers: Answers) -> dict[str, Any]:
    """Reports by the name of the holdout, as plain values for JSON; None for an empty one."""
    metrics: dict[str, Any] = {}
    for name in ("typefaces", "pens", "corrections"):
        labels, reading = holdouts.labels(name), getattr(answers, name)
        metrics[name] = report(reading, labels).as_dict() if len(labels) else None
    digits = np.concatenate([answers.typefaces.strangeness, answers.pens.strangeness])
    metrics["others"] = refusal_report(digits, answers.others.strangeness).as_dict()
    return metrics


def is_right(name: str, labels: NDArray[np.uint8], given: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Find the right answers to a holdout; in ``others``, any digit is right for a digit."""
    if name == "others":
        return np.asarray((labels == NOT_A_DIGIT) == (given == NOT_A_DIGIT))
    return np.asarray(labels == given)


def compare_answers(holdouts: Holdouts, first: Answers, second: Answers) -> dict[str, Comparison]:
    """Compare the answers of two models by the name of the holdout; empty ones are left out."""
    compared = {}
    for name in HOLDOUTS:
        labels = holdouts.labels(name)
        if len(labels):
            right = [
                is_right(name, labels, answers.given(name, labels)) for answers in (first, second)
            ]
            compared[name] = compare(*right)
    return compared


def compare_digits(
    holdouts: Holdouts, first: Answers, second: Answers
) -> dict[str, dict[int, Comparison]]:
    """Compare the answers of two models by holdout and label, 0 to 9, where there are pictures."""
    compared: dict[str, dict[int, Comparison]] = {}
    for name in HOLDOUTS:
        labels = holdouts.labels(name)
        right = [is_right(name, labels, answers.given(name, labels)) for answers in (first, second)]
        for digit in np.unique(labels[labels != NOT_A_DIGIT]).tolist():
            one = [answers[labels == digit] for answers in right]
            compared.setdefault(name, {})[digit] = compare(*one)
    return compared


def fallen_digits(
    compared: dict[str, dict[int, Comparison]], level: float = LEVEL
) -> tuple[tuple[str, int], ...]:
    """Name the digits that the second model reads significantly and notably worse.

    A sum hides them: a point of all pictures is ten points of one digit. The smallest p value comes
    first; `level` is the largest probability of naming any if the second model is as good on all.
    """
    every = {(name, digit): one for name, by in compared.items() for digit, one in by.items()}
    found = significant({key: one.p_second_worse for key, one in every.items()}, level)
    return tuple(key for key in found if every[key].loss > DIGIT_TOLERATED)


def worse_on(compared: dict[str, Comparison], level: float = LEVEL) -> tuple[str, ...]:
    """Name the holdouts where the second model is significantly worse, the smallest p value first.

    `level` is the largest probability of naming any if the second model is as good on all.
    """
    found = significant({name: one.p_second_worse for name, one in compared.items()}, level)
    return tuple(name for name in found if compared[name].loss > TOLERATED.get(name, 0.0))


def _mark(group: str) -> str:
    return hashlib.sha256(f"learned {group}".encode()).hexdigest()[:16]


def pen_holdout(share: float = 1.0, jobs: int = 1) -> LabeledDigits:
    """The digits of the synthetic pen that every model is measured on: the same each time."""
    return _write_pens(round(share * PEN_HOLDOUT), jobs)


@functools.cache
def _write_pens(count: int, jobs: int) -> LabeledDigits:
    images, labels = write_digits(count, PEN_HOLDOUT_SEED, jobs=jobs)
    return LabeledDigits(images, labels, np.full(len(labels), "pen"))
