"""Which of the pieces of a mask are the digit, apart from objects, frames, print and neighbors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import eq
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.drawing.decorations import (
    MOST,
    MOST_SIDES,
    Box,
    Decoration,
    join,
    kind_around,
    kind_beside,
    may_surround,
)
from ml.drawing.ink import NOISY_SIDE, TOUCHING
from ml.drawing.raster import Mask, pen_width

MOST_PIECES: Final = 120
"""Pieces that are looked at, the longest first: a dotted digit has up to a hundred."""
SMALLEST: Final = 0.04
"""Longer side of a digit, as a share of the picture's shorter side, from which it is likely."""
GAP: Final = 0.25
"""Farthest that a loose part lies from the rest of its digit, as a share of the digit's size."""
PEER: Final = 0.6
"""Height of a second digit, as a share of the first one's."""
BAR_WIDTH: Final = 0.4
"""Widest bar of an open 4, as a share of its height."""
BELOW: Final = 0.2
"""How far the bar reaches down alone, as a share of its height."""
WIDEST: Final = 0.3
"""Widest pen, as a share of a digit's longer side."""
BLOB: Final = 0.05
"""What the score of a wider piece is multiplied by."""
MOST_BLOBS: Final = 5
"""Pieces that are checked for this, the best first."""
DOTS: Final = 6
"""Pieces from which a digit may be dotted."""
LEAST_DOT: Final = 0.2
"""Area of a dot as a share of the largest one's."""
DOT_LENGTH: Final = 4
"""Length of a dot or a dash, in pen widths."""
WIDEST_DOT: Final = 0.4
"""Longest dot or dash that may be so wide, as a share of the picture's shorter side."""
OUTERMOST: Final = 0.95
"""Distance from the middle, as a share of half of the picture, at which no digit has its own."""
LINE_PEN: Final = 0.025
"""Pen of a line that runs from side to side, as a share of its length, that a digit's exceeds."""
LEAST_CERTAIN: Final = 0.5
"""Share of a digit's deviation by which it differs from all paper near it, too."""
FLATTEST: Final = 0.4
"""Height of a digit as a share of its width: a line is flatter."""
LARGE_FRAME: Final = 0.6
"""Longer side of an empty frame, as a share of the picture's shorter side."""
FRAME_PEN: Final = 0.02
"""Pen of an empty frame, as a share of its longer side, at most."""
MOST_PARTS: Final = 12
"""Pieces of a decorated digit: more are dots, or noise."""
NEAR: Final = 0.6
"""Farthest that a decoration lies from its digit, as a share of the digit's size."""
BOW: Final = 0.22
"""How far a straight line is bent, as a share of its length, at most."""
MOST_POINTS: Final = 4_000
"""Pixels of an enclosure that are looked at."""
TEXTURE: Final = 2_000
"""Pieces above which a mask is the grain of something; a sharp shadow on paper leaves 1,000."""


@dataclass(frozen=True)
class Piece:
    """Pixels that touch each other."""

    label: int
    top: int
    bottom: int
    left: int
    right: int
    area: int
    pen: float
    contrast: float
    """Mean deviation of its pixels from the paper, in gray levels."""
    contact: int
    """Pixels on the rim of the picture."""
    sides: int
    """Sides of the picture that it touches."""

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def longer(self) -> int:
        return max(self.height, self.width)

    @property
    def box(self) -> Box:
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True)
class Choice:
    """What is taken for the digit."""

    mask: Mask
    score: float
    """How much it looks like a digit, 0 to 1."""
    inner_score: float
    """The same, wherever it touches the rim of the picture."""
    count: int
    """Digits that stand side by side."""
    is_all: bool
    """Whether nothing was left out."""
    set_aside: tuple[Decoration, ...] = ()
    """What decorates the digit, in pixels of the mask."""


