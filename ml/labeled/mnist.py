"""MNIST as base data: from OpenML, or from the files of its authors in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from sklearn.datasets import fetch_openml

from ml.drawing.canonical import CANONICAL_SIZE
from ml.errors import DatasetError
from ml.labeled.digits import LabeledDigits, canonicalize, load_labeled
from ml.labeled.exported import LabeledDrawing

TRAINING_DIGITS: Final = 60_000
"""MNIST's first digits, which its authors meant for training; the other 10,000 are for tests, and
a model that learned them could not be measured on them."""
FILES: Final = "train-images-idx3-ubyte and train-labels-idx1-ubyte (also .gz)"


def load_mnist(folder: Path | None = None) -> LabeledDigits:
    """Load the training digits of MNIST as canonical digits.

    Without a folder of its IDX files they are fetched from openml.org, once: scikit-learn keeps
    them in its folder of data. The writers are not known, so each digit is a group of its own.

    Raises
    ------
    DatasetError
        The files are missing or damaged, or openml.org cannot be reached.

    References
    ----------
    LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998.
    """
    return _fetch() if folder is None else _read(folder)


def _read(folder: Path) -> LabeledDigits:
    images = next(iter(sorted(folder.glob("train-images*idx3-ubyte*"))), None)
    if images is None:
        raise DatasetError(f"The folder must hold {FILES} of MNIST.", folder)
    return load_labeled(images)


def _fetch() -> LabeledDigits:
    name = Path("mnist")
    try:
        fetched = fetch_openml("mnist_784", version=1, as_frame=False, n_retries=0)
    except (OSError, ValueError) as error:  # no network, no OpenML, or no whole file from it
        raise DatasetError(
            f"MNIST cannot be fetched from openml.org ({getattr(error, 'reason', error)}). Put "
            f"{FILES} into a folder, and name it with --base-path.",
            name,
        ) from error
    pixels = fetched.data[:TRAINING_DIGITS].astype(np.uint8)
    images = pixels.reshape(-1, CANONICAL_SIZE, CANONICAL_SIZE)
    labels = fetched.target[:TRAINING_DIGITS].astype(int)
    drawings = (
        LabeledDrawing(int(label), f"mnist, digit {number}", pixels=image)
        for number, (image, label) in enumerate(zip(images, labels, strict=True), start=1)
    )
    return canonicalize(drawings)
