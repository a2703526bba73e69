"""Base data and corrections become a measured model."""

from __future__ import annotations

import copy
import hashlib
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from joblib import Parallel
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import shuffle

from ml.discriminant import AdvisedPerceptron
from ml.drawing.canonical import CANONICAL_SIZE, Digits
from ml.features import Features
from ml.labeled.digits import LabeledDigits, as_presented, split_by_group, without
from ml.measuring.evaluation import evaluate
from ml.measuring.holdouts import (
    OTHER_HOLDOUT,
    PEN_HOLDOUT,
    PEN_HOLDOUT_SEED,
    Answers,
    Holdouts,
    ask,
    learned_hands,
    make_holdouts,
    measure,
    split_corrections,
)
from ml.parallel import repeatable
from ml.pipeline import NOT_A_DIGIT, build_pipeline
from ml.training.adam import smoothed_adam
from ml.training.material import (
    TrainingOptions,
    count_digits,
    make_training_set,
    weigh,
    weight_of_each,
)
from ml.training.progress import Progress, Steps

FEATURE_CHUNK: Final = 1_000
"""Digits whose features one task computes; few, since each needs much memory."""
BLOCK: Final = 8_192
"""Digits that scikit-learn gets at once, as float32; a multiple of each batch size."""
FULL_PRECISION: Final = 150_000
"""Digits up to which features are kept as float32; more are kept as float16 to halve memory."""


SMOOTHING: Final = 0.05
"""Share of each label that is spread evenly over all answers.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception architecture for computer
vision", CVPR 2016.
"""
TEMPERATURE: Final = 0.6
"""What the scores of a model that learned smoothed labels are divided by, to be sure again."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of training at one of Adam's step sizes."""

    learning_rate: float
    epochs: int
    batch_size: int
    averaged: bool = False
    """Whether the weights after each of its epochs count in the mean that training ends in.

    Izmailov, Podoprikhin, Garipov, Vetrov, Wilson, "Averaging weights leads to wider optima and
    better generalization", UAI 2018.
    """


FROM_SCRATCH: Final = (Stage(1e-3, 7, 256), Stage(2e-4, 2, 512), Stage(5e-5, 2, 512, averaged=True))
"""Schedule for new weights; the decay makes seeds differ less."""
FROM_START: Final = (Stage(2e-4, 3, 256), Stage(5e-5, 1, 512))
"""Schedule for weights that can already read."""


@dataclass(frozen=True, slots=True)
class TrainedArtifact:
    """A trained model and what is known of it."""

    model: Pipeline
    parameters: dict[str, Any]
    data: dict[str, Any]
    """What it was trained on: counts and digest."""
    metrics: dict[str, Any]
    """Reports by the name of the holdout, of `ml.measuring.holdouts.HOLDOUTS`; None for an empty
    one. ``base`` are held out digits of the base data, if these are not the typefaces."""
    seconds: float
    holdouts: Holdouts
    answers: Answers