def choose(
    mask: Mask, deviation: NDArray[np.float32], certain: NDArray[np.float32] | None = None
) -> Choice | None:
    """Choose the pieces of one digit; None if there is nothing at all, or texture alone.

    `certain` is the deviation from all paper near a pixel, where the paper has more than one tone.
    """
    labels, count = label_pieces(mask)
    if not 0 < count <= TEXTURE:
        return None
    pieces = measure_pieces(labels, count, deviation)
    pen, dots = pieces[0].pen, None
    if count >= DOTS and pieces[0].longer < DOT_LENGTH * pen < WIDEST_DOT * min(mask.shape):
        reach = 4 * round(pen * 3 / 4) + 1
        labels, count = ndimage.label(ndimage.maximum_filter(mask, reach))
        labels *= mask
        pieces = measure_pieces(labels, count, deviation)
        dots = _count_dots(mask, labels)
    inner = [_score(piece, mask.shape) for piece in pieces]
    if dots is not None:
        inner = [
            score if dots[piece.label] >= DOTS else BLOB * score
            for score, piece in zip(inner, pieces, strict=True)
        ]
    scores = [score * _at_rim(piece) for score, piece in zip(inner, pieces, strict=True)]
    for index in np.argsort(scores)[::-1][:MOST_BLOBS].tolist():
        piece = pieces[index]
        if not (
            _is_blob(piece, labels)
            or _is_edge(piece, labels, certain)
            or _is_empty_frame(piece, labels)
        ):
            break
        scores[index] *= BLOB
        inner[index] *= BLOB
    best = int(np.argmax(scores))
    main = pieces[best]
    is_small = min(mask.shape) < NOISY_SIDE
    related = [] if is_small else [piece for piece in pieces if _is_related(piece, main)]
    found = find_decorations(related, labels)
    aside = [piece for _, parts in found for piece in parts]
    if main in aside:
        inside = [
            index for index, piece in enumerate(pieces) if piece in related and piece not in aside
        ]
    else:
        inside = _framed(pieces, main, labels)
    if inside:
        best = max(inside, key=lambda index: scores[index])
        main = pieces[best]
    others = [piece for piece in pieces if piece is not main and piece not in aside]
    peers = [piece for piece in others if _is_peer(piece, main)]
    loose = [piece for piece in others if piece not in peers and _may_join(piece, main)]
    group = _join(main, loose)
    is_kept = np.zeros(count + 1, bool)
    is_kept[[piece.label for piece in group]] = True
    return Choice(
        is_kept[labels],
        scores[best],
        inner[best],
        1 + len(peers),
        len(group) == count,
        tuple(decoration for decoration, _ in found),
    )


