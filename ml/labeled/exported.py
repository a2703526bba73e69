"""A labeled drawing of a file, and what an export of the site says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ml.drawing.strokes import Strokes
from ml.errors import DatasetError

REVIEWS: Final = ("unreviewed", "approved", "rejected")
"""What a reviewer of the site made of a drawing; nothing learns from a rejected one."""
TIME: Final = "%Y%m%dt%H%M%S%fz"
"""How the name of a drawing in a csv ends: the time in UTC."""
EXPORTED: Final = re.compile(
    r"(?:(?P<writer>[0-9a-f]{16})-)?(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"(?:-(?P<review>[a-z]+)-(?P<source>[a-z]+)-(?P<created_at>\d{8}t\d{12}z))?"
)
"""Names of an exported csv: so read, a writer's drawings are of one family, as typefaces are."""
EXPORTED_ARRAYS: Final = ("id", "created_at", "source", "review", "writer")
"""What an exported npz has beside x and y: texts, of which an empty one is missing."""


@dataclass(frozen=True, eq=False)
class LabeledDrawing:
    """One drawing of a labeled file.

    At least one of `pixels`, `strokes` and `image` is given; the first of them is what is read. An
    export gives all that it has, and what stands from `id` on.
    """

    label: int | None
    """The digit that it shows, 0 to 9, or 10 where it is not a digit; None in an export of a
    drawing without an answer."""
    name: str
    """Name that is unique in the file, for people."""
    writer: str | None = None
    """The person or the family of typefaces that it is from; None if the file does not say."""
    image: bytes | None = None
    pixels: NDArray[np.uint8] | None = None
    """(height, width) uint8, light on dark or dark on light."""
    strokes: Strokes | None = None
    """Strokes of points, as `ml.drawing.strokes.parse_strokes` gives them."""
    pen_width: float | None = None
    id: UUID | None = None
    created_at: datetime | None = None
    source: str | None = None
    """How the site that exported it got it."""
    review: str | None = None
    """One of `REVIEWS`; None if the file does not say."""

    @property
    def is_lesson(self) -> bool:
        """Whether a model may learn from it, or be measured by it."""
        return self.label is not None and self.review != "rejected"


def family_of(name: str) -> str:
    """Return the family of a face named as in TMNIST: ``Roboto`` for ``Roboto-Bold``.

    It ends at the first hyphen, or at the bracket that lists the axes of a variable font. So
    ``IBM-Plex-Sans`` and ``IBM-Plex-Mono`` are one, which is harmless: a family is never divided.
    """
    return re.split(r"[-\[]", name, maxsplit=1)[0] or name


def face_name(family: str) -> str:
    """Return how the faces of a family are named: ``NotoSans`` for ``Noto Sans``."""
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"[^\W_]+", family))


def with_origin(
    drawing: LabeledDrawing, origin: Mapping[str, Any], path: Path, line: int | None = None
) -> LabeledDrawing:
    """Add what an export says about a drawing, if its id is one of the site's."""
    given = {name: origin.get(name) or None for name in EXPORTED_ARRAYS}
    try:
        pk = UUID(given["id"])
    except (AttributeError, TypeError, ValueError):
        return drawing
    for name, value in given.items():
        if not isinstance(value, str | None):
            message = f"{drawing.name}: The field {name!r} is {value!r:.20}, not a text."
            raise DatasetError(message, path, line)
    if given["review"] not in (None, *REVIEWS):
        message = f"{drawing.name}: The review is {given['review']!r:.20}, not one of"
        raise DatasetError(f"{message} {', '.join(REVIEWS)}.", path, line)
    return replace(
        drawing,
        id=pk,
        writer=given["writer"],
        created_at=_read_time(given["created_at"], drawing.name, path, line),
        source=given["source"],
        review=given["review"],
    )


def _read_time(text: str | None, name: str, path: Path, line: int | None) -> datetime | None:
    if text is None:
        return None
    try:
        is_short = "-" not in text
        time = datetime.strptime(text, TIME) if is_short else datetime.fromisoformat(text)
        moment = time.replace(tzinfo=UTC) if is_short else time.astimezone(UTC)
        if (is_short or time.tzinfo) and 1970 <= moment.year <= 9000:
            return moment
    except (ValueError, OverflowError):
        pass
    message = f"{name}: The time is {text!r:.40}, not one such as 2026-11-29T06:25:00+00:00."
    raise DatasetError(message, path, line)
