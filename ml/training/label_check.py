"""Labels of corrections that the other corrections strongly contradict."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import Pipeline

from ml.drawing.canonical import CANONICAL_SIZE, Digits
from ml.features import Features
from ml.labeled.digits import LabeledDigits
from ml.pipeline import NOT_A_DIGIT, hidden_layer
from ml.writing.non_digits import make_others
from ml.writing.pen import write_digits

CONTRADICTED_BELOW: Final = 0.05
"""Probability below which a label is contradicted (docs/decisions/label-check.md)."""
CHECKED_FROM: Final = 50
"""Labels from which on they are checked: fewer prove little, and move a model little."""
CREDIBLE_BELOW: Final = 10
"""Contradicted labels from which on a hand no longer supports its own, if they are most of them."""
FOLDS: Final = 5
AT_ONCE: Final = 50_000
"""Labels that are checked together, oldest first, so that memory stays small."""
CHUNK: Final = 4_000
"""Digits whose features are computed at once."""
BACKDROP: Final = 3_000
"""Digits of the synthetic pen that are learned as well; on a new site they are the most."""
BACKDROP_OTHERS: Final = 500
"""Scribbles that are learned as well once a label is “none”."""
BACKDROP_SEED: Final = 2**31 - 2
REGULARIZATION: Final = 0.01
"""C of the logistic regression: so small that single wrong labels do not bend it."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelCheck:
    """What the other corrections imply for each label."""

    suspicious: NDArray[np.bool_]
    """(n,) bool, whether the label is strongly contradicted."""
    digits: NDArray[np.uint8]
    """(n,) uint8, 0 to 9 or `NOT_A_DIGIT`: the likeliest answer by the other corrections."""
    shares: NDArray[np.float64]
    """(n,) float64, 0 to 1: its probability."""


def check_labels(model: Pipeline, digits: LabeledDigits, approved: NDArray[np.bool_]) -> LabelCheck:
    """Find the labels that are strongly contradicted.

    Each label is judged by a classifier that has learned from all other hands, from approved labels
    and from the synthetic pen, but not from the hand that gave the label. What it finds almost
    impossible is contradicted. That alone would forbid what only one person writes, so the hand's
    other drawings count as well, unless the others contradict most of them: a person has habits, a
    vandal has a mission.

    Parameters
    ----------
    model : Pipeline
        A trained pipeline, whose hidden layer is the classifier's input.
    digits : LabeledDigits
        The corrections; their groups are the hands that gave the labels, "" if unknown.
    approved : ndarray
        (n,) bool: labels that a reviewer approved. They support others and are never suspicious.

    References
    ----------
    Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels",
    Journal of Artificial Intelligence Research 70 (2021) 1373-1411, finds wrong labels by
    probabilities out of sample.
    """
    count = len(digits)
    if count > AT_ONCE:
        blocks = np.array_split(np.arange(count), -(-count // AT_ONCE))
        return _join([check_labels(model, digits.select(b), approved[b]) for b in blocks])
    labels = digits.labels
    if count < CHECKED_FROM or approved.all():
        return LabelCheck(np.zeros(count, bool), labels.copy(), np.zeros(count))
    pens, pen_labels = _backdrop(bool((labels == NOT_A_DIGIT).any()))
    rows = np.concatenate([digits.images, pens]).reshape(-1, CANONICAL_SIZE**2)
    X = np.concatenate(
        [hidden_layer(model, rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK)]
    )
    y = np.concatenate([labels, pen_labels])
    # Approved labels and pens are surely right: each is a group of its own, and judges all others.
    hands = np.unique(digits.groups, return_inverse=True)[1]  # (n,)
    alone = count + np.arange(len(y))
    groups = np.where(approved, alone[:count], hands)
    by_others = _out_of_sample(X, y, GroupKFold(FOLDS), np.append(groups, alone[count:]))[:count]
    contradicted = ~approved & _contradicts(by_others, labels)
    if contradicted.any():
        by_all = _out_of_sample(X, y, KFold(FOLDS, shuffle=True, random_state=0), None)[:count]
        heard = (digits.groups != "") & _credible(hands, approved, contradicted)
        contradicted &= ~heard | _contradicts(by_all, labels)
    return LabelCheck(
        suspicious=contradicted,
        digits=by_others.argmax(axis=1).astype(np.uint8),
        shares=by_others.max(axis=1),
    )


def _join(checks: list[LabelCheck]) -> LabelCheck:
    return LabelCheck(
        np.concatenate([check.suspicious for check in checks]),
        np.concatenate([check.digits for check in checks]),
        np.concatenate([check.shares for check in checks]),
    )


@functools.cache
def _backdrop(has_others: bool) -> tuple[Digits, NDArray[np.uint8]]:
    """What supports the check on every site, pens and scribbles: (n, 28, 28) and (n,) uint8.

    Scribbles come in once a label is “none”: as a class more, they blur the others a little.
    """
    pens, labels = write_digits(BACKDROP, BACKDROP_SEED)
    if not has_others:
        return pens, labels
    others = make_others(None, BACKDROP_OTHERS, BACKDROP_SEED)
    none = np.full(len(others), NOT_A_DIGIT, np.uint8)
    return np.concatenate([pens, others]), np.concatenate([labels, none])


def _contradicts(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    return np.asarray(probabilities[np.arange(len(labels)), labels] < CONTRADICTED_BELOW)


def _credible(
    hands: NDArray[np.int64], approved: NDArray[np.bool_], contradicted: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether each label's hand may support its own labels: (n,) bool."""
    given = np.bincount(hands, weights=~approved)  # (hands,)
    doubted = np.bincount(hands, weights=contradicted)
    return np.asarray(((doubted < CREDIBLE_BELOW) | (doubted <= given / 2))[hands])


def _out_of_sample(
    X: Features, y: NDArray[np.uint8], folds: Any, groups: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """Probabilities (n, classes) by a classifier that never saw the digit's fold."""
    classifier = LogisticRegression(C=REGULARIZATION, tol=1e-3)
    with warnings.catch_warnings():
        # Nearly converged is enough to see a contradiction.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(
            cross_val_predict(classifier, X, y, groups=groups, cv=folds, method="predict_proba"),
            np.float64,
        )
