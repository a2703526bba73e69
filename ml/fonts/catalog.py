"""What a font file states about itself: its name, version, license and kind."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml.errors import TypefaceError
from ml.labeled.exported import face_name

FONT_SUFFIXES: Final = (".otf", ".ttf", ".woff2")
"""Endings of the files that Pillow's FreeType opens and that hold one face each."""

OPEN_LICENSES: Final[Mapping[str, re.Pattern[str]]] = {
    "OFL-1.1": re.compile(r"\bOFL\b|SIL Open Font License|openfontlicense\.org", re.IGNORECASE),
    "Apache-2.0": re.compile(r"\bApache[ -](2|License)", re.IGNORECASE),
    "UFL-1.0": re.compile(r"\bUFL\b|\bUbuntu[ -]font", re.IGNORECASE),
    "CC0-1.0": re.compile(r"\bCC0\b", re.IGNORECASE),
    "MIT": re.compile(r"\AMIT\Z|\bMIT License\b", re.IGNORECASE),
}
"""Licenses under which faces are rendered and shared: SPDX name, and how it is recognized."""

WEIGHTS: Final = {
    "100": "Thin",
    "200": "ExtraLight",
    "300": "Light",
    "400": "Regular",
    "500": "Medium",
    "600": "SemiBold",
    "700": "Bold",
    "800": "ExtraBold",
    "900": "Black",
}
"""Names of the weights, as Google Fonts and so TMNIST use them."""

# Numbers of the records of a font's name table that are read here.
# https://learn.microsoft.com/typography/opentype/spec/name#name-ids
VERSION_RECORD, LICENSE_RECORD, LICENSE_URL_RECORD = 5, 13, 14


@dataclass(frozen=True)
class FontFile:
    """A font file and what it states about itself."""

    path: Path
    name: str
    """Name of the face in TMNIST's way, such as ``Roboto-BoldItalic``."""
    family: str
    """Name of the family for people, such as ``Noto Sans``."""
    version: str
    """Version of the package or of the font; empty if unknown."""
    license: str | None
    """SPDX name of an open license; None if none is stated."""
    category: str
    """Such as ``handwriting`` or ``serif``; empty if unknown."""


def find_fonts(root: Path) -> list[Path]:
    """Find the font files of a directory tree, sorted.

    Where a folder has files by script, as the packages of Fontsource do, only those of the basic
    Latin script are taken (``-latin-``, not ``-latin-ext-``): they hold the digits. Raises
    TypefaceError if there is no such folder or no font in it.
    """
    if not root.is_dir():
        raise TypefaceError(f"{root} is not a folder; name one with font files in it.")
    folders: dict[Path, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in FONT_SUFFIXES and path.is_file():
            folders.setdefault(path.parent, []).append(path)
    fonts = []
    for paths in folders.values():
        latin = [path for path in paths if re.search(r"-latin-(?!ext-)", path.name)]
        fonts += latin or paths
    if not fonts:
        raise TypefaceError(f"{root} holds no {', '.join(FONT_SUFFIXES)} file.")
    return fonts


def describe_font(path: Path) -> FontFile:
    """Read what a font file, or the package around it, states about itself.

    A file in the ``files`` folder of a package is described by its ``package.json`` and
    ``metadata.json``; any other by its own name and name table.
    """
    folder = path.parent.parent if path.parent.name == "files" else path.parent
    package = _read_json(folder / "package.json")
    if package:
        metadata = _read_json(folder / "metadata.json")
        family = str(metadata.get("family") or metadata.get("fontName") or folder.name)
        return FontFile(
            path=path,
            name=f"{face_name(family)}-{_style(path.stem, folder.name)}",
            family=family,
            version=str(package.get("version") or ""),
            license=open_license(str(package.get("license") or "")),
            category=str(metadata.get("category") or ""),
        )
    records = _read_name_table(path)
    version = re.search(r"\d+(\.\d+)*", records.get(VERSION_RECORD, ""))
    statement = records.get(LICENSE_RECORD, "") + " " + records.get(LICENSE_URL_RECORD, "")
    return FontFile(
        path=path,
        name=re.sub(r"[^\w.]+", "-", path.stem).strip("-"),
        family=re.split(r"[-\[]", path.stem, maxsplit=1)[0],
        version=version[0] if version else "",
        license=open_license(statement),
        category="",
    )


def open_license(statement: str) -> str | None:
    """Return the one of `OPEN_LICENSES` that a license field or record names, or None."""
    for license_name, pattern in OPEN_LICENSES.items():
        if pattern.search(statement.strip()):
            return license_name
    return None


def _read_json(path: Path) -> dict[str, object]:
    """Read a JSON object; an empty one if there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _style(stem: str, package: str) -> str:
    """Style in a file name of a package: ``abel-latin-700-italic`` is ``BoldItalic``."""
    rest = stem.removeprefix(f"{package}-").removeprefix("latin-")
    match = re.fullmatch(r"(.*?)-?(\d00)-(normal|italic)", rest)
    if not match:
        return face_name(rest)
    variant, weight, slant = match.groups()
    style = WEIGHTS.get(weight, weight) + ("Italic" if slant == "italic" else "")
    return face_name(variant) + ("Italic" if style == "RegularItalic" else style)


def _read_name_table(path: Path) -> dict[int, str]:
    """Read the name table of a ttf or otf file, which Pillow does not show; empty if unreadable.

    A woff2 file is compressed as a whole and not read: without a package it states no license.
    """
    try:
        data = path.read_bytes()
        if data[:4] not in (b"\0\1\0\0", b"OTTO", b"true"):
            return {}
        (count,) = struct.unpack_from(">H", data, 4)
        tables = (struct.unpack_from(">4sLLL", data, 12 + 16 * index) for index in range(count))
        start = next(offset for tag, _, offset, _ in tables if tag == b"name")
        _, count, strings = struct.unpack_from(">HHH", data, start)
        records = {}
        for index in range(count):
            platform, _, _, number, length, offset = struct.unpack_from(
                ">6H", data, start + 6 + 12 * index
            )
            text = data[start + strings + offset :][:length]
            records[number] = text.decode("latin-1" if platform == 1 else "utf-16-be", "replace")
    except (OSError, StopIteration, struct.error):
        return {}
    return records
