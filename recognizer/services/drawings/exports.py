"""Labeled drawings written out, in the formats that `evaluate` and `import_drawings` read."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from ml.files import open_atomically
from recognizer.models import CANONICAL_BYTES, Drawing, DrawingQuerySet
from recognizer.services.errors import ServiceError

BATCH = 1000
"""Drawings that are read from the database at once."""
PIECE = 64 * 1024
"""Bytes that are sent at once."""


class UnknownFormat(ServiceError):
    """The ending of a file names no format that is written."""


def export_drawings(path: Path) -> int:
    """Write every trainable drawing, oldest first; the file appears when it is whole."""
    name = path.name.lower()
    writer = next((write for ending, write in WRITERS.items() if name.endswith(ending)), None)
    if writer is None:
        endings = ", ".join(WRITERS)
        raise UnknownFormat(f"{path.name} must end in one of {endings}.")
    drawings = Drawing.objects.trainable().order_by("created_at", "id")
    if not path.parent.is_dir():
        raise ServiceError(f"There is no folder {path.parent}.")
    with open_atomically(path) as file:
        return writer(drawings, file)


def stream_labeled(drawings: DrawingQuerySet, ending: str) -> Iterator[bytes]:
    """Stream the labeled ones of some drawings, oldest first, in constant memory."""
    return _in_pieces(STREAMS[ending](drawings.labeled().order_by("created_at", "id")))


def drawing_json(drawing: Drawing) -> bytes:
    """Return the file of a single drawing, in the form of the whole export."""
    return b"".join(_json(Drawing.objects.filter(pk=drawing.pk)))


def _csv(drawings: DrawingQuerySet) -> Iterator[bytes]:
    """TMNIST's columns: names, labels, 1 to 784; ids and numbers, nothing that anybody wrote."""
    yield _row(["names", "labels", *range(1, CANONICAL_BYTES + 1)])
    for drawing in _stream(drawings, "id", "label", "canonical"):
        yield _row([drawing["id"], drawing["label"], *bytes(drawing["canonical"])])


def _row(cells: list[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode("ascii")


def _ndjson(drawings: DrawingQuerySet) -> Iterator[bytes]:
    """One JSON object a line, with strokes where there are some."""
    for item in _items(drawings):
        yield item + b"\n"


def _json(drawings: DrawingQuerySet) -> Iterator[bytes]:
    """The same objects as one JSON list, which more programs open; one a line as well."""
    separator = b"[\n"
    for item in _items(drawings):
        yield separator + item
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def _items(drawings: DrawingQuerySet) -> Iterator[bytes]:
    fields = ("id", "created_at", "source", "prediction", "confidence", "model", "label", "review")
    for drawing in _stream(drawings, *fields, "strokes", "pen_width", "canonical"):
        drawing["id"] = str(drawing["id"])
        drawing["created_at"] = drawing["created_at"].isoformat()
        drawing["canonical"] = base64.b64encode(drawing["canonical"]).decode()
        yield json.dumps(drawing).encode()


def _npz(drawings: DrawingQuerySet) -> Generator[bytes, None, int]:
    """Arrays x (n, 28, 28) and y (n,), packed while they are sent; return n.

    Their number stands before the pixels, so these wait for it in a temporary file, whatever is
    drawn or deleted meanwhile. The labels are a byte each.
    """
    labels = bytearray()
    with tempfile.TemporaryFile() as pixels:
        for drawing in _stream(drawings, "label", "canonical"):
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
    return n


class _Outbox(io.RawIOBase):
    """What a zip archive is written into that leaves piece by piece, with no way back."""

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
    """Put lines together to what is worth sending."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        if len(waiting) >= PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


STREAMS: dict[str, Callable[[DrawingQuerySet], Iterator[bytes]]] = {
    "csv": _csv,
    "json": _json,
    "ndjson": _ndjson,
    "npz": _npz,
}


def _write_csv(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    # Every line but the header is a drawing.
    return _write(_csv(drawings), file) - 1


def _write_ndjson(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    return _write(_ndjson(drawings), file)


def _write_json(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    # What comes last is the bracket.
    return _write(_json(drawings), file) - 1


def _write(pieces: Iterable[bytes], file: IO[bytes]) -> int:
    count = 0
    for piece in pieces:
        file.write(piece)
        count += 1
    return count


def _write_csv_gz(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as compressed:
        return _write_csv(drawings, cast("IO[bytes]", compressed))


def _write_npz(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    pieces = _npz(drawings)
    while True:
        try:
            file.write(next(pieces))
        except StopIteration as end:
            return int(end.value)


WRITERS: dict[str, Callable[[DrawingQuerySet, IO[bytes]], int]] = {
    ".csv": _write_csv,
    ".csv.gz": _write_csv_gz,
    ".npz": _write_npz,
    ".ndjson": _write_ndjson,
    ".json": _write_json,
}


def _stream(drawings: DrawingQuerySet, *fields: str) -> Iterator[dict[str, Any]]:
    yield from drawings.values(*fields).iterator(chunk_size=BATCH)
