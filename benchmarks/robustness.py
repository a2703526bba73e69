"""Share of drawings that get another answer when they are sent as a picture than as strokes.

python -m benchmarks.robustness [--tablet STROKES.json.gz] [--model FILE]
python -m benchmarks.robustness --photographs [--limit 40]

Without a file, the synthetic pen writes 500 digits. With --photographs, those that are read as
digits with a confidence above 0.9 are photographed on paper, each kind at three strengths.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import compress
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from sklearn.pipeline import Pipeline

from benchmarks import kit
from ml import artifacts
from ml.drawing import paper
from ml.drawing.canonical import canonical_digit
from ml.drawing.ink import Ink, ink_from_gray
from ml.drawing.pictures import ink_from_image
from ml.drawing.strokes import Strokes, draw_strokes, ink_from_strokes
from ml.errors import BlankDrawing, InvalidDrawing, NothingFound
from ml.pipeline import predict, read

SIDE = 280
JPEG_QUALITY = 40
STRENGTHS = ("weak", "middle", "strong")
SURE = 0.8
SHEETS = 2
RNG = np.random.default_rng(0)


def draw(
    strokes: Strokes, pen: float = 18, size: float = 200, dx: float = 0, dy: float = 0
) -> Image.Image:
    """Draw strokes of this size dark on a square white pad, moved from its middle by dx and dy."""
    points = np.array([point[:2] for stroke in strokes for point in stroke])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = size / max(float((high - low).max()), 1e-6)
    side = SIDE if size <= SIDE else int(1.4 * size)
    x, y = (np.array([side / 2 + dx, side / 2 + dy]) - scale * (low + high) / 2).tolist()
    large = draw_strokes(strokes, 4 * scale, (4 * x, 4 * y), 4 * pen, (4 * side, 4 * side))
    return ImageOps.invert(large.reduce(4))


def small(strokes: Strokes) -> Image.Image:
    """Draw 0.3 times as large, with a pen that shrinks as much."""
    return draw(strokes, pen=5.4, size=60)


def with_frame(image: Image.Image, inset: int) -> Image.Image:
    """Draw a frame along the edges."""
    box = (inset, inset, image.width - 1 - inset, image.height - 1 - inset)
    ImageDraw.Draw(image).rectangle(box, outline=0, width=3)
    return image


def with_lines(image: Image.Image, places: range, tone: int) -> Image.Image:
    """Rule the paper at these heights."""
    for y in places:
        ImageDraw.Draw(image).line((0, y, image.width, y), fill=tone, width=2)
    return image


def with_noise(image: Image.Image, deviation: float) -> Image.Image:
    """Add Gaussian noise, its deviation in gray levels."""
    noisy = np.asarray(image) + RNG.normal(0, deviation, (image.height, image.width))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def transparent(image: Image.Image, color: str) -> Image.Image:
    """Turn the paper transparent and the ink into a color."""
    ink = Image.new("RGBA", image.size, (0, 0, 0, 0))
    ink.paste(Image.new("RGBA", image.size, color), mask=ImageOps.invert(image))
    return ink


PNG_WAYS: dict[str, Callable[[Strokes], Image.Image]] = {
    "as a picture": draw,
    "0.3 times as large": small,
    "0.3 times as large, same pen": lambda s: draw(s, size=60),
    "3 times as large": lambda s: draw(s, pen=54, size=600),
    "moved": lambda s: draw(s, 9, 100, *RNG.uniform(-80, 80, 2)),
    "pen of 4 px": lambda s: draw(s, pen=4),
    "pen of 40 px": lambda s: draw(s, pen=40),
    "light on dark": lambda s: ImageOps.invert(draw(s)),
    "black on transparent": lambda s: transparent(draw(s), "black"),
    "white on transparent": lambda s: transparent(draw(s), "white"),
    "with a frame": lambda s: with_frame(draw(s), 2),
    "with a frame at the edge": lambda s: with_frame(draw(s), 0),
    "on ruled paper": lambda s: with_lines(draw(s), range(30, 280, 60), 150),
    "on a dark line": lambda s: with_lines(draw(s), range(238, 240), 60),
    "with noise of 20 levels": lambda s: with_noise(draw(s), 20),
    "0.3 times, noise of 5": lambda s: with_noise(small(s), 5),
    "0.3 times, noise of 10": lambda s: with_noise(small(s), 10),
    "0.3 times, noise of 20": lambda s: with_noise(small(s), 20),
    "0.3 times, pen of 4 px, noise of 20": lambda s: with_noise(draw(s, 4, 60), 20),
    "0.3 times, frame, noise of 20": lambda s: with_noise(with_frame(small(s), 2), 20),
    "0.3 times, dark line, noise of 20": lambda s: with_noise(
        with_lines(small(s), range(238, 240), 60), 20
    ),
}
JPEG_WAYS: dict[str, Callable[[Strokes], Image.Image]] = {
    "JPEG of quality 40": draw,
    "0.3 times, JPEG": small,
    "0.3 times, frame at the edge, JPEG": lambda s: with_frame(small(s), 0),
    "0.3 times, frame, JPEG": lambda s: with_frame(small(s), 2),
    "0.3 times, noise of 20, JPEG": lambda s: with_noise(small(s), 20),
}


def encode(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=JPEG_QUALITY)
    return buffer.getvalue()


def answer(model: Pipeline, picture: bytes) -> int:
    """Return the digit that is read, or -1 where nothing is found to read."""
    try:
        digit = canonical_digit(ink_from_image(picture))
    except InvalidDrawing:
        return -1
    return predict(model, digit[None])[0].digit


def look_plainly(picture: bytes) -> Ink:
    """Find ink as the version before the photographs did: what differs from the rim's tone."""
    return ink_from_gray(np.asarray(Image.open(io.BytesIO(picture)).convert("L"))).ink


