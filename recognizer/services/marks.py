"""What a lesson keeps of the drawings that a version learned from."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

MARK = np.dtype(">u8")
"""Of an id, its first eight bytes."""


def marks_of(ids: Iterable[uuid.UUID]) -> NDArray[np.uint64]:
    """Return the first eight bytes of each id, as a number."""
    return np.frombuffer(b"".join(pk.bytes[: MARK.itemsize] for pk in ids), MARK)
