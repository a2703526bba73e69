"""Which faces are usable digits: ten different signs, recognized by other faces, and new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from ml.fonts.rendering import FaceDigits, Typeface, crop_to_ink

ALIKE: Final = 0.99
"""Correlation from which two digits of one face are one picture.

Ten equal boxes have 1; among 622 families, the likest digits that a person still tells apart (0
and 9 of a condensed black face) have 0.98.
"""
SKETCH_SIDE: Final = 8
"""Side of the small picture by which a digit is recognized among those of the other families."""
FOLDS: Final = 10
"""Parts into which the families are divided, each recognized by the others."""
LEAST_RECOGNIZED: Final = 5
"""Digits of ten that the other families must recognize in a face.

Among 622 families, barcodes, redactions and faces whose ink is not the digit but its background or
shadow have 0 to 2, every other face 6 or more. By chance, one in 600 has 5.
"""
TWIN: Final = 0.02
"""Relative squared difference below which two faces are one.

Families share their digits, such as Noto Sans of many scripts, or hardly tell 400 from 500.
"""


def have_ten_signs(faces: Sequence[Typeface]) -> NDArray[np.bool_]:
    """Which faces have ten different pictures, of which no two correlate by `ALIKE`: (n,) bool."""
    usable = np.zeros(len(faces), bool)
    for index, face in enumerate(faces):
        correlations = np.corrcoef(face.digits.reshape(10, -1))
        usable[index] = np.triu(correlations, k=1).max() < ALIKE
    return usable


def are_recognized(faces: Sequence[Typeface]) -> NDArray[np.bool_]:
    """In which faces the other families recognize at least five of the ten digits: (n,) bool.

    A digit is recognized if the most similar one among all digits of the other families has the
    same label. Compared are pictures of 8x8 to which the ink's box is stretched: widths, slants and
    pens differ much between faces that everybody reads, the course of the lines does not. Faces of
    a single family cannot be compared, and all pass.
    """
    families = [face.font.family for face in faces]
    if len(set(families)) < 2:
        return np.ones(len(faces), bool)
    guesses = cross_val_predict(
        KNeighborsClassifier(n_neighbors=1),
        np.stack([_sketch(digit) for face in faces for digit in face.digits]),  # (10 n, 64)
        np.tile(np.arange(10), len(faces)),
        groups=np.repeat(families, 10),
        cv=GroupKFold(min(FOLDS, len(set(families)))),
    )
    is_right = guesses.reshape(-1, 10) == np.arange(10)  # (n, 10)
    return np.asarray(is_right.sum(axis=1) >= LEAST_RECOGNIZED)


def are_new(faces: Sequence[Typeface]) -> NDArray[np.bool_]:
    """Which faces differ from every new face before them: (n,) bool.

    The measure is the sum of squared pixel differences by the sum of squared pixels of both faces:
    0 for equal faces, 1 for faces that share no ink. Of two twins, the first one stays.
    """
    # float64 holds these whole numbers exactly, so that every machine decides alike.
    pixels = np.array([face.digits.ravel() for face in faces], np.float64)  # (n, 7840)
    products = pixels @ pixels.T
    squares = products.diagonal()
    is_twin = 1 - 2 * products / (squares[:, None] + squares) < TWIN  # (n, n)
    new = np.zeros(len(faces), bool)
    for index in range(len(faces)):
        new[index] = not np.any(is_twin[index] & new)
    return new


def _sketch(digit: FaceDigits) -> NDArray[np.float32]:
    """Stretch the ink's box to a small square, as a (64,) vector of mean 0 and length 1."""
    image = crop_to_ink(digit).resize((SKETCH_SIDE, SKETCH_SIDE), Image.Resampling.BILINEAR)
    sketch = np.asarray(image, np.float32).ravel()
    sketch = sketch - sketch.mean()
    return np.asarray(sketch / max(float(np.linalg.norm(sketch)), 1e-6))
