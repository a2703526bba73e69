"""Labeled drawings written out, in the formats that `evaluate` and `import_drawings` read."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
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
    *("strokes", "pen_width", "canonical"),
)
"""What a JSON file has of each drawing."""


class UnknownFormat(ServiceError):
    """The file name ends in none of the formats that can be written."""


class _Rows:
    """The rows of some drawings, counted while they are read."""

    def __init__(self, drawings: DrawingQuerySet) -> None:
        self._drawings = drawings.order_by("created_at", "id")
        self.count = 0

    def read(self, *fields: str) -> Iterator[dict[str, Any]]:
        size = BATCH_WITH_STROKES if "strokes" in fields else BATCH
        for row in self._drawings.values(*fields).iterator(chunk_size=size):
            self.count += 1
            yield row


def export_drawings(path: Path) -> int:
    """Write every trainable drawing, oldest first; the file appears when it is whole."""
    *_, kind = path.name.lower().removesuffix(".gz").rpartition(".")
    is_packed = path.name.lower().endswith(".gz")
    if kind not in STREAMS or (is_packed and kind != "csv"):
        raise UnknownFormat(f"{path.name} must end in one of {', '.join(ENDINGS)}.")
    if not path.parent.is_dir():
        raise ServiceError(f"There is no folder {path.parent}.")
    rows = _Rows(Drawing.objects.trainable())
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
    """TMNIST's columns: names, labels, 1 to 784. All values are ids and numbers."""
    yield _row(["names", "labels", *range(1, CANONICAL_BYTES + 1)])
    for drawing in rows.read("id", "label", "canonical"):
        yield _row([drawing["id"], drawing["label"], *bytes(drawing["canonical"])])


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
    for drawing in rows.read(*FILE_FIELDS):
        drawing["id"] = str(drawing["id"])
        drawing["label"] = name_answer(drawing["label"])
        drawing["created_at"] = drawing["created_at"].isoformat()
        drawing["canonical"] = base64.b64encode(drawing["canonical"]).decode()
        yield json.dumps(drawing).encode()


def _npz(rows: _Rows) -> Iterator[bytes]:
    """Arrays x (n, 28, 28) and y (n,), packed while they are sent.

    Their number stands before the pixels, so these wait for it in a temporary file, whatever is
    drawn or deleted meanwhile. The labels are a byte each.
    """
    labels = bytearray()
    with tempfile.TemporaryFile() as pixels:
        for drawing in rows.read("label", "canonical"):
            pixels.write(drawing["canonical"])
            labels.append(drawing["label"])
        pixels.seek(0)
        n, out = len(labels), _Outbox()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            arrays = (("x.npy", (n, 28, 28), pixels), ("y.npy", (n,), io.BytesIO(labels)))
            for name, shape, source in arrays:
                header = {"descr": "|u1", "fortran_order": False, "shape": shape}
                with archive.open(name, "w", force_zip64=True) as member:
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
