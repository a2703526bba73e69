"""Training, composed of the other modules: base data and corrections in, a measured model out."""

from __future__ import annotations

import copy
import functools
import hashlib
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline

from ml.augmentation import CORRECTION, augment
from ml.datasets import LabeledDigits, split_by_group
from ml.evaluation import evaluate
from ml.features import Features
from ml.pen import write_digits
from ml.pipeline import build_pipeline
from ml.preprocessing import CANONICAL_SIZE, Digits, canonical_digit, ink_from_pixels

FEATURE_CHUNK: Final = 4_000
"""Digits whose features one task computes."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of training at one learning rate.

    Parameters
    ----------
    learning_rate : float
        Adam's step size.
    epochs : int
        Passes over the training set.
    batch_size : int
        Digits for each step.
    """

    learning_rate: float
    epochs: int
    batch_size: int


PEN_HOLDOUT: Final = 5_000
"""Digits of the synthetic pen that every model is measured on."""
PEN_HOLDOUT_SEED: Final = 2**31 - 1
"""Their seed; it never trains."""
FROM_SCRATCH: Final = (Stage(1e-3, 7, 256), Stage(2e-4, 2, 512), Stage(5e-5, 2, 512))
"""Schedule for new weights; the decay halves the noise between seeds."""
FROM_START: Final = (Stage(2e-4, 4, 256), Stage(5e-5, 2, 512))
"""Schedule for weights that can read already."""


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
    typeface_copies: int = 4
    pen_samples: int = 300_000
    replay_samples: int = 15_000
    replay_pen_samples: int = 45_000
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


@dataclass(frozen=True, slots=True)
class TrainedArtifact:
    """A trained model and what is known of it.

    Parameters
    ----------
    model : Pipeline
        The trained pipeline.
    parameters : dict
        How it was trained.
    data : dict
        What it was trained on: counts and digest.
    metrics : dict
        Reports by the name of the holdout: ``typefaces``, ``pens``, ``corrections`` (None where
        there is nothing to measure on).
    seconds : float
        How long it took.
    """

    model: Pipeline
    parameters: dict[str, Any]
    data: dict[str, Any]
    metrics: dict[str, Any]
    seconds: float


