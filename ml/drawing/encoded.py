"""What an encoded picture holds, bounded before a decoder sees it, without metadata.

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
"""Longest side of a picture that is read, JPEGs apart: these are reduced while they are decoded."""
MAX_JPEG_SIDE: Final = 4 * MAX_SIDE
MAX_JPEG_PIXELS: Final = 64_000_000
"""Most pixels of a JPEG; phones take up to 50 million."""
MAX_RAW_BYTES: Final = 37_000_000
"""Most bytes of a PNG after unpacking, which takes up to 0.25 s: a photo of 12 megapixels in color,
9 with transparency, or half as many if interlaced."""
MAX_COEFFICIENTS: Final = 40_000_000
"""Most coefficients of a JPEG in several scans, which are all kept at once, two bytes each."""
MAX_SCANNED: Final = 250_000_000
"""Most coefficients that all scans of a JPEG visit: about 0.3 s. Usual progressive ones have ten
scans and visit each coefficient four times."""
MAX_SCANS: Final = 64
"""Most scans of a JPEG of any size."""
MAX_WEBP_PIXELS: Final = 2048**2
MAX_WEBP_FILE: Final = 2_000_000
"""Most bytes of a WebP; a photo of the most pixels has about 1,000,000, noise 3,500,000."""
MAX_WEBP_BYTES: Final = 96_000_000
"""Most memory for one WebP; the more pixels a lossless one has, the fewer tables it may have."""
MAX_PARTS: Final = 10_000
"""Most chunks or segments of a file; 10 MB in chunks of 4 KB are 2,500."""
MAX_GIF_PARTS: Final = 100_000
"""The same for a GIF, whose parts have at most 255 bytes."""

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

KNOWN: Final = "PNG, JPEG, WebP, GIF or BMP"
HEIC_ADVICE: Final = (
    "This is a HEIC picture, which is not read; send a JPEG. An iPhone takes JPEGs with Settings, "
    "Camera, Formats, Most Compatible; other phones, with high efficiency pictures turned off."
)
CUT_OFF: Final = "The picture is damaged or cut off; send it again."


@dataclass(frozen=True)
class Encoded:
    """A picture that is still encoded, without metadata.

    Parameters
    ----------
    parts : list of bytes or memoryview
        The file, which is joined only where it is decoded: one of 12 MB takes 15 ms.
    width, height : int
        As its header states them.
    orientation : int
        1 to 8, as EXIF counts them.
    needed_bytes : int
        Memory that its decoder may need, roughly and at most.
    work : int
        Pixels of a PNG that take as long to decode.
    """

    parts: list[bytes | memoryview]
    width: int
    height: int
    orientation: int
    needed_bytes: int
    work: int

    @property
    def data(self) -> bytes:
        """The file."""
        return b"".join(self.parts)

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after the turn."""
        is_turned = self.orientation >= 5
        return (self.height, self.width) if is_turned else (self.width, self.height)


def read_encoded(data: bytes) -> Encoded:
    """Check what a picture will cost, and leave out all that is no part of the picture.

    Parameters
    ----------
    data : bytes
        A PNG, JPEG, WebP, GIF or BMP file.

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
    "Portable Network Graphics (PNG) Specification", W3C, chapter 5; ITU-T T.81, annex B; RFC 9649;
    "Graphics Interchange Format, Version 89a", CompuServe, 1990.
    """
    try:
        if data.startswith(PNG_SIGNATURE):
            return _read_png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _read_webp(data)
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return _read_gif(data)
        if data[:2] == b"BM":
            return _read_bmp(data)
    except (struct.error, IndexError) as error:
        raise InvalidImage(CUT_OFF) from error
    raise _unknown(data)


def _unknown(data: bytes) -> InvalidImage:
    """Name the format of a picture that is not read, if it is a common one."""
    name = ""
    if data[4:8] == b"ftyp":
        brands = data[8 : min(int.from_bytes(data[:4]), 256)]
        if b"avif" not in brands and (b"hei" in brands or b"mif1" in brands):
            return InvalidImage(HEIC_ADVICE)
        name = "an AVIF picture" if b"avif" in brands else "a video"
    elif data[:4] in (b"II*\0", b"MM\0*"):
        name = "a TIFF picture"
    elif data[:5] == b"%PDF-":
        name = "a PDF file"
    elif b"<svg" in data[:1000]:
        name = "an SVG picture"
    if name:
        return InvalidImage(f"This is {name}, which is not read; send a {KNOWN} picture.")
    return InvalidImage(f"This is not a {KNOWN} picture.")


