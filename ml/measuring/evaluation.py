"""How good a model is on labeled digits, and at refusing everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline

from ml.labeled.digits import LabeledDigits
from ml.pipeline import DIGITS, NOT_A_DIGIT, STRANGENESS_LIMIT, Reading, read

CALIBRATION_BINS: Final = 15
"""Equal slices of confidence, in each of which it is compared with accuracy."""


@dataclass(frozen=True, slots=True)
class Report:
    """How good a model is on labeled digits.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017, for the
    expected calibration error with 15 bins.
    """

    n: int
    """Drawings that it was asked about."""
    accuracy: float
    """Share of right answers, 0 to 1: the likeliest digit is the label, or a drawing that is not a
    digit was refused."""
    recall: tuple[float | None, ...]
    """Share of right answers for each digit; None for a digit that was not asked."""
    confusion: tuple[tuple[int, ...], ...]
    """Confusion matrix, 10 x 10: row by the true digit, column by the answer."""
    calibration_error: float | None
    """Mean distance of confidence from accuracy, 0 to 1 (expected calibration error); None without
    digits."""
    log_loss: float | None
    """Mean negative logarithm, in nats, of the probability given to the true digit; None without
    digits."""
    unreadable: int = 0
    """Drawings among them without ink to read; they count as wrong, and are in none of the other
    figures but `n`, `accuracy` and `recall`."""
    others: int = 0
    """Drawings among them that are not digits; they are in `n` and `accuracy` only."""
    others_refused: float | None = None
    """Share of these that were refused, 0 to 1; None where there are none."""

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, as plain values for JSON."""
        return asdict(self)


def evaluate(model: Pipeline, digits: LabeledDigits, unreadable: Sequence[int] = ()) -> Report:
    """Ask a model about labeled digits; without any, this is a ValueError.

    `unreadable` are the labels of further digits, without ink to read.
    """
    if not len(digits):
        raise ValueError("There is no digit to evaluate on.")
    return report(read(model, digits.images), digits.labels, unreadable)


@dataclass(frozen=True, slots=True)
class RefusalReport:
    """How well a model separates digits from letters and scribbles."""

    n: int
    """Letters and scribbles."""
    auroc: float
    """Probability that a letter or scribble is stranger than a digit, 0 to 1 (area under the
    receiver operating characteristic)."""
    digits_accepted: float
    """Share of digits that are accepted as digits."""
    others_refused: float
    """Rejection rate: share of letters and scribbles that are refused."""

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, as plain values for JSON."""
        return asdict(self)


def refusal_report(of_digits: NDArray[np.float64], of_others: NDArray[np.float64]) -> RefusalReport:
    """Compare the strangeness (n,) of digits with that (m,) of letters and scribbles, 0 to 1."""
    is_other = np.repeat([False, True], [len(of_digits), len(of_others)])
    return RefusalReport(
        n=len(of_others),
        auroc=float(roc_auc_score(is_other, np.concatenate([of_digits, of_others]))),
        digits_accepted=float((of_digits < STRANGENESS_LIMIT).mean()),
        others_refused=float((of_others >= STRANGENESS_LIMIT).mean()),
    )


def report(reading: Reading, labels: NDArray[np.uint8], unreadable: Sequence[int] = ()) -> Report:
    """Compare answers to n drawings with their labels (n,), 0 to 9 or `NOT_A_DIGIT`.

    `unreadable` are the labels of further drawings without an answer; they count as wrong.
    """
    answers = likeliest(reading, labels)
    is_digit = labels != NOT_A_DIGIT
    right = answers == labels
    n, others = len(labels) + len(unreadable), int((~is_digit).sum())
    probabilities, digits = reading.probabilities[is_digit], labels[is_digit]
    confusion = np.zeros((DIGITS, DIGITS), int)
    np.add.at(confusion, (digits, answers[is_digit]), 1)
    asked = confusion.sum(axis=1) + np.bincount(np.array(unreadable, int), minlength=11)[:DIGITS]
    return Report(
        n=n,
        accuracy=float(right.sum() / n),
        recall=tuple(
            float(confusion[digit, digit] / asked[digit]) if asked[digit] else None
            for digit in range(DIGITS)
        ),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        calibration_error=(
            calibration_error(probabilities.max(axis=1), right[is_digit]) if len(digits) else None
        ),
        log_loss=(
            float(log_loss(digits, probabilities, labels=range(DIGITS))) if len(digits) else None
        ),
        unreadable=len(unreadable),
        others=others,
        others_refused=float(right[~is_digit].mean()) if others else None,
    )


def likeliest(reading: Reading, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the answers (n,) uint8 that count beside labels (n,).

    That is the likeliest digit for a digit, refused or not; for a drawing that is not a digit, it
    is `NOT_A_DIGIT` if it was refused.
    """
    refused = (labels == NOT_A_DIGIT) & (reading.strangeness >= STRANGENESS_LIMIT)
    return np.where(refused, NOT_A_DIGIT, reading.probabilities.argmax(axis=1)).astype(np.uint8)


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Compute the expected calibration error, 0 to 1, of confidence (n,) and right answers (n,).

    It is the mean distance of confidence from accuracy over equal slices of confidence.
    """
    slices = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(slices, weights=confidence - right, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidence))
