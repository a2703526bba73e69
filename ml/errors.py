"""Every error that ml raises on purpose; the tree is the table of contents.

MLError
├── InvalidDrawing         a drawing that was sent cannot be read
│   ├── InvalidImage       no format that is read, truncated, animated
│   ├── ImageTooLarge      more bytes or pixels than are read
│   ├── InvalidBox         not inside of the picture, or too small
│   ├── InvalidStrokes     not lists of finite points
│   ├── InvalidPixels      not 784 numbers in a range that is read
│   ├── BlankDrawing       without ink
│   ├── NothingFound       with something on it, but nothing that could be a digit
│   ├── SeveralDigits      more than one digit side by side
│   └── InvalidItem        one of many drawings cannot be read; has its index
├── DatasetError           a labeled file cannot be read; has the path and, if known, the line
├── TypefaceError          a font has no ten usable digits
├── ClusterError           the cluster named for training cannot be used
└── ArtifactError          a model file cannot be used
    ├── ArtifactMissing    it is not there
    ├── ArtifactCorrupt    its SHA-256 is not the recorded one, or it is not a model
    └── ArtifactIncompatible   it is from another version of scikit-learn or of this project
"""

from __future__ import annotations

from pathlib import Path


class MLError(Exception):
    """Base of all errors that callers of ``ml`` may expect; its text is fit for users."""


class InvalidDrawing(MLError):
    """A drawing that was sent cannot be read."""


class InvalidImage(InvalidDrawing):
    """The bytes are not one whole, still picture of a format that is read."""


class ImageTooLarge(InvalidDrawing):
    """The picture has more bytes or pixels than are read."""


class InvalidBox(InvalidDrawing):
    """The box is not inside of the picture, or too small."""


class InvalidStrokes(InvalidDrawing):
    """The strokes are not lists of finite points."""


class InvalidPixels(InvalidDrawing):
    """The pixels are not 784 numbers from 0 to 255, 16 or 1."""


class BlankDrawing(InvalidDrawing):
    """There is no ink to read."""


class NothingFound(InvalidDrawing):
    """The picture is not blank, but nothing on it looks like strokes."""


class SeveralDigits(InvalidDrawing):
    """Several digits stand side by side: `count` of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"There are {count} digits here; send one at a time.")


class InvalidItem(InvalidDrawing):
    """One of many drawings cannot be read: that at `index`, counted from 0, for this `reason`."""

    def __init__(self, index: int, reason: InvalidDrawing) -> None:
        self.index = index
        self.reason = reason
        super().__init__(str(reason))


class DatasetError(MLError):
    """A labeled file cannot be read.

    The `message` is without the path. `line` counts from 1, and `row` digits from 0, if known.
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
    """A font file has no ten usable digits; the text states the reason."""


class ClusterError(MLError):
    """The cluster named for training cannot be used; the text states the reason."""


class ArtifactError(MLError):
    """A model file cannot be used."""


class ArtifactMissing(ArtifactError):
    """The model file is not where it should be."""


class ArtifactCorrupt(ArtifactError):
    """The SHA-256 of the model file is not the recorded one, or it does not hold a model."""


class ArtifactIncompatible(ArtifactError):
    """The model file was written by another version of scikit-learn or of this project."""
