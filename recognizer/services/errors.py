"""The errors that callers of the services translate: the services' own, and those of ml."""

from __future__ import annotations

from ml.errors import ArtifactError as ArtifactError
from ml.errors import BlankDrawing as BlankDrawing
from ml.errors import DatasetError as DatasetError
from ml.errors import ImageTooLarge as ImageTooLarge
from ml.errors import InvalidBox as InvalidBox
from ml.errors import InvalidDrawing as InvalidDrawing
from ml.errors import InvalidImage as InvalidImage
from ml.errors import InvalidItem as InvalidItem
from ml.errors import InvalidPixels as InvalidPixels
from ml.errors import InvalidStrokes as InvalidStrokes
from ml.errors import MLError as MLError
from ml.errors import NothingFound as NothingFound
from ml.errors import SeveralDigits as SeveralDigits
from ml.errors import TypefaceError as TypefaceError


class ServiceError(Exception):
    """Base of the services' own errors; its text is fit for users."""


EXPECTED = (ServiceError, MLError)
"""What a command or the admin reports in one sentence; any other exception is a bug."""
