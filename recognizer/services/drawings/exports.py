"""Labeled drawings written out, in the formats that `evaluate` and `import_drawings` read."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import secrets
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, nullcontext
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np

from ml.files import open_atomically
from recognizer.models import CANONICAL_BYTES, Drawing, DrawingQuerySet
from recognizer.services.errors import ServiceError
from recognizer.wording import name_answer

BATCH = 1000
"""Drawings that are read from the database at once,"""
BATCH_WITH_STROKES = 10
"""or with strokes, of which one drawing can have a hundred times as many bytes as pixels."""
PIECE = 64 * 1024
"""Bytes that are sent at once."""
FILE_FIELDS = (
    *("id", "created_at", "source", "prediction", "confidence", "model", "label", "review"),
    *("writer", "license", "strokes", "pen_width", "canonical", "image"),
)
"""What a JSON file has of each drawing."""
ORIGIN = ("id", "created_at", "source", "imported_source", "review", "visitor")
"""Columns that say where a drawing is from, which each format carries."""
WIDTHS = {"id": 36, "created_at": 32, "source": 8, "review": 10, "writer": 16}
"""Longest texts of an npz, in characters."""
LEFT_BEHIND = (
    "Not in it: accounts, models and keys; who reviewed, and when; when it was answered; consent "
    "to a release, which JSON tells and no import takes; the label check's marks; hands and "
    "networks, except a pseudonym of each writer, another in each export; what was answered then, "
    "and the counts of answers; whose a drawing is: visitors do not find or delete theirs in the "
    "other archive. To move a whole site on one kind of database, use backup and restore."
)
"""What stays with the site that exports."""


class UnknownFormat(ServiceError):
    """The file name ends in none of the formats that can be written."""


class _Rows:
    """The rows of some drawings, counted while they are read.

    A writer is a keyed hash of the visitor. The key is forgotten with the export, so that no two
    exports can be joined by it.
    """

    def __init__(self, drawings: DrawingQuerySet) -> None:
        self._drawings = drawings.order_by("created_at", "id")
        self._key = secrets.token_bytes(32)
        self.count = 0

    def read(self, *fields: str) -> Iterator[dict[str, Any]]:
        size = BATCH_WITH_STROKES if "strokes" in fields else BATCH
        for row in self._drawings.values(*ORIGIN, *fields).iterator(chunk_size=size):
            self.count += 1
            row["id"] = str(row["id"])
            row["source"] = row.pop("imported_source") or row["source"]
            visitor = row.pop("visitor")
            row["writer"] = visitor and self._name(visitor.bytes)
            yield row

    def _name(self, visitor: bytes) -> str:
        return hashlib.blake2b(visitor, digest_size=8, key=self._key).hexdigest()


def export_drawings(path: Path, *, everything: bool = False) -> int:
    """Write the trainable drawings, oldest first; the file appears when it is whole.

    Everything is also what is rejected or not answered.
    """
    *_, kind = path.name.lower().removesuffix(".gz").rpartition(".")
    is_packed = path.name.lower().endswith(".gz")
    if kind not in STREAMS or (is_packed and kind != "csv"):
        raise UnknownFormat(f"{path.name} must end in one of {', '.join(ENDINGS)}.")
    if not path.parent.is_dir():
        raise ServiceError(f"There is no folder {path.parent}.")
    if everything and kind not in ("json", "ndjson"):
        raise ServiceError(
            f"{path.name} has a label for each drawing: all drawings, also those without an "
            "answer, fit into .ndjson or .json."
        )
    rows = _Rows(Drawing.objects.all() if everything else Drawing.objects.trainable())
    with open_atomically(path) as file:
        packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if is_packed else nullcontext(file)
        with packed as target:
            target.writelines(STREAMS[kind](rows))
    return rows.count


def stream_labeled(drawings: DrawingQuerySet, ending: str) -> Iterator[bytes]:
    """Stream the labeled ones of some drawings, oldest first, in constant memory."""
    return _in_pieces(STREAMS[ending](_Rows(drawings.labeled())))


def drawing_json(drawing: Drawing) -> bytes:
    """Return the file of one drawing, in the format of the whole export."""
    return b"".join(_json(_Rows(Drawing.objects.filter(pk=drawing.pk))))


def _csv(rows: _Rows) -> Iterator[bytes]:
    """TMNIST's columns: names, labels, 1 to 784. A name is writer, id, review, source and time."""
    from ml.labeled.exported import TIME  # loaded once a file is asked for

    yield _row(["names", "labels", *range(1, CANONICAL_BYTES + 1)])
    for drawing in rows.read("label", "canonical"):
        time = drawing["created_at"].astimezone(UTC).strftime(TIME)
        parts = [drawing[name] for name in ("writer", "id", "review", "source")]
        name = "-".join(filter(None, [*parts, time]))
        yield _row([name, drawing["label"], *bytes(drawing["canonical"])])


