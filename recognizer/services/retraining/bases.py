"""Bases of a retraining: typefaces, MNIST, or other labeled files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ml.errors import DatasetError, InvalidDrawing
from ml.labeled.digits import (
    LabeledDigits,
    canonicalize,
    handwriting_families,
    is_tmnist,
    load_tmnist,
)
from ml.labeled.exported import LabeledDrawing
from ml.labeled.formats import iter_labeled
from ml.labeled.mnist import load_mnist
from recognizer.services.errors import ServiceError

TMNIST, MNIST = "tmnist", "mnist"
"""Names of bases; any other is a path."""


class BadBase(ServiceError):
    """The bases do not go together."""


@dataclass(frozen=True)
class Base:
    """Base data in two parts: typefaces are changed to look like handwriting."""

    typefaces: LabeledDigits
    handwritten: frozenset[str]
    """Families of typefaces that look handwritten."""
    handwriting: LabeledDigits
    measured: LabeledDigits | None
    notices: tuple[str, ...]


def read_base(names: Sequence[str], folder: Path | None = None) -> Base:
    """Read all bases that are named; ``folder`` is where MNIST's files lie.

    Every model is measured on the bundled typefaces, whatever it is based on: those of their
    families that are kept aside are ``measured`` where the bundled typefaces are not the base.
    """
    if folder is not None and MNIST not in names:
        raise BadBase("--base-path says where MNIST's files lie; it needs --base mnist.")
    bundled = load_tmnist(Path(settings.BASE_DATASET))
    typefaces, handwriting, notices = [], [], []
    for name in dict.fromkeys(names):
        if name == TMNIST:
            typefaces.append(bundled)
        elif name == MNIST:
            handwriting.append(load_mnist(folder))
        elif is_tmnist(Path(name)):
            typefaces.append(load_tmnist(Path(name)))
        else:
            digits, unreadable = _read_labeled(Path(name))
            handwriting.append(digits)
            notices += unreadable
    return Base(
        LabeledDigits.concatenate(typefaces),
        handwriting_families(Path(settings.BASE_DATASET)),
        LabeledDigits.concatenate(handwriting),
        None if set(names) == {TMNIST} else bundled,
        tuple(notices),
    )


def _read_labeled(path: Path) -> tuple[LabeledDigits, list[str]]:
    """Return the digits of a file or folder, and sentences about what was assumed or left out."""
    sentences: list[str] = []

    def note(drawing: LabeledDrawing, error: InvalidDrawing) -> None:
        sentences.append(f"{drawing.name} is left out: {error}")

    digits = canonicalize(iter_labeled(path, sentences.append), note)
    if not len(digits):
        raise DatasetError("No drawing of it can be read.", path)
    return digits, sentences
