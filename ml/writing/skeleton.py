"""Lines thinned to one pixel, many pictures at once."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_NEIGHBORS: Final = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Rows down and columns to the right, clockwise from above, as in the paper: P2, P3, ... P9."""


def skeletonize(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin lines of masks (n, height, width), whose outermost pixels are empty, to one pixel.

    Zhang, Suen, "A fast parallel algorithm for thinning digital patterns", Communications of the
    ACM 27 (1984) 236-239.
    """
    # One bit for each picture, so that the logic of a word thins 64 of them at once.
    spare = -len(masks) % 64
    padded = np.pad(masks, [(0, spare), (0, 0), (0, 0)])
    bits = np.packbits(padded, axis=0, bitorder="little")  # (8 w, height, width) uint8
    words = np.ascontiguousarray(np.moveaxis(bits, 0, -1)).view(np.uint64)  # (height, width, w)
    before = np.zeros_like(words)
    while not np.array_equal(before, words):
        before = words.copy()
        for is_second in (False, True):
            words[1:-1, 1:-1] &= ~_removable(words, is_second=is_second)
    thinned = np.moveaxis(words.view(np.uint8), -1, 0)
    lines = np.unpackbits(thinned, axis=0, count=len(masks), bitorder="little")
    return lines.view(np.bool_)


def _removable(words: NDArray[np.uint64], *, is_second: bool) -> NDArray[np.uint64]:
    """Which inner pixels of (height, width, w) go in the first or second pass of thinning."""
    height, width = words.shape[:2]
    ring = [words[1 + y : height - 1 + y, 1 + x : width - 1 + x] for y, x in _NEIGHBORS]
    begins, begins_twice, pair, gap = np.zeros((4, *ring[0].shape), np.uint64)
    for one, following in zip(ring, ring[1:] + ring[:1], strict=True):
        begin = ~one & following
        begins_twice |= begins & begin
        begins |= begin
        pair |= one & following
        gap |= ~(one | following)
    # Neighbors that begin once are one piece; a pair means at least two of them, a gap at most six.
    rim = begins & ~begins_twice & pair & gap
    up, right, down, left = ring[::2]
    corner = up & left & (right | down) if is_second else right & down & (up | left)
    removable: NDArray[np.uint64] = rim & ~corner
    return removable
