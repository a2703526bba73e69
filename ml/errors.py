"""Every error that ml raises on purpose; the tree is the table of contents.

MLError
├── InvalidDrawing         what somebody drew or sent cannot be read
│   ├── InvalidImage       not a PNG, JPEG or WebP, truncated, animated
│   ├── ImageTooLarge      more bytes or pixels than are looked at
│   ├── InvalidStrokes     not lists of finite points
│   ├── InvalidPixels      not 784 numbers from 0 to 255
│   ├── BlankDrawing       nothing is drawn
│   └── InvalidItem        one of many drawings cannot be read; names which
├── DatasetError           a labeled file cannot be read; names the path and, if known, the line
├── TypefaceError          a font cannot give ten digits; says why
├── ClusterError           the cluster that should train cannot; says why
└── ArtifactError          a model file cannot be used
    ├── ArtifactMissing    it is not there
    ├── ArtifactCorrupt    its SHA-256 is not the recorded one
    └── ArtifactIncompatible   it is from another version of scikit-learn or of this project
"""

from __future__ import annotations

from pathlib import Path


class MLError(Exception):
    """Base of all errors that callers of ``ml`` may expect; its text is fit for users."""


class InvalidDrawing(MLError):
    """What somebody drew or sent cannot be read."""


class InvalidImage(InvalidDrawing):
    """The bytes are not one whole, still PNG, JPEG or WebP picture."""


class ImageTooLarge(InvalidDrawing):
    """The picture has more bytes or more pixels than are looked at."""


class InvalidStrokes(InvalidDrawing):
    """The strokes are not lists of finite points."""


class InvalidPixels(InvalidDrawing):
    """The pixels are not 784 numbers from 0 to 255."""


class BlankDrawing(InvalidDrawing):
    """Nothing is drawn: there is no ink to read."""


class InvalidItem(InvalidDrawing):
    """One of many drawings cannot be read.

    Parameters
    ----------
    index : int
        Which one, counted from 0.
    reason : InvalidDrawing
        What is wrong with it.
    """

    def __init__(self, index: int, reason: InvalidDrawing) -> None:
        self.index = index
        self.reason = reason
        super().__init__(str(reason))


class DatasetError(MLError):
    """A labeled file cannot be read.

    Parameters
    ----------
    message : str
        What is wrong and what would be right, without the path.
    path : Path
        The file at fault.
    line : int, optional
        Line in the file, counted from 1, where it is known.
    row : int, optional
        Which digit of the file is at fault, counted from 0, where it is known.
    """

    def __init__(
        self, message: str, path: Path, line: int | None = None, row: int | None = None
    ) -> None:
        self.message = message
        self.path = path
        self.line = line
        self.row = row
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{where}: {message}")


class TypefaceError(MLError):
    """A font file cannot give ten usable digits; the text says why."""


class ClusterError(MLError):
    """The cluster that was named for training cannot be used; the text says why."""


class ArtifactError(MLError):
    """A model file cannot be used."""


class ArtifactMissing(ArtifactError):
    """The model file is not where it should be."""


class ArtifactCorrupt(ArtifactError):
    """The SHA-256 of the model file is not the recorded one, or it does not hold a model."""


class ArtifactIncompatible(ArtifactError):
    """The model file was written by another version of scikit-learn or of this project."""
