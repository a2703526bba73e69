"""What a PNG, JPEG or WebP file holds, bounded before a decoder sees it, without metadata.

A decoder spends what the file tells it to: minutes on the scans of a small JPEG, gigabytes on text
beside a small PNG. So only the parts that make the picture are passed on, and what they may cost is
known from their headers.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ml.errors import ImageTooLarge, InvalidImage

MAX_SIDE: Final = 4096
"""Longest side of a picture that is read."""
MAX_RAW_BYTES: Final = 3 * MAX_SIDE**2 + MAX_SIDE
"""Most bytes of a PNG after unpacking: color in 8 bits at the longest sides, 12 million pixels with
transparency, or half as many if interlaced."""
MAX_COEFFICIENTS: Final = 40_000_000
"""Most coefficients of a JPEG in several scans, which are all kept at once, two bytes each."""
MAX_SCANNED: Final = 250_000_000
"""Most coefficients that all scans of a JPEG visit: about 0.3 s. Usual progressive ones have ten
scans and visit each coefficient four times."""
MAX_SCANS: Final = 64
"""Most scans of a JPEG of any size."""
MAX_WEBP_PIXELS: Final = 2048**2
MAX_WEBP_BYTES: Final = 96_000_000
"""Most memory for one WebP; the more pixels a lossless one has, the fewer tables it may have."""
MAX_PARTS: Final = 10_000
"""Most chunks or segments of a file; 10 MB in chunks of 4 KB are 2,500."""

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
PNG_HEADER: Final = b"\0\0\0\x0dIHDR"
PNG_KEPT: Final = {b"PLTE", b"tRNS", b"IDAT", b"IEND"}
PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
JPEG_FRAMES: Final = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive; all others are lossless, differential or arithmetic."""
JPEG_OTHER_FRAMES: Final = {*range(0xC3, 0xD0)} - {0xC4, 0xC8, 0xCC}
JPEG_KEPT: Final = {0xC4, 0xDB, 0xDD, 0xE0, 0xEE}
"""Tables, restart interval, and the two segments that name the color space."""
JPEG_MARKER: Final = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
"""Any marker but those of restarts and of the beginning, which stand alone."""
NEEDED_PER_PIXEL: Final = 16
"""Bytes: a WebP is held by its decoder, twice as the canvas of an animation, and by Pillow."""
WEBP_TABLE_BYTES: Final = 5_700
"""Memory for one set of prefix codes of a lossless WebP; a file has up to one for 4x4 pixels."""
WEBP_TABLE_BITS: Final = 20
"""Fewest bits that state such a set."""
EXIF: Final = b"Exif\0\0"
ORIENTATION: Final = 0x0112

CUT_OFF: Final = "The picture is damaged or cut off; send it again."


@dataclass(frozen=True)
class Encoded:
    """A picture that is still encoded, without metadata.

    Parameters
    ----------
    data : bytes
        The file.
    width, height : int
        As its header states them.
    orientation : int
        1 to 8, as EXIF counts them.
    needed_bytes : int
        Memory that its decoder may need, roughly and at most.
    """

    data: bytes
    width: int
    height: int
    orientation: int
    needed_bytes: int


def read_encoded(data: bytes) -> Encoded:
    """Check what a picture will cost, and leave out all that is no part of the picture.

    Parameters
    ----------
    data : bytes
        A PNG, JPEG or WebP file.

    Returns
    -------
    Encoded
        The same picture. Whether it is whole is left to the decoder.

    Raises
    ------
    InvalidImage
        The bytes are not one still picture of these formats.
    ImageTooLarge
        To decode it would take too much memory or time.

    References
    ----------
    "Portable Network Graphics (PNG) Specification", W3C, chapter 5; ITU-T T.81, annex B; RFC 9649.
    """
    try:
        if data.startswith(PNG_SIGNATURE):
            return _read_png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _read_webp(data)
    except (struct.error, IndexError) as error:
        raise InvalidImage(CUT_OFF) from error
    raise InvalidImage("This is not a PNG, JPEG or WebP picture.")


def _read_png(data: bytes) -> Encoded:
    if data[8:16] != PNG_HEADER:
        raise InvalidImage(CUT_OFF)
    width, height, depth, kind, _, _, is_interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    _check_sides(width, height)
    row_bytes = 1 + width * depth * PNG_CHANNELS.get(kind, 4) // 8
    if row_bytes * height * (2 if is_interlaced else 1) > MAX_RAW_BYTES:
        raise ImageTooLarge(f"The PNG unpacks to more than {MAX_RAW_BYTES:,} bytes; reduce it.")
    kept, orientation = [data[: 8 + 25]], 1  # the signature and the one header that was read
    for name, at, end in _chunks(data, 8 + 25, is_riff=False):
        if name in PNG_KEPT:
            kept.append(data[at:end])
        elif name == b"acTL":
            raise InvalidImage("The picture is animated; send a still one.")
        elif name == b"eXIf":
            orientation = _orientation(data[at + 8 : end - 4])
        if name == b"IEND":
            break
    return Encoded(b"".join(kept), width, height, orientation, NEEDED_PER_PIXEL * width * height)