def train(
    base: LabeledDigits,
    corrections: LabeledDigits,
    options: TrainingOptions | None = None,
    start: Pipeline | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> TrainedArtifact:
    """Train a model on typefaces and corrections.

    Parameters
    ----------
    base : LabeledDigits
        Typefaces; a tenth of the faces is never trained on.
    corrections : LabeledDigits
        What users drew and said; may be empty.
    options : TrainingOptions, optional
        How to train.
    start : Pipeline, optional
        A trained pipeline whose weights are the start; it is not changed. New weights, if none.
    report : callable
        Told the progress from time to time.

    Returns
    -------
    TrainedArtifact
        The model and how good it is on the digits kept aside.
    """
    options = options or TrainingOptions()
    began = time.monotonic()
    base_train, base_holdout = split_by_group(base)
    base_holdout = _as_presented(base_holdout)
    kept, held = corrections, corrections.select(np.zeros(len(corrections), bool))
    if len(corrections) >= options.correction_holdout_from:
        kept, held = split_by_group(corrections)
    steps = _Steps(report)
    images, labels = _training_set(base_train, kept, options, start, steps)
    model = copy.deepcopy(start) if start else build_pipeline(options.seed, options.hidden_units)
    features = compute_features(
        model[:-1], images, jobs=options.jobs, report=steps.phase("Computing features", 0.4, 0.55)
    )
    schedule = FROM_START if start else FROM_SCRATCH
    _fit(model[-1], features, labels, schedule, options, steps.phase("Training", 0.55, 0.98))
    steps.phase("Measuring", 0.98, 1.0)(0.0)
    metrics = {
        "typefaces": evaluate(model, base_holdout).as_dict() if len(base_holdout) else None,
        "pens": evaluate(model, pen_holdout()).as_dict(),
        "corrections": evaluate(model, held).as_dict() if len(held) else None,
    }
    return TrainedArtifact(
        model=model,
        parameters={**asdict(options), "from_scratch": start is None},
        data={
            "typefaces": len(base_train),
            "pens": options.pen_samples if start is None else options.replay_pen_samples,
            "typefaces_held_out": len(base_holdout),
            "corrections": len(kept),
            "corrections_held_out": len(held),
            "samples": len(labels),
            "sha256": fingerprint(base, corrections),
        },
        metrics=metrics,
        seconds=time.monotonic() - began,
    )


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


def compute_features(
    transformers: Pipeline,
    images: Digits,
    *,
    jobs: int = 1,
    report: Callable[[float], None] = lambda fraction: None,
) -> Features:
    """Compute the features of many digits, some at a time.

    Parameters
    ----------
    transformers : Pipeline
        All steps of a pipeline but the last.
    images : Digits
        (n, 28, 28) uint8 canonical digits.
    jobs : int
        Processes that work on it.
    report : callable
        Told the fraction done, 0 to 1.

    Returns
    -------
    Features
        (n, features) float32.
    """
    rows = images.reshape(len(images), CANONICAL_SIZE**2)
    chunks = [rows[start : start + FEATURE_CHUNK] for start in range(0, len(rows), FEATURE_CHUNK)]
    tasks = (delayed(transformers.transform)(chunk) for chunk in chunks)
    done: list[Features] = []
    for chunk in Parallel(n_jobs=jobs, return_as="generator")(tasks):
        done.append(chunk)
        report(len(done) / len(chunks))
    return np.concatenate(done)


def fingerprint(*parts: LabeledDigits) -> str:
    """Compute a digest of training data.

    Parameters
    ----------
    *parts : LabeledDigits
        What was trained on.

    Returns
    -------
    str
        SHA-256, hexadecimal, of all images, labels and groups in their order.
    """
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.images.tobytes())
        sha.update(part.labels.astype(np.uint8).tobytes())
        sha.update("\n".join(part.groups.tolist()).encode())
    return sha.hexdigest()


def _as_presented(digits: LabeledDigits) -> LabeledDigits:
    """Bring typefaces to the form that drawings have when the model is asked."""
    images = [canonical_digit(ink_from_pixels(image)) for image in digits.images]
    return LabeledDigits(
        np.array(images).reshape(digits.images.shape), digits.labels, digits.groups
    )


class _Steps:
    """Turns the progress of each phase into progress of the whole."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self.report = report

    def phase(self, name: str, begin: float, end: float) -> Callable[[float], None]:
        """Give a function that is told the fraction of one phase."""
        return lambda fraction: self.report(Progress(name, begin + (end - begin) * fraction))


def _training_set(
    base: LabeledDigits,
    corrections: LabeledDigits,
    options: TrainingOptions,
    start: Pipeline | None,
    steps: _Steps,
) -> tuple[Digits, NDArray[np.uint8]]:
    """Augment typefaces and corrections and write pens: the images and labels that train."""
    face_choice, face_seed, pen_seed, correction_seed = (
        int(state) for state in np.random.SeedSequence(options.seed).generate_state(4)
    )
    copies, pen_samples = options.typeface_copies, options.pen_samples
    if start is not None:
        copies, pen_samples = 1, options.replay_pen_samples
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
        pen_samples, pen_seed, jobs=options.jobs, report=steps.phase("Writing pens", 0.1, 0.35)
    )
    images, labels = [faces, pens], [np.repeat(base.labels, copies), pen_labels]
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


def _fit(
    classifier: MLPClassifier,
    features: Features,
    labels: NDArray[np.uint8],
    schedule: tuple[Stage, ...],
    options: TrainingOptions,
    report: Callable[[float], None],
) -> None:
    """Fit epoch by epoch, each going on from the weights of the one before."""
    epochs = [stage for stage in schedule for _ in range(stage.epochs)]
    for done, stage in enumerate(epochs):
        report(done / len(epochs))
        classifier.set_params(
            warm_start=True,
            max_iter=1,
            learning_rate_init=stage.learning_rate,
            batch_size=min(stage.batch_size, len(labels)),
            random_state=options.seed + done,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch is all we ask
            classifier.fit(features, labels)