def train(
    base: LabeledDigits,
    corrections: LabeledDigits,
    options: TrainingOptions | None = None,
    start: Pipeline | None = None,
    letters: Path | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    *,
    handwritten: Collection[str] = (),
    handwriting: LabeledDigits | None = None,
    measured: LabeledDigits | None = None,
) -> TrainedArtifact:
    """Train a model on typefaces, handwriting and corrections, and measure it on the holdouts.

    Parameters
    ----------
    base : LabeledDigits
        Typefaces; a tenth of the families is held out. May be empty if there is handwriting.
    corrections : LabeledDigits
        Drawings of users with their labels; may be empty.
    start : Pipeline, optional
        A trained pipeline whose weights are the start; it is not changed. New weights by default.
    letters : Path, optional
        The csv of letters; without it, scribbles alone are what is not a digit.
    handwritten : Collection of str, optional
        Groups of `base` that look handwritten: from scratch, they are taken more often than others.
    handwriting : LabeledDigits, optional
        Canonical digits that people wrote; a tenth of the groups is held out.
    measured : LabeledDigits, optional
        Typefaces whose held out families measure every model, if `base` is another data set. A
        digit that looks exactly like one of them does not train.
    """
    options = options or TrainingOptions()
    began = time.monotonic()
    hands = handwriting or LabeledDigits.concatenate([])
    kept, held = split_corrections(corrections, options.correction_holdout_from)
    _, faces = split_by_group(base if measured is None else measured)
    if options.holdout_share < 1:
        order = np.random.default_rng(PEN_HOLDOUT_SEED).permutation(len(faces))
        faces = faces.select(order[: round(options.holdout_share * len(faces))])
    as_they_came = faces.images
    faces = as_presented(faces)
    (base_train, base_held), (hand_train, hand_held) = split_by_group(base), split_by_group(hands)
    if measured is not None:
        # A file may hold the same drawing as it is, or after its digit was found again.
        kept_aside = np.concatenate([faces.images, held.images, as_presented(held).images])
        base_train, hand_train = without(base_train, kept_aside), without(hand_train, kept_aside)
        hand_train = without(hand_train, as_they_came)
    schedule = FROM_START if start else FROM_SCRATCH
    goes_on = start is not None
    weighed = len(base_train if goes_on else weigh(base_train, handwritten, options))
    made = count_digits(weighed, len(kept), options, goes_on=goes_on, hands=len(hand_train))
    unchanged = len(kept) + (0 if goes_on else len(base_train))
    steps = _plan(report, made, unchanged, len(faces), schedule)
    images, labels = make_training_set(
        base_train,
        kept,
        letters,
        options,
        steps,
        goes_on=goes_on,
        handwritten=handwritten,
        handwriting=hand_train,
    )
    model = _go_on_from(start) if start else build_pipeline(options.seed, options.hidden_units)
    features = compute_features(
        model[:-1],
        images,
        dtype=np.float32 if len(labels) <= FULL_PRECISION else np.float16,
        jobs=options.jobs,
        report=steps.phase("Computing features"),
    )
    weights = None
    if len(kept):  # the last pictures are those of the corrections
        pictures = len(kept) + made["Augmenting corrections"]
        weights = np.ones(len(labels), np.float32)
        weights[-pictures:] = weight_of_each(len(kept), options)
    if goes_on:
        _temper(model[-1], 1 / TEMPERATURE)
    _fit(model[-1], features, labels, schedule, options.seed, steps.phase("Training"), weights)
    _temper(model[-1], TEMPERATURE)
    model[-1].take_advice(features, labels, weights)
    del features
    steps.phase("Measuring")
    holdouts = make_holdouts(faces, held, letters, options.jobs, share=options.holdout_share)
    answers = ask(model, holdouts)
    metrics = measure(holdouts, answers)
    if measured is not None:
        own = LabeledDigits.concatenate([as_presented(base_held), hand_held])
        metrics["base"] = evaluate(model, own).as_dict() if len(own) else None
    return TrainedArtifact(
        model=model,
        parameters={**asdict(options), "from_scratch": start is None},
        data={
            "typefaces": len(base_train),
            "handwriting": len(hand_train),
            "pens": options.pen_samples if start is None else options.replay_pen_samples,
            "others": int(np.count_nonzero(labels == NOT_A_DIGIT)),
            "typefaces_held_out": len(base_held),
            "handwriting_held_out": len(hand_held),
            "corrections": len(kept),
            "corrections_held_out": len(held),
            "learned_hands": learned_hands(kept),
            "samples": len(labels),
            "sha256": fingerprint(base, hands, corrections),
        },
        metrics=metrics,
        seconds=time.monotonic() - began,
        holdouts=holdouts,
        answers=answers,
    )


def compute_features(
    transformers: Pipeline,
    parts: list[Digits],
    *,
    dtype: type[np.floating[Any]] = np.float32,
    jobs: int = 1,
    report: Callable[[float], None] = lambda fraction: None,
) -> NDArray[np.floating[Any]]:
    """Compute features of many digits as `dtype`, and free each digit as soon as that is done.

    `transformers` are all steps of a pipeline but the last; `parts`, each (n, 28, 28) uint8, is
    emptied; `report` gets the fraction done. Returns (digits of all parts, features).
    """
    total, done = sum(map(len, parts)), 0
    # From the last part backward: if there are many corrections, their copies are the most.
    starts = np.cumsum([0, *map(len, parts[:-1])])[::-1].tolist()
    places = [
        (start + at, min(start + at + FEATURE_CHUNK, start + len(part)))
        for start, part in zip(starts, reversed(parts), strict=True)
        for at in range(0, len(part), FEATURE_CHUNK)
    ]
    tasks = (repeatable(_transform, transformers, chunk, dtype) for chunk in _take_chunks(parts))
    # By default, joblib keeps each chunk as a file in memory until the last one is done.
    outcomes = Parallel(n_jobs=jobs, return_as="generator", max_nbytes=None)(tasks)
    features = np.empty((total, 0), dtype)
    for (first, last), outcome in zip(places, outcomes, strict=True):
        if not done:
            features = np.empty((total, outcome.shape[1]), dtype)
        features[first:last] = outcome
        done += last - first
        report(done / total)
    return features