def _read_jpeg(data: bytes) -> Encoded:
    kept, orientation = [b"\xff\xd8"], 1
    size, parts = (0, 0), {}  # coefficients of each component
    scans = scanned = 0
    is_progressive = False
    for marker, body, end in _segments(data):
        if marker in JPEG_OTHER_FRAMES:
            raise InvalidImage("The JPEG is lossless or coded arithmetically; send a plain one.")
        if marker in JPEG_FRAMES:
            height, width, count = struct.unpack_from(">HHB", data, body + 1)
            _check_sides(width, height)
            size, is_progressive = (width, height), marker == 0xC2
            samples = [data[body + 6 + 3 * n : body + 8 + 3 * n] for n in range(count)]
            parts = _coefficients(width, height, samples)
        elif marker == 0xDA:
            scans += 1
            count = data[body]
            scanned += sum(parts.get(data[body + 1 + 2 * n], 0) for n in range(count))
            is_large = sum(parts.values()) > MAX_COEFFICIENTS and (is_progressive or scans > 1)
            if scans > MAX_SCANS or scanned > MAX_SCANNED or is_large:
                raise ImageTooLarge("The JPEG has too many scans; save it as not progressive.")
        elif marker == 0xE1 and data.startswith(EXIF, body):
            orientation = _orientation(data[body + len(EXIF) : end])
        if marker in JPEG_FRAMES or marker in JPEG_KEPT or marker == 0xDA:
            kept.append(data[body - 4 : end])
        elif marker == 0xD9:
            break
    if not all(size):
        raise InvalidImage(CUT_OFF)
    data, pixels = b"".join([*kept, b"\xff\xd9"]), size[0] * size[1]
    return Encoded(data, *size, orientation, NEEDED_PER_PIXEL * pixels)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Find a JPEG's segments: marker, begin of the body, end; that of a scan ends with its data."""
    at = 2
    for _ in range(MAX_PARTS):
        found = JPEG_MARKER.search(data, at)
        if found is None:
            raise InvalidImage(CUT_OFF)
        marker, body = data[found.start() + 1], found.end() + 2
        if marker == 0xD9:
            yield marker, body, body
            return
        at = found.end() + int.from_bytes(data[found.end() : body])
        if at < body or at > len(data):
            raise InvalidImage(CUT_OFF)
        if marker == 0xDA:
            following = JPEG_MARKER.search(data, at)
            if following is None:
                raise InvalidImage(CUT_OFF)
            at = following.start()
        yield marker, body, at
    raise _too_many_parts()


def _coefficients(width: int, height: int, samples: list[bytes]) -> dict[int, int]:
    """Count the coefficients of each component of a JPEG, by its number and its sampling."""
    across = max([1, *(sample[1] >> 4 for sample in samples)])
    down = max([1, *(sample[1] & 15 for sample in samples)])
    return {
        number: (8 + width * (ways >> 4) // across) * (8 + height * (ways & 15) // down)
        for number, ways in samples
    }


def _read_webp(data: bytes) -> Encoded:
    kept, orientation, tables, width, height = [], 1, 0, 0, 0
    for name, at, end in _chunks(data, 12, is_riff=True):
        body = at + 8
        if name == b"VP8X":
            if data[body] & 2:
                raise InvalidImage("The picture is animated; send a still one.")
            width = max(width, 1 + int.from_bytes(data[body + 4 : body + 7], "little"))
            height = max(height, 1 + int.from_bytes(data[body + 7 : body + 10], "little"))
            # Only what is kept is announced: transparency.
            kept.append(data[at:body] + bytes([data[body] & 16]) + data[body + 1 : end])
        elif name in (b"VP8L", b"VP8 ", b"ALPH"):
            kept.append(data[at:end])
            if name == b"VP8L":
                bits = int.from_bytes(data[body + 1 : body + 5], "little")
                width, height = max(width, 1 + bits % 2**14), max(height, 1 + (bits >> 14) % 2**14)
            elif name == b"VP8 ":
                stated = struct.unpack_from("<HH", data, body + 6)
                width, height = max(width, stated[0] % 2**14), max(height, stated[1] % 2**14)
            if name != b"VP8 ":
                tables += 8 * (end - body) // WEBP_TABLE_BITS
        elif name == b"EXIF":
            orientation = _orientation(data[body:end].removeprefix(EXIF))
    _check_sides(width, height)
    pixels, blocks = width * height, (3 + width) // 4 * ((3 + height) // 4)
    needed = NEEDED_PER_PIXEL * pixels + WEBP_TABLE_BYTES * min(tables, blocks)
    if pixels > MAX_WEBP_PIXELS or needed > MAX_WEBP_BYTES:
        raise ImageTooLarge("To read this WebP would take too much memory; send a PNG or a JPEG.")
    whole = b"WEBP" + b"".join(kept)
    whole = b"RIFF" + struct.pack("<I", len(whole)) + whole
    return Encoded(whole, width, height, orientation, needed)


def _chunks(data: bytes, at: int, *, is_riff: bool) -> Iterator[tuple[bytes, int, int]]:
    """Find the chunks of a PNG, or of the RIFF that a WebP is: name, begin, end."""
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return
        name, length = struct.unpack_from("<4sI", data, at)
        if is_riff:
            end = at + 8 + length + length % 2
        else:
            length, name = struct.unpack_from(">I4s", data, at)
            end = at + 12 + length
        yield name, at, min(end, len(data))
        at = end
    raise _too_many_parts()


def _orientation(exif: bytes) -> int:
    """Find the orientation in EXIF; 1 if it is not there or makes no sense."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, at)
        for entry in range(at + 2, at + 2 + 12 * min(count, MAX_PARTS), 12):
            tag, _, _, value = struct.unpack_from(order + "HHIH", exif, entry)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _check_sides(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE:
        raise ImageTooLarge(
            f"The picture is larger than {MAX_SIDE} x {MAX_SIDE} pixels; send a smaller one."
        )


def _too_many_parts() -> InvalidImage:
    return InvalidImage(f"The file has more than {MAX_PARTS:,} parts; save the picture anew.")