def _row(cells: list[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode("ascii")


def _ndjson(rows: _Rows) -> Iterator[bytes]:
    """One JSON object a line, with strokes where there are some."""
    for item in _items(rows):
        yield item + b"\n"


def _json(rows: _Rows) -> Iterator[bytes]:
    """The same objects as one JSON list, which more programs open; one a line as well."""
    separator = b"[\n"
    for item in _items(rows):
        yield separator + item
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def _items(rows: _Rows) -> Iterator[bytes]:
    fields = [name for name in FILE_FIELDS if name not in (*ORIGIN, "writer")]
    for drawing in rows.read(*fields):
        if drawing["label"] is not None:
            drawing["label"] = name_answer(drawing["label"])
        drawing["created_at"] = drawing["created_at"].isoformat()
        drawing["license"] = drawing["license"] or None
        for name in ("canonical", "image"):
            drawing[name] = base64.b64encode(drawing[name]).decode()
        yield json.dumps({name: drawing[name] for name in FILE_FIELDS}).encode()


def _npz(rows: _Rows) -> Iterator[bytes]:
    """Arrays x (n, 28, 28) and y (n,), and texts that say where each is from (n,).

    They are packed while they are sent. Their number stands before them, so they wait for it in
    temporary files, whatever is drawn or deleted meanwhile.
    """
    from ml.labeled.exported import EXPORTED_ARRAYS  # loaded once a file is asked for

    types = {"x": "|u1", "y": "|u1", **{name: f"<U{WIDTHS[name]}" for name in EXPORTED_ARRAYS}}
    with ExitStack() as stack:
        waiting = {name: stack.enter_context(tempfile.TemporaryFile()) for name in types}
        for drawing in rows.read("label", "canonical"):
            waiting["x"].write(drawing["canonical"])
            waiting["y"].write(bytes([drawing["label"]]))
            drawing["created_at"] = drawing["created_at"].isoformat()
            for name in EXPORTED_ARRAYS:
                text = np.array(drawing[name] or "", types[name])
                waiting[name].write(text.tobytes())
        n, out = rows.count, _Outbox()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, source in waiting.items():
                shape = (n, 28, 28) if name == "x" else (n,)
                header = {"descr": types[name], "fortran_order": False, "shape": shape}
                source.seek(0)
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array_header_1_0(member, header)
                    while piece := source.read(PIECE):
                        member.write(piece)
                        yield out.take()
        yield out.take()


class _Outbox(io.RawIOBase):
    """A file that a zip archive is written into and that is taken away piece by piece."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def _in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Join short parts to pieces worth sending."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        if len(waiting) >= PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


STREAMS: dict[str, Callable[[_Rows], Iterator[bytes]]] = {
    "csv": _csv,
    "json": _json,
    "ndjson": _ndjson,
    "npz": _npz,
}
ENDINGS = (".csv", ".csv.gz", ".npz", ".ndjson", ".json")
"""Endings of the files that `export_drawings` writes."""
