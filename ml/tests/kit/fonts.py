"""Small font files, made for the tests: seven-segment digits, boxes, bars."""

from __future__ import annotations

import json
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

Box = tuple[int, int, int, int]
"""Left, bottom, right, top, in units of which an em has 1000."""
Signs = dict[str, list[Box]]
"""The boxes of which each character is made."""

OFL = "This Font Software is licensed under the SIL Open Font License, Version 1.1."
SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")


def segment_signs(width: int = 400, height: int = 700, pen: int = 90) -> Signs:
    """Digits as on a pocket calculator."""
    middle = height // 2
    boxes = {
        "a": (0, height - pen, width, height),
        "b": (width - pen, middle, width, height),
        "c": (width - pen, 0, width, middle),
        "d": (0, 0, width, pen),
        "e": (0, 0, pen, middle),
        "f": (0, middle, pen, height),
        "g": (0, middle - pen // 2, width, middle + pen // 2),
    }
    return {str(digit): [boxes[name] for name in names] for digit, names in enumerate(SEGMENTS)}


def box_signs() -> Signs:
    """Ten equal boxes."""
    return {str(digit): [(50, 0, 550, 700)] for digit in range(10)}


def bar_signs() -> Signs:
    """Ten different patterns of bars."""
    patterns = [f"1{digit * 37 % 512:09b}1{digit * 91 % 256:08b}1" for digit in range(10)]
    return {
        str(digit): [
            (40 * place, 0, 40 * place + 40, 700) for place, bar in enumerate(pattern) if bar == "1"
        ]
        for digit, pattern in enumerate(patterns)
    }


def write_font(path: Path, signs: Signs, *, license_text: str = OFL, version: str = "1.5") -> Path:
    """Write a ttf file, or woff2 by the name's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {sign: f"sign{ord(sign)}" for sign in signs}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(sign): name for sign, name in names.items()})
    builder.setupGlyf(
        {
            ".notdef": _glyph([(0, 0, 300, 300)]),
            **{names[sign]: _glyph(boxes) for sign, boxes in signs.items()},
        }
    )
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable(
        {
            "familyName": "Test",
            "styleName": "Regular",
            "version": f"Version {version}",
            "licenseDescription": license_text,
        }
    )
    builder.setupOS2()
    builder.setupPost()
    if path.suffix == ".woff2":
        builder.font.flavor = "woff2"
    builder.save(path)
    return path


def write_package(
    root: Path, name: str, family: str, files: dict[str, Signs], *, license_name: str = "OFL-1.1"
) -> None:
    """Write a package of fonts as npm installs it."""
    folder = root / name
    for file, signs in files.items():
        write_font(folder / "files" / file, signs)
    package = {"name": f"@fontsource/{name}", "version": "5.0.1", "license": license_name}
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "metadata.json").write_text(json.dumps({"family": family, "category": "display"}))


def _glyph(boxes: list[Box]) -> object:
    pen = TTGlyphPen(None)
    for left, bottom, right, top in boxes:
        pen.moveTo((left, bottom))
        for point in ((left, top), (right, top), (right, bottom)):
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()