def _read_png(data: bytes) -> Encoded:
    if data[8:16] != PNG_HEADER:
        raise InvalidImage(CUT_OFF)
    width, height, depth, kind, _, _, is_interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    _check_sides(width, height)
    row_bytes = 1 + width * depth * PNG_CHANNELS.get(kind, 4) // 8
    if row_bytes * height * (2 if is_interlaced else 1) > MAX_RAW_BYTES:
        raise ImageTooLarge(f"The PNG unpacks to more than {MAX_RAW_BYTES:,} bytes; reduce it.")
    view = memoryview(data)
    kept, orientation = [view[: 8 + 25]], 1  # the signature and the one header that was read
    for name, at, end in _chunks(data, 8 + 25, is_riff=False):
        if name in PNG_KEPT:
            kept.append(view[at:end])
        elif name == b"acTL":
            raise InvalidImage("The picture is animated; send a still one.")
        elif name == b"eXIf":
            orientation = _orientation(data[at + 8 : end - 4])
        if name == b"IEND":
            break
    return _encoded([*kept], width, height, orientation)


def _read_jpeg(data: bytes) -> Encoded:
    view = memoryview(data)
    kept, orientation = [view[:2]], 1
    size, parts = (0, 0), {}  # coefficients of each component
    scans = scanned = 0
    is_progressive = False
    for marker, body, end in _segments(data):
        if marker in JPEG_OTHER_FRAMES:
            raise InvalidImage("The JPEG is lossless or coded arithmetically; send a plain one.")
        if marker in JPEG_FRAMES:
            height, width, count = struct.unpack_from(">HHB", data, body + 1)
            _check_sides(width, height, MAX_JPEG_SIDE)
            if width * height > MAX_JPEG_PIXELS:
                megapixels = MAX_JPEG_PIXELS // 10**6
                raise ImageTooLarge(f"The JPEG has more than {megapixels} megapixels; reduce it.")
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
            kept.append(view[body - 4 : end])
        elif marker == 0xD9:
            break
    if not all(size):
        raise InvalidImage(CUT_OFF)
    pixels = size[0] * size[1]
    work = pixels if is_progressive else pixels // 4
    return _encoded([*kept, b"\xff\xd9"], *size, orientation, work=work)


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
    if sum(map(len, kept)) > MAX_WEBP_FILE:
        raise ImageTooLarge(f"The WebP has more than {MAX_WEBP_FILE:,} bytes; send a JPEG.")
    whole = b"WEBP" + b"".join(kept)
    whole = b"RIFF" + struct.pack("<I", len(whole)) + whole
    return _encoded([whole], width, height, orientation, needed=needed)


def _read_gif(data: bytes) -> Encoded:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _gif_colors(flags)
    kept = [data[:at]]
    has_picture = False
    for begin, end, kind in _gif_parts(data, at):
        if kind == 0x2C:
            if has_picture:
                raise InvalidImage("The picture is animated; send a still one.")
            has_picture = True
            left, top, across, down = struct.unpack_from("<HHHH", data, begin + 1)
            width, height = max(width, left + across), max(height, top + down)
        if kind == 0x2C or (kind == 0x21F9 and not has_picture):  # which color is transparent
            kept.append(data[begin:end])
    if not has_picture:
        raise InvalidImage(CUT_OFF)
    _check_sides(width, height)
    return _encoded([*kept, b";"], width, height)


def _gif_parts(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Find the pictures and extensions of a GIF: begin, end, and what it is."""
    parts = 0
    while data[at] in (0x2C, 0x21):
        begin, kind = at, data[at]
        if kind == 0x2C:
            at += 11 + _gif_colors(data[at + 9])
        else:
            kind, at = 0x2100 | data[at + 1], at + 2
        while length := data[at]:
            at += 1 + length
            parts += 1
            if parts > MAX_GIF_PARTS:
                raise _too_many_parts(MAX_GIF_PARTS)
        at += 1
        parts += 1
        yield begin, at, kind


def _gif_colors(flags: int) -> int:
    """Bytes of the table of colors that follows."""
    return 3 * 2 ** (1 + flags % 8) if flags & 0x80 else 0


def _read_bmp(data: bytes) -> Encoded:
    (header,) = struct.unpack_from("<I", data, 14)
    compression = 0
    if header == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height, _, _, compression = struct.unpack_from("<iiHHI", data, 18)
    if compression not in (0, 3):
        raise InvalidImage("The BMP is compressed; send a PNG, or a plain BMP.")
    _check_sides(abs(width), abs(height))  # a negative height counts from the top
    return _encoded([data], abs(width), abs(height))


def _encoded(
    parts: list[bytes | memoryview],
    width: int,
    height: int,
    orientation: int = 1,
    *,
    needed: int = 0,
    work: int = 0,
) -> Encoded:
    pixels = width * height
    needed = needed or NEEDED_PER_PIXEL * pixels
    return Encoded(parts, width, height, orientation, needed, work or pixels)


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


def _check_sides(width: int, height: int, most: int = MAX_SIDE) -> None:
    if max(width, height) > most:
        raise ImageTooLarge(
            f"The picture is larger than {most} x {most} pixels; send a smaller one, or a JPEG."
            if most == MAX_SIDE
            else f"The JPEG is larger than {most} x {most} pixels; send a smaller one."
        )


def _too_many_parts(most: int = MAX_PARTS) -> InvalidImage:
    return InvalidImage(f"The file has more than {most:,} parts; save the picture again.")
