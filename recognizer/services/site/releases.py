"""Releases of the data set: what its authors let be published, in open formats, with a card."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from django.conf import settings
from django.utils import timezone

from recognizer.models import CANONICAL_BYTES, NO_DIGIT, Drawing
from recognizer.services.errors import ServiceError
from recognizer.wording import counted

SIDES: Final = ("train", "test")
TEST_SHARE: Final = 5
"""One writer of so many is on the side that tests."""
ROWS_AT_ONCE: Final = 10  # one drawing's strokes can have a hundred times as many bytes as pixels
PIECE: Final = 2**20
ARRAYS: Final = {
    "x": ("|u1", (28, 28), "the digit, ink 255 on 0"),
    "y": ("|u1", (), "what it is: 0 to 9, or 10 where it is no digit"),
    "writer": ("<U16", (), "pseudonym of the writer, of this release alone"),
    "reviewed": ("|b1", (), "whether a reviewer approved the label"),
}
"""The arrays of the npz for each side: type, shape of a row, meaning."""
COLUMNS: Final = {
    "id": ("sc:Integer", "number in this release, by which csv and strokes belong together"),
    "split": ("sc:Text", "train or test; all digits of a writer are on one side"),
    "writer": ("sc:Text", ARRAYS["writer"][2]),
    "reviewed": ("sc:Boolean", ARRAYS["reviewed"][2]),
    "label": ("sc:Integer", ARRAYS["y"][2]),
}
"""The columns that csv and strokes share: type, meaning."""
KINDS: Final = {
    "digits.npz": ("application/zip", "all digits as arrays"),
    "digits.csv.gz": ("text/csv", "all digits as a table, a pixel a column"),
    "strokes.ndjson.gz": ("application/jsonlines", "the digits that were drawn, as strokes"),
    **{
        f"{side}-{what}-idx{n}-ubyte.gz": (
            "application/gzip",
            f"{what} of the side {side} in the format of MNIST",
        )
        for side in SIDES
        for what, n in (("images", 3), ("labels", 1))
    },
}
"""The files of a release: media type, meaning."""
CARD = "README.md"
_TEXT = [str(value) for value in range(256)]


class NothingToRelease(ServiceError):
    """No license is named, or no drawing is there that may be published under it."""


@dataclass
class Side:
    """The digits of one side, in files without a name: their number stands before them."""

    arrays: dict[str, IO[bytes]]
    count: int = 0
    writers: set[str] = field(default_factory=set)

    def add(self, row: dict[str, Any], pixels: bytes) -> None:
        self.count += 1
        self.writers.add(row["writer"])
        self.arrays["x"].write(pixels)
        self.arrays["y"].write(bytes([row["label"]]))
        self.arrays["writer"].write(row["writer"].encode("utf-32-le"))
        self.arrays["reviewed"].write(bytes([row["reviewed"]]))

    def read(self, name: str) -> Iterator[bytes]:
        self.arrays[name].seek(0)
        while piece := self.arrays[name].read(PIECE):
            yield piece


@dataclass
class Release:
    """What a release holds, and what it leaves out."""

    license: Any
    sides: dict[str, Side]
    other_license: int
    labels: list[int] = field(default_factory=lambda: [0] * (NO_DIGIT + 1))
    reviewed: int = 0
    with_strokes: int = 0
    with_times: int = 0

    @property
    def count(self) -> int:
        return sum(side.count for side in self.sides.values())

    @property
    def writers(self) -> int:
        return sum(len(side.writers) for side in self.sides.values())


def export_dataset(folder: Path, url: str | None = None) -> Release:
    """Write a release into a new folder, which appears when it is whole."""
    license = settings.DATASET_LICENSE
    if license is None:
        raise NothingToRelease(
            "DATASET_LICENSE names no license, so the site asks no one whether drawings may be "
            "published, and there is nothing to release (docs/settings.md)."
        )
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or {*os.listdir(folder)} - {"lost+found"}):
        raise ServiceError(f"{folder} exists and is not an empty folder; name a new one.")
    if not folder.parent.is_dir():
        raise ServiceError(f"There is no folder {folder.parent}.")
    # A mount point cannot be replaced, nor may its parent be written.
    place = folder if folder.is_mount() else folder.parent
    draft = Path(tempfile.mkdtemp(dir=place, prefix=f".{folder.name}."))
    try:
        release = _write(draft, license, url or _address())
        draft.chmod(0o755)
        _sync(draft)
        if place is folder:  # the card last: with it, all is there
            for path in sorted(draft.iterdir(), key=lambda path: path.name == CARD):
                path.replace(folder / path.name)
            draft.rmdir()
        else:
            draft.replace(folder)
        _sync(place)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return release


def _write(folder: Path, license: Any, url: str) -> Release:
    with ExitStack() as stack:
        sides = {
            side: Side(
                {name: stack.enter_context(tempfile.TemporaryFile(dir=folder)) for name in ARRAYS}
            )
            for side in SIDES
        }
        others = Drawing.objects.trainable().licensed().exclude(license=license.text)
        release = Release(license, sides, others.count())
        _write_rows(folder, release)
        if not release.count:
            raise NothingToRelease(
                f"No labeled drawing may be published under {license.text}: no one has agreed yet, "
                "or all was taken back, rejected or deleted."
            )
        _write_npz(folder / "digits.npz", sides)
        for name, side in sides.items():
            _write_idx(folder / f"{name}-images-idx3-ubyte.gz", side, "x", (28, 28))
            _write_idx(folder / f"{name}-labels-idx1-ubyte.gz", side, "y", ())
    card = "\n".join(_describe(release)) + "\n"
    (folder / CARD).write_text(card, encoding="utf-8")
    croissant = json.dumps(_make_croissant(folder, release, url), indent=1) + "\n"
    (folder / "croissant.json").write_text(croissant, encoding="utf-8")
    for path in folder.iterdir():
        _sync(path)
    return release


def _write_rows(folder: Path, release: Release) -> None:
    """Go through the drawings once, so that all files hold the same, and write two of them."""
    fields = "visitor", "label", "review", "canonical", "strokes", "pen_width"
    drawings = Drawing.objects.releasable(release.license.text).order_by("visitor", "id")
    key = secrets.token_bytes(32)
    with (
        _open_gzip(folder / "digits.csv.gz") as table,
        _open_gzip(folder / "strokes.ndjson.gz") as lines,
    ):
        pixels = [f"pixel{place}" for place in range(CANONICAL_BYTES)]
        table.write((",".join([*COLUMNS, *pixels]) + "\n").encode())
        for number, drawing in enumerate(
            drawings.values(*fields).iterator(chunk_size=ROWS_AT_ONCE)
        ):
            visitor, canonical = drawing["visitor"].bytes, bytes(drawing["canonical"])
            pseudonym = hashlib.blake2b(visitor, key=key, digest_size=8).hexdigest()
            row = {
                "id": number,
                "split": side_of(visitor),
                "writer": f"w{pseudonym[1:]}",
                "reviewed": drawing["review"] == Drawing.Review.APPROVED,
                "label": drawing["label"],
            }
            release.sides[row["split"]].add(row, canonical)
            release.labels[row["label"]] += 1
            release.reviewed += row["reviewed"]
            cells = [*map(str, row.values()), *map(_TEXT.__getitem__, canonical)]
            table.write((",".join(cells) + "\n").encode())
            if strokes := drawing["strokes"]:
                release.with_strokes += 1
                release.with_times += len(strokes[0][0]) == 4
                row |= {"pen_width": drawing["pen_width"], "strokes": strokes}
                lines.write(json.dumps(row).encode() + b"\n")


def side_of(visitor: bytes) -> str:
    """Return the side of a writer, the same in each release."""
    digest = hashlib.sha256(b"side of a release" + visitor).digest()
    return "test" if int.from_bytes(digest) % TEST_SHARE == 0 else "train"


def _write_npz(path: Path, sides: dict[str, Side]) -> None:
    """Write arrays such as x_train, which NumPy opens without pickle."""
    with path.open("wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, side in sides.items():
            for array, (kind, shape, _) in ARRAYS.items():
                header = {"descr": kind, "fortran_order": False, "shape": (side.count, *shape)}
                with archive.open(f"{array}_{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array_header_1_0(member, header)
                    member.writelines(side.read(array))


def _write_idx(path: Path, side: Side, name: str, shape: tuple[int, ...]) -> None:
    """Write an IDX file of bytes: type 8, the number of dimensions, and their sizes."""
    sizes = (side.count, *shape)
    with _open_gzip(path) as file:
        file.write(bytes([0, 0, 8, len(sizes)]))
        file.write(b"".join(size.to_bytes(4) for size in sizes))
        file.writelines(side.read(name))


def _open_gzip(path: Path) -> gzip.GzipFile:
    return gzip.GzipFile(path, "wb", compresslevel=6, mtime=0)


def _describe(release: Release) -> Iterator[str]:
    """Write the card, line by line."""
    license, train, test = release.license, *(release.sides[side] for side in SIDES)
    made = timezone.now().date()
    yield "# Handwritten digits"
    yield ""
    yield (
        f"{counted(release.count, 'drawing')} of digits by {counted(release.writers, 'writer')}, "
        f"released on {made} under [{license.name}]({license.url})."
    )
    yield ""
    yield from _table(
        ("side", "drawings", "writers"),
        (
            (name, f"{side.count:,}", f"{len(side.writers):,}")
            for name, side in release.sides.items()
        ),
    )
    yield from _table(
        ("label", *map(str, range(NO_DIGIT)), "10 (no digit)"),
        [("drawings", *(f"{count:,}" for count in release.labels))],
    )
    yield "## Load it"
    yield ""
    yield "```python"
    yield 'digits = numpy.load("digits.npz")  # digits["x_train"], digits["y_train"], …'
    yield 'table = pandas.read_csv("digits.csv.gz")'
    yield 'strokes = pandas.read_json("strokes.ndjson.gz", lines=True)'
    yield "```"
    yield ""
    yield from _table(("file", "holds"), ((f"`{name}`", KINDS[name][1]) for name in KINDS))
    yield from _table(
        ("array of the npz, for train and test", "holds"),
        ((f"`{name}_train`, `{name}_test`", meaning) for name, (*_, meaning) in ARRAYS.items()),
    )
    yield from _table(
        ("column of the csv and the strokes", "holds"),
        ((f"`{name}`", meaning) for name, (_, meaning) in COLUMNS.items()),
    )
    yield (
        "The csv goes on with `pixel0` to `pixel783`, row by row. The strokes have `strokes`, "
        "lists of points `[x, y]`, `[x, y, pressure]` or `[x, y, pressure, ms]`, and `pen_width`. "
        "x grows to the right, y downward; the pad of the site has 280 units a side. A pressure of "
        "0.5 may mean that none was measured; ms counts from the first point. "
        f"{counted(release.with_strokes, 'drawing')} came as strokes, {release.with_times:,} of "
        "them with times."
    )
    yield ""
    yield "## How it was made"
    yield ""
    yield (
        "People drew or photographed digits on a website that reads them, and said whether it was "
        "right, or what it was. Each drawing became 28x28 pixels: the ink's box scaled to 20 "
        "pixels on its longer side, its center of mass in the middle."
    )
    yield ""
    yield (
        f"A reviewer approved {release.reviewed:,} of the labels (`reviewed`). The others are what "
        "the drawing's author said, unchecked: some are wrong. What a reviewer rejected, what has "
        "no label, and what was imported is not in it."
    )
    yield ""
    yield (
        "A writer is one browser or one program, which several people may share. "
        f"{len(test.writers):,} of {release.writers:,} writers are on the side `test`, none of "
        "them on both; a writer stays on the same side in each release. The rows stand writer by "
        "writer: shuffle them before you train."
    )
    if not (train.count and test.count):
        yield ""
        yield "With so few writers, one side is empty."
    yield ""
    yield "## Consent"
    yield ""
    yield (
        "It has only drawings whose author agreed to this license before drawing, by a box that is "
        "off at first. Anyone may take that back, for all of their drawings, or delete them; the "
        "next release is without them. So use the newest one."
    )
    yield ""
    yield (
        "There is no name, address or time of day in it. The pseudonyms of writers are made with a "
        "key that is thrown away; who has two releases can match them by the drawings that are "
        "in both. A hand, and how fast it moves, can be recognized all the same; do not try to "
        "find out whose it is."
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = tuple(head)
    for cells in (names, ("---",) * len(names), *rows):
        yield f"| {' | '.join(cells)} |"
    yield ""


# http://mlcommons.org/croissant/1.0, whose context each file repeats
_CROISSANT = (
    *("citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
    *("references", "regex", "repeated", "replace", "separator", "source", "subField"),
    "transform",
)
CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _CROISSANT},
}


def _make_croissant(folder: Path, release: Release, url: str) -> dict[str, Any]:
    """Describe a release for programs."""
    pixels = {f"pixel{place}": ("sc:Integer", "ink") for place in range(CANONICAL_BYTES)}
    drawn = {
        "pen_width": ("sc:Float", "width of the pen in the unit of the points; it may be unknown"),
        "strokes": ("sc:Text", "lists of points [x, y], [x, y, pressure] or with ms"),
    }
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "handwritten-digits",
        "description": f"{counted(release.count, 'drawing')} of digits by "
        f"{counted(release.writers, 'writer')}: 28x28 pixels, and strokes with times.",
        "license": release.license.url,
        "url": url,
        "creator": {"@type": "sc:Organization", "name": url, "url": url},
        "datePublished": timezone.now().date().isoformat(),
        "version": f"{timezone.now():%Y.%-m.%-d}",
        "isLiveDataset": False,
        "distribution": [_describe_file(folder / name) for name in KINDS],
        "recordSet": [
            _describe_records("digits", "digits.csv.gz", COLUMNS | pixels),
            _describe_records("strokes", "strokes.ndjson.gz", COLUMNS | drawn),
        ],
    }


def _describe_file(path: Path) -> dict[str, Any]:
    kind, meaning = KINDS[path.name]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "description": meaning,
        "contentUrl": path.name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": kind,
        "sha256": digest,
    }


def _describe_records(name: str, file: str, fields: dict[str, tuple[str, str]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": KINDS[file][1],
        "key": {"@id": f"{name}/id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": f"{name}/{column}",
                "description": meaning,
                "dataType": kind,
                "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
            }
            for column, (kind, meaning) in fields.items()
        ],
    }


def _address() -> str:
    """Return the address of this site, by its first host name."""
    host = next((host for host in settings.ALLOWED_HOSTS if host != "*"), "localhost")
    return f"http{'s' if settings.HTTPS else ''}://{host.removeprefix('.')}/"


def _sync(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