def _count_dots(mask: Mask, labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """Count the pieces of a mask that each label joins, noise beside them apart."""
    dots, count = ndimage.label(mask, structure=TOUCHING)
    areas = np.bincount(dots.ravel())
    joined = np.zeros(count + 1, np.intp)
    joined[dots.ravel()] = labels.ravel()
    is_dot = areas[1:] >= LEAST_DOT * areas[1:].max()
    return np.bincount(joined[1:][is_dot], minlength=labels.max() + 1)


def label_pieces(mask: NDArray[Any]) -> tuple[NDArray[np.int32], int]:
    """Number the pieces of a mask from 1: pixels that touch."""
    labels, count = ndimage.label(mask, structure=TOUCHING)
    return labels, count


def measure_pieces(
    labels: NDArray[np.int32], count: int, deviation: NDArray[np.float32]
) -> list[Piece]:
    areas = np.bincount(labels.ravel())
    sums = np.bincount(labels.ravel(), deviation.ravel())
    boxes = ndimage.find_objects(labels)
    longer = [max(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in boxes]
    height, width = labels.shape
    pieces = []
    for index in np.argsort(longer)[::-1][:MOST_PIECES].tolist():
        rows, columns = boxes[index]
        own = labels[rows, columns] == index + 1
        edges = [
            int(np.count_nonzero(own[0])) * (rows.start == 0),
            int(np.count_nonzero(own[-1])) * (rows.stop == height),
            int(np.count_nonzero(own[:, 0])) * (columns.start == 0),
            int(np.count_nonzero(own[:, -1])) * (columns.stop == width),
        ]
        pieces.append(
            Piece(
                index + 1, rows.start, rows.stop, columns.start, columns.stop,
                int(areas[index + 1]), float(pen_width(own.astype(np.float32))),
                float(sums[index + 1] / areas[index + 1]), sum(edges), sum(map(bool, edges)),
            )
        )  # fmt: skip
    return pieces


def _score(piece: Piece, shape: tuple[int, ...]) -> float:
    """Rate how much a piece looks like the strokes of a digit: thin, not small, in the middle."""
    size = piece.longer / min(shape)
    thin = np.clip((0.42 - piece.pen / piece.longer) / 0.2, 0.02, 1)
    box = max(piece.height * piece.width, 0.4 * piece.longer**2)
    thin *= np.clip((0.8 - piece.area / box) / 0.2, 0.05, 1)
    length = piece.area / max(piece.pen, 1) / piece.longer
    plain = min(1, 8 / length) ** 2
    down = abs((piece.top + piece.bottom) / shape[0] - 1)
    across = abs((piece.left + piece.right) / shape[1] - 1)
    central = (1 - 0.4 * min(np.hypot(down, across), 1)) * np.clip(
        (OUTERMOST - max(down, across)) / 0.2, 0.1, 1
    )
    large = min(size / 0.25, 1) * min(size / SMALLEST, 1)
    contrast = min(piece.contrast / 60, 1)
    flat = np.clip(piece.height / piece.width / FLATTEST, 0.1, 1)
    return float(thin * plain * large * central * contrast * flat * _as_line(piece))


def _as_line(piece: Piece) -> float:
    """Rate how thin a piece is that is long, or runs from side to side: as printed lines are."""
    thinnest = LINE_PEN if piece.sides > 1 else LINE_PEN / 2
    return min(piece.pen / piece.longer / thinnest, 1) ** 2


def _is_blob(piece: Piece, labels: NDArray[np.int32]) -> bool:
    """Whether a square within a piece is wider than a pen."""
    side = int(WIDEST * piece.longer)
    if min(side, piece.height, piece.width) < max(side, 3):
        return False
    own = labels[piece.top : piece.bottom, piece.left : piece.right] == piece.label
    return bool(ndimage.uniform_filter(own.astype(np.float32), side, mode="constant").max() > 0.99)


def _is_edge(piece: Piece, labels: NDArray[np.int32], certain: NDArray[np.float32] | None) -> bool:
    """Whether most of a piece differs no more from the paper than other paper near it."""
    if certain is None:
        return False
    near = slice(piece.top, piece.bottom), slice(piece.left, piece.right)
    kept = certain[near][labels[near] == piece.label].sum()
    return bool(kept < LEAST_CERTAIN * piece.contrast * piece.area)


def _is_empty_frame(piece: Piece, labels: NDArray[np.int32]) -> bool:
    """Whether a piece is a large rectangle of thin lines: all along the edges of a turned box."""
    if piece.longer < LARGE_FRAME * min(labels.shape) or piece.pen > FRAME_PEN * piece.longer:
        return False
    own = labels[piece.top : piece.bottom, piece.left : piece.right] == piece.label
    rows, columns = np.nonzero(own)
    shares = []
    for angle in np.radians(np.arange(-12, 13, 2)):
        sides = (
            columns * np.cos(angle) + rows * np.sin(angle),
            rows * np.cos(angle) - columns * np.sin(angle),
        )
        away = [
            np.minimum(side - side.min(), side.max() - side) / max(np.ptp(side), 1)
            for side in sides
        ]
        shares.append(np.mean(np.minimum(*away) < 0.06))
    return bool(max(shares) > 0.9)


def _at_rim(piece: Piece) -> float:
    """Rate where a piece touches the rim: as a digit that is cut off, or rather as an object."""
    if not piece.contact:
        return 1.0
    return 0.3 if piece.contact < 0.2 * piece.longer and piece.sides < 3 else 0.06


def _framed(pieces: list[Piece], outer: Piece, labels: NDArray[np.int32]) -> list[int]:
    """Return the pieces within `outer`, if that is a rectangle drawn around them."""
    own = labels[outer.top : outer.bottom, outer.left : outer.right] == outer.label
    filled = np.count_nonzero(ndimage.binary_fill_holes(own))
    if filled < 0.8 * own.size or filled < 3 * outer.area:
        return []
    return [
        index
        for index, piece in enumerate(pieces)
        if outer.top < piece.top
        and piece.bottom < outer.bottom
        and outer.left < piece.left
        and piece.right < outer.right
        and piece.longer >= 0.3 * min(outer.height, outer.width)
    ]


def _is_related(piece: Piece, main: Piece) -> bool:
    """Whether a piece may decorate `main`, be decorated by it, or be a part of the same digit."""
    reach = NEAR * main.longer
    return (
        piece.area >= 0.01 * main.area
        and piece.contrast >= 0.5 * main.contrast
        and piece.pen <= 2.5 * main.pen
        and (main.contact > 0 or not piece.contact)
        and piece.left < main.right + reach
        and piece.right > main.left - reach
        and piece.top < main.bottom + reach
        and piece.bottom > main.top - reach
    )


def _is_peer(piece: Piece, main: Piece) -> bool:
    """Whether a piece is another digit beside `main`."""
    height = max(piece.height, main.height)
    apart = max(piece.left - main.right, main.left - piece.right)
    overlap = min(piece.bottom, main.bottom) - max(piece.top, main.top)
    breadth = max(piece.right, main.right) - min(piece.left, main.left)
    return (
        bool(piece.contact) == bool(main.contact)
        and min(piece.height, main.height) >= PEER * height
        and overlap >= 0.5 * height
        and 0.08 * height <= apart <= 1.5 * height
        and breadth >= 0.9 * height
        and 0.5 <= piece.pen / main.pen <= 2
        and piece.pen < 0.4 * piece.longer
        and piece.contrast >= 0.6 * main.contrast
        and not _make_four(piece, main)
    )


def _make_four(piece: Piece, main: Piece) -> bool:
    left, right = sorted((piece, main), key=lambda each: each.left)
    return is_open_four(
        (left.left, left.top, left.right, left.bottom),
        (right.left, right.top, right.right, right.bottom),
    )


def is_open_four(one: Sequence[float], bar: Sequence[float]) -> bool:
    """Check whether two parts, by left, top, right and bottom, are those of an open 4.

    Its bar reaches further down than the part before it; two digits stand on one line.
    """
    height = bar[3] - bar[1]
    return (
        bar[2] - bar[0] <= BAR_WIDTH * height
        and bar[3] - one[3] >= BELOW * height
        and bar[0] - one[2] <= GAP * height
    )


def _may_join(piece: Piece, main: Piece) -> bool:
    """Whether a piece near `main` may be a part of the same digit."""
    return (
        piece.area >= 0.01 * main.area
        and piece.contrast >= 0.5 * main.contrast
        and piece.pen <= 1.8 * main.pen
        and (main.contact > 0 or not piece.contact)
        and (piece.longer <= 1.2 * main.longer or _make_four(piece, main))
    )


def _join(main: Piece, loose: list[Piece]) -> list[Piece]:
    """Return the pieces of a digit: `main`, and what lies near one of them, a short one nearer."""
    group = [main]
    if not loose:
        return group
    boxes = np.array([(each.top, each.bottom, each.left, each.right) for each in loose]).T
    reaches = np.array([min(GAP * main.longer, max(each.longer, main.pen)) for each in loose])
    is_free = np.ones(len(loose), bool)
    for own in group:  # which grows
        down = np.maximum(boxes[0] - own.bottom, own.top - boxes[1]).clip(0)
        across = np.maximum(boxes[2] - own.right, own.left - boxes[3]).clip(0)
        is_near = is_free & (np.hypot(down, across) <= reaches)
        is_free &= ~is_near
        group += [loose[index] for index in np.flatnonzero(is_near)]
    return group


def find_decorations(
    pieces: list[Piece], labels: NDArray[np.int32]
) -> list[tuple[Decoration, list[Piece]]]:
    """Find the pieces that decorate the others, the outermost first."""
    left = pieces
    found: list[tuple[Decoration, list[Piece]]] = []
    while 1 < len(left) <= MOST_PARTS and len(found) < MOST:
        kind, parts = _find_beside(left) or _find_around(left, labels) or (None, [])
        if kind is None:
            break
        found.append((Decoration(kind, join([part.box for part in parts])), parts))
        left = [piece for piece in left if piece not in parts]
    return found


def _find_beside(pieces: list[Piece]) -> tuple[str, list[Piece]] | None:
    for part in pieces:
        rest = join([piece.box for piece in pieces if piece is not part])
        kind = kind_beside(part.box, rest, part.pen)
        if kind:
            return kind, [part]
    return None


def _find_around(pieces: list[Piece], labels: NDArray[np.int32]) -> tuple[str, list[Piece]] | None:
    whole = join([piece.box for piece in pieces])
    parts = [piece for piece in pieces if any(map(eq, piece.box, whole))]
    inner = [piece for piece in pieces if piece not in parts]
    if not inner or len(parts) > MOST_SIDES:
        return None
    rest = join([piece.box for piece in inner])
    if not may_surround(whole, rest):
        return None
    is_straight = _is_straight(inner, labels)
    kind = kind_around(_points(parts, labels), whole, rest, is_straight=is_straight)
    return (kind, parts) if kind else None


def _is_straight(pieces: list[Piece], labels: NDArray[np.int32]) -> bool:
    """Whether strokes are one line that is hardly bent."""
    points = _points(pieces, labels)
    along = np.linalg.eigh(np.cov(points.T))[1]
    bow, length = np.ptp(points @ along, axis=0) + 1 - max(piece.pen for piece in pieces)
    return bool(bow < BOW * length)


def _points(pieces: list[Piece], labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the middles of the pixels of pieces, or of some of them: (n, 2), x and y."""
    points = []
    for piece in pieces:
        own = labels[piece.top : piece.bottom, piece.left : piece.right] == piece.label
        rows, columns = np.nonzero(own)
        points.append(np.stack([columns + piece.left, rows + piece.top], axis=1) + 0.5)
    joined = np.concatenate(points)
    return joined[:: 1 + len(joined) // MOST_POINTS]