def photograph_all(model: Pipeline, drawings: list[Strokes], digits: list[int]) -> None:
    """Print how many photographs of each kind are right, and wrong at a confidence above 0.8.

    An empty sheet is right if no digit is found on it.
    """
    kit.print_head(
        f"photographs of {len(drawings)} drawings", *STRENGTHS, "wrong and sure", "before", "sure"
    )
    labeled = list(zip(drawings, digits, strict=True))
    sheet: Strokes = []
    rows = {kind: ([photographs], labeled) for kind, photographs in paper.KINDS.items()}
    rows[f"empty sheets, {SHEETS} of each kind"] = (
        list(paper.KINDS.values()),
        SHEETS * [(sheet, -1)],
    )
    for name, (kinds, written) in rows.items():
        cells = {True: list[str](), False: list[str]()}
        sure = {True: 0, False: 0}
        for strength in range(len(STRENGTHS)):
            right = {True: 0, False: 0}
            for photographs in kinds:
                for index, (strokes, digit) in enumerate(written):
                    rng = np.random.default_rng([index, strength])
                    picture = paper.take(strokes, photographs[strength], rng)
                    for is_new, find in ((True, ink_from_image), (False, look_plainly)):
                        try:
                            found = predict(model, canonical_digit(find(picture))[None])[0]
                        except (BlankDrawing, NothingFound):
                            right[is_new] += digit < 0
                            continue
                        except InvalidDrawing:
                            continue
                        is_right = found.digit == digit and found.is_digit
                        right[is_new] += is_right
                        sure[is_new] += found.is_digit and not is_right and found.confidence > SURE
            for is_new, count in right.items():
                cells[is_new].append(f"{count / len(kinds) / len(written):.0%}")
        kit.print_row(name, *cells[True], sure[True], ", ".join(cells[False]), sure[False])


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("--tablet", type=Path)
    parser.add_argument("--limit", type=int, help="of the drawings, as many as this")
    parser.add_argument("--photographs", action="store_true")
    parser.add_argument("--model", type=Path, default=kit.BUNDLE)
    arguments = parser.parse_args()
    model, _ = artifacts.load(arguments.model)
    labeled = kit.read_drawings(arguments.tablet, written=500, seed=1)[: arguments.limit]
    drawings = [strokes for _, strokes in labeled]
    digits = np.stack([canonical_digit(ink_from_strokes(strokes)) for strokes in drawings])
    expected = read(model, digits).probabilities.argmax(axis=1)
    if arguments.photographs:
        clear = [each.is_digit and each.confidence > 0.9 for each in predict(model, digits)]
        photograph_all(
            model, list(compress(drawings, clear)), list(compress(expected.tolist(), clear))
        )
        return
    kit.print_head("sent", f"another answer, of {len(drawings)}")
    for kind, ways in (("PNG", PNG_WAYS), ("JPEG", JPEG_WAYS)):
        for name, way in ways.items():
            answers = [answer(model, encode(way(strokes), kind)) for strokes in drawings]
            kit.print_row(name, f"{np.mean(np.array(answers) != expected):.2%}")


if __name__ == "__main__":
    main()
