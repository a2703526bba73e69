"""Labeled drawings written out, in the formats that `evaluate` and `import_drawings` read."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from recognizer.models import CANONICAL_BYTES, Drawing, DrawingQuerySet
from recognizer.services.registry import ServiceError

BATCH = 1000


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
    with _whole_or_not_at_all(path) as file:
        return writer(drawings, file)


def _write_csv(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    """TMNIST's columns: names, labels, 1 to 784."""
    count = 0
    text = _TextWriter(file)
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["names", "labels", *range(1, CANONICAL_BYTES + 1)])
    for drawing in _stream(drawings, "id", "label", "canonical"):
        rows.writerow([drawing["id"], drawing["label"], *bytes(drawing["canonical"])])
        count += 1
    return count


def _write_csv_gz(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as compressed:
        return _write_csv(drawings, cast("IO[bytes]", compressed))


def _write_npz(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    """Arrays x (n, 28, 28) and y (n,); the pixels wait on disk, not in memory."""
    labels = bytearray()
    with tempfile.TemporaryFile() as pixels:
        for drawing in _stream(drawings, "label", "canonical"):
            pixels.write(drawing["canonical"])
            labels.append(drawing["label"])
        pixels.flush()
        shape = (len(labels), 28, 28)
        images = np.memmap(pixels, np.uint8, "r", shape=shape) if labels else np.empty(shape, "u1")
        np.savez_compressed(file, x=images, y=np.frombuffer(labels, np.uint8))
    return len(labels)


def _write_ndjson(drawings: DrawingQuerySet, file: IO[bytes]) -> int:
    """One JSON object a line, with strokes where there are some."""
    count = 0
    fields = ("id", "created_at", "source", "prediction", "confidence", "model", "label", "review")
    for drawing in _stream(drawings, *fields, "strokes", "pen_width", "canonical"):
        drawing["id"] = str(drawing["id"])
        drawing["created_at"] = drawing["created_at"].isoformat()
        drawing["canonical"] = base64.b64encode(drawing["canonical"]).decode()
        file.write(json.dumps(drawing).encode() + b"\n")
        count += 1
    return count


WRITERS: dict[str, Callable[[DrawingQuerySet, IO[bytes]], int]] = {
    ".csv": _write_csv,
    ".csv.gz": _write_csv_gz,
    ".npz": _write_npz,
    ".ndjson": _write_ndjson,
}


def _stream(drawings: DrawingQuerySet, *fields: str) -> Iterator[dict[str, Any]]:
    yield from drawings.values(*fields).iterator(chunk_size=BATCH)


class _TextWriter:
    """What csv.writer needs of a binary file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode("ascii"))


@contextmanager
def _whole_or_not_at_all(path: Path) -> Iterator[IO[bytes]]:
    """Write beside the target and rename at the end; a failure leaves what was there."""
    if not path.parent.is_dir():
        raise ServiceError(f"There is no folder {path.parent}.")
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