def fingerprint(*parts: LabeledDigits) -> str:
    """SHA-256, hexadecimal, of all images, labels and groups in their order."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.images.tobytes())
        sha.update(part.labels.astype(np.uint8).tobytes())
        sha.update("\n".join(part.groups.tolist()).encode())
    return sha.hexdigest()


def _go_on_from(start: Pipeline) -> Pipeline:
    """Copy a model whose training goes on; a perceptron of older versions gets to take advice."""
    model = copy.deepcopy(start)
    name, classifier = model.steps[-1]
    advised = AdvisedPerceptron(**classifier.get_params())
    advised.__dict__.update(classifier.__dict__)
    model.steps[-1] = (name, advised)
    return model


def _plan(
    report: Callable[[Progress], None],
    made: dict[str, int],
    unchanged: int,
    faces: int,
    schedule: tuple[Stage, ...],
) -> Steps:
    """Count the digits of each phase, so that progress can be reported."""
    total = sum(made.values()) + unchanged
    epochs = sum(stage.epochs for stage in schedule)
    return Steps(
        report,
        {
            **made,
            "Computing features": total,
            "Training": total * epochs,
            "Measuring": faces + PEN_HOLDOUT + OTHER_HOLDOUT,
        },
    )


def _take_chunks(parts: list[Digits]) -> Iterator[Digits]:
    """Yield `FEATURE_CHUNK` digits at a time, from the last part backward, and free each part."""
    while parts:
        part = parts.pop()
        for at in range(0, len(part), FEATURE_CHUNK):
            yield part[at : at + FEATURE_CHUNK]


def _transform(transformers: Pipeline, images: Digits, dtype: type[np.floating[Any]]) -> Any:
    return transformers.transform(images.reshape(-1, CANONICAL_SIZE**2)).astype(dtype, copy=False)


def _fit(
    classifier: MLPClassifier,
    features: NDArray[np.floating[Any]],
    labels: NDArray[np.uint8],
    schedule: tuple[Stage, ...],
    seed: int,
    report: Callable[[float], None],
    weights: NDArray[np.float32] | None = None,
) -> None:
    """Fit epoch by epoch, each going on from the weights of the one before.

    Each epoch begins with new means of Adam, and goes through blocks, in the order in which
    scikit-learn would have taken the digits: only one block at a time is float32. Training ends in
    the mean of the weights after the epochs that are averaged, if there are any.
    """
    epochs = [stage for stage in schedule for _ in range(stage.epochs)]
    averaged: list[list[NDArray[np.floating[Any]]]] = []
    block = np.empty((min(BLOCK, len(labels)), features.shape[1]), np.float32)
    for done, stage in enumerate(epochs):
        order = shuffle(np.arange(len(labels)), random_state=seed + done)
        classifier.set_params(
            shuffle=False, learning_rate_init=stage.learning_rate, random_state=seed + done
        )
        with smoothed_adam(classifier, SMOOTHING), _interruptible():
            for at in range(0, len(order), BLOCK):
                report((done + at / len(order)) / len(epochs))
                chosen = order[at : at + BLOCK]
                classifier.set_params(batch_size=min(stage.batch_size, len(chosen)))
                classifier.partial_fit(
                    _take(features, chosen, block),
                    labels[chosen],
                    sample_weight=None if weights is None else weights[chosen],
                    classes=None if hasattr(classifier, "classes_") else np.unique(labels),
                )
        if stage.averaged:
            averaged.append([*map(np.copy, classifier.coefs_ + classifier.intercepts_)])
    if averaged:
        means = [np.mean(layers, axis=0) for layers in zip(*averaged, strict=True)]
        classifier.coefs_ = means[: len(means) // 2]
        classifier.intercepts_ = means[len(means) // 2 :]


def _take(
    features: NDArray[np.floating[Any]], chosen: NDArray[np.int64], block: Features
) -> Features:
    """Copy the features of chosen digits into a block, as there is no time to clear new memory."""
    taken = block[: len(chosen)]
    if features.dtype == np.float32:
        np.take(features, chosen, axis=0, out=taken, mode="clip")
    else:
        taken[:] = features[chosen]
    return taken


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a training; scikit-learn makes a warning of it and would go on."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Training interrupted by user")
        try:
            yield
        except UserWarning as warning:
            if isinstance(warning.__context__, KeyboardInterrupt):
                raise warning.__context__ from None
            raise


def _temper(classifier: MLPClassifier, temperature: float) -> None:
    """Divide the scores from which a classifier computes probabilities, in place."""
    classifier.coefs_[-1] /= np.float32(temperature)
    classifier.intercepts_[-1] /= np.float32(temperature)
