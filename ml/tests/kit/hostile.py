"""Hostile files that the usual tools would refuse to write."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
from numpy.typing import NDArray

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG with its checksum."""
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """Put a chunk behind the header of a PNG."""
    end_of_header = len(PNG_SIGNATURE) + 25
    return png[:end_of_header] + png_chunk(kind, content) + png[end_of_header:]


def with_right_checksums(png: bytes) -> bytes:
    """Correct the checksums of a mutated PNG, as far as its chunks can be found."""
    data, at = bytearray(png), len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            break
        crc = zlib.crc32(data[at + 4 : at + 8 + length])
        struct.pack_into(">I", data, at + 8 + length, crc)
        at += 12 + length
    return bytes(data)


def npz_of(x: bytes, y: bytes = b"") -> bytes:
    """Zip two arrays that are files already."""
    return zip_of({"x.npy": x, "y.npy": y})


def npy(array: NDArray[np.generic], *, allow_pickle: bool = False) -> bytes:
    """Return an array as a file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Zip files under any names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
