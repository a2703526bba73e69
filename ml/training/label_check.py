"""Labels of corrections that the other corrections, or all that is known, strongly contradict."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ml.drawing.canonical import CANONICAL_SIZE, Digits
from ml.features import Features
from ml.labeled.digits import LabeledDigits
from ml.neighbors import CONTRADICTED_BELOW
from ml.pipeline import NOT_A_DIGIT, hidden_layer, read
from ml.writing.non_digits import make_others
from ml.writing.pen import write_digits

CHECKED_FROM: Final = 50
"""Labels from which on they are checked: fewer prove little, and move a model little."""
CREDIBLE_BELOW: Final = 10
"""Contradicted labels from which on a hand no longer supports its own, if they are most of them."""
IMPOSSIBLE_BELOW: Final = 0.1
"""Probability below which a label is impossible, to the model and to all that is trusted."""
SEVERAL: Final = 5
"""Impossible labels of one kind from which on the kind waits for a reviewer,"""
SEVERAL_SHARE: Final = 0.005
"""or this share of all labels, if that is more: people write strange digits, but rarely."""
BY_CHANCE: Final = 0.02
"""Share of honest labels, at most, that others contradict because the digit is written badly."""
FOLDS: Final = 5
AT_ONCE: Final = 50_000
"""Labels that are checked together, oldest first, so that memory stays small."""
CHUNK: Final = 4_000
"""Digits whose features are computed at once."""
BACKDROP: Final = 3_000
"""Digits of the synthetic pen that are learned as well; on a new site they are the most."""
BACKDROP_OTHERS: Final = 500
"""Scribbles that are learned as well where a label is “none”, or may have to be."""
BACKDROP_SEED: Final = 2**31 - 2
LENGTH: Final = 14.0
"""Root mean square length to which hidden layers of pens are scaled, so that the next number means
the same for each model; the first bundles' were about as long by themselves."""
REGULARIZATION: Final = 0.01
"""C of the logistic regression: so small that single wrong labels do not bend it."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelCheck:
    """What speaks against each label."""

    suspicious: NDArray[np.bool_]
    """(n,) bool, whether the other corrections strongly contradict the label."""
    waiting: NDArray[np.bool_]
    """(n,) bool, whether the label agrees with several in what the model and all that is trusted
    call impossible. None of these is suspicious."""
    doubted: NDArray[np.bool_]
    """(n,) bool, whether the model and all other corrections contradict an approved label."""
    digits: NDArray[np.uint8]
    """(n,) uint8, 0 to 9 or `NOT_A_DIGIT`: the likeliest answer, by the model for a label that
    waits, and else by the other corrections."""
    shares: NDArray[np.float64]
    """(n,) float64, 0 to 1: its probability."""


def check_labels(
    model: Pipeline,
    digits: LabeledDigits,
    approved: NDArray[np.bool_],
    settled: NDArray[np.bool_] | None = None,
    *,
    jobs: int = 1,
) -> LabelCheck:
    """Find the labels that are strongly contradicted.

    First, those that contradict what the model and the trusted labels are sure of, if several do so
    in the same way. An attack and a new style look the same, so they wait for a person, and support
    nothing meanwhile. Few of a kind are judged like all others:

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
    settled : ndarray or None
        (n,) bool: approved labels that are not doubted either, all by default.
    jobs : int
        Processes that write the synthetic pen's digits, which is most of the work up to 10,000
        labels; the outcome does not depend on it.

    References
    ----------
    Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels",
    Journal of Artificial Intelligence Research 70 (2021) 1373-1411, finds wrong labels by
    probabilities out of sample.
    """
    count = len(digits)
    settled = approved if settled is None else settled
    if count > AT_ONCE:
        blocks = np.array_split(np.arange(count), -(-count // AT_ONCE))
        return _join(
            [
                check_labels(
                    model, digits.select(block), approved[block], settled[block], jobs=jobs
                )
                for block in blocks
            ]
        )
    # Between small products, threads of a processor that others use wait longer than they work.
    with threadpool_limits(1):
        return _check_block(model, digits, approved, settled, jobs)


def _check_block(
    model: Pipeline,
    digits: LabeledDigits,
    approved: NDArray[np.bool_],
    settled: NDArray[np.bool_],
    jobs: int,
) -> LabelCheck:
    """Do what `check_labels` does for labels that are checked together."""
    count = len(digits)
    found = _find_agreement(model, digits, approved, settled, jobs)
    rest = np.flatnonzero(~found.waiting)
    judged = ~approved | found.doubted
    if len(rest) < CHECKED_FROM or not judged.any():
        return replace(found, doubted=np.zeros(count, bool))
    by_others = _check_by_others(model, digits.select(rest), approved[rest], judged[rest], jobs)
    for all_labels, theirs in zip(_arrays(found), _arrays(by_others), strict=True):
        all_labels[rest] = theirs
    return found


def _find_agreement(
    model: Pipeline,
    digits: LabeledDigits,
    approved: NDArray[np.bool_],
    settled: NDArray[np.bool_],
    jobs: int,
) -> LabelCheck:
    """Find the labels that contradict what is sure, several in the same way.

    Doubted is what the model contradicts of the approved ones.
    """
    labels, count = digits.labels, len(digits)
    answers = _answers(model, digits.images)  # (n, 11)
    seen = answers.argmax(axis=1)
    contradicts = ~approved & (seen != labels)
    impossible = contradicts & (answers[np.arange(count), labels] < IMPOSSIBLE_BELOW)
    several = max(SEVERAL, SEVERAL_SHARE * count)
    if np.count_nonzero(impossible) >= several:
        pens, trusted = _backdrop(True, jobs)
        asked = np.count_nonzero(impossible)
        X = _hidden(
            model, np.concatenate([digits.images[impossible], digits.images[approved]]), pens
        )
        classifier = _new_classifier().fit(X[asked:], np.append(labels[approved], trusted))
        by_trusted = classifier.predict_proba(X[:asked])
        sure = by_trusted[np.arange(len(by_trusted)), labels[impossible]] < IMPOSSIBLE_BELOW
        impossible[impossible] = sure

    def many(kind: NDArray[Any], enough: float) -> NDArray[np.bool_]:
        return np.asarray((np.bincount(kind[impossible], minlength=121) >= enough)[kind])

    # The same label for the same digit; but also one label for many digits, or many for one digit.
    waiting = contradicts & many(11 * labels.astype(int) + seen, several)
    waiting |= impossible & (many(labels, 2 * several) | many(seen, 2 * several))
    return LabelCheck(
        suspicious=np.zeros(count, bool),
        waiting=waiting,
        doubted=approved & ~settled & _contradicts(answers, labels),
        digits=seen.astype(np.uint8),
        shares=answers.max(axis=1, initial=0.0),
    )


def _check_by_others(
    model: Pipeline,
    digits: LabeledDigits,
    approved: NDArray[np.bool_],
    judged: NDArray[np.bool_],
    jobs: int,
) -> LabelCheck:
    """Find those of the judged labels that the other corrections contradict."""
    labels, count = digits.labels, len(digits)
    pens, pen_labels = _backdrop(bool((labels == NOT_A_DIGIT).any()), jobs)
    X = _hidden(model, digits.images, pens)
    y = np.concatenate([labels, pen_labels])
    # Approved labels and pens are surely right: each is a group of its own, and judges all others.
    hands = np.unique(digits.groups, return_inverse=True)[1]  # (n,)
    alone = count + np.arange(len(y))
    groups = np.where(approved, alone[:count], hands)
    by_others = _out_of_sample(X, y, GroupKFold(FOLDS), np.append(groups, alone[count:]))[:count]
    doubted = judged & _contradicts(by_others, labels)
    contradicted = doubted & ~approved
    givers = np.unique(digits.groups[~approved])
    few = SEVERAL + BY_CHANCE * np.count_nonzero(~approved)
    if len(givers) == 1 and givers[0] and np.count_nonzero(contradicted) < few:
        contradicted[:] = False  # of a person alone on a site, a few corrections count
    if contradicted.any():
        by_all = _out_of_sample(X, y, KFold(FOLDS, shuffle=True, random_state=0), None)[:count]
        heard = (digits.groups != "") & _credible(hands, approved, contradicted)
        contradicted &= ~heard | _contradicts(by_all, labels)
    return LabelCheck(
        suspicious=contradicted,
        waiting=np.zeros(count, bool),
        doubted=doubted & approved,
        digits=by_others.argmax(axis=1).astype(np.uint8),
        shares=by_others.max(axis=1),
    )


def _join(checks: list[LabelCheck]) -> LabelCheck:
    return LabelCheck(*map(np.concatenate, zip(*map(_arrays, checks), strict=True)))


def _arrays(check: LabelCheck) -> tuple[NDArray[Any], ...]:
    return check.suspicious, check.waiting, check.doubted, check.digits, check.shares


def _answers(model: Pipeline, images: Digits) -> NDArray[np.float64]:
    """Probabilities (n, 11) of each answer by the model."""
    parts = [read(model, images[at : at + CHUNK]) for at in range(0, len(images), CHUNK)]
    return np.concatenate([np.empty((0, NOT_A_DIGIT + 1)), *(part.answers for part in parts)])


def _hidden(model: Pipeline, images: Digits, pens: Digits) -> Features:
    """Features of all images, then of all pens, (n, units), that separate digits almost linearly.

    They are scaled by the pens, so that they are about as long whatever the model.
    """
    rows = np.concatenate([images, pens]).reshape(-1, CANONICAL_SIZE**2)
    X = np.concatenate(
        [hidden_layer(model, rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK)]
    )
    length = np.sqrt(np.square(X[len(images) :]).sum(axis=1).mean())
    X *= LENGTH / np.maximum(length, np.finfo(np.float32).tiny)
    return X


@functools.cache
def _backdrop(has_others: bool, jobs: int) -> tuple[Digits, NDArray[np.uint8]]:
    """What supports the check on every site, pens and scribbles: (n, 28, 28) and (n,) uint8.

    Scribbles come in where they are needed: as a class more, they blur the others a little.
    """
    if not has_others:
        return write_digits(BACKDROP, BACKDROP_SEED, jobs=jobs)
    pens, labels = _backdrop(False, jobs)
    others = make_others(None, BACKDROP_OTHERS, BACKDROP_SEED, jobs=jobs)
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


def _new_classifier() -> LogisticRegression:
    return LogisticRegression(C=REGULARIZATION, tol=1e-3, max_iter=300)


def _out_of_sample(
    X: Features, y: NDArray[np.uint8], folds: Any, groups: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """Probabilities (n, classes) by a classifier that never saw the digit's fold."""
    with warnings.catch_warnings():
        # Nearly converged is enough to see a contradiction.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(
            cross_val_predict(
                _new_classifier(), X, y, groups=groups, cv=folds, method="predict_proba"
            ),
            np.float64,
        )
