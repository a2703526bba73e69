"""Open a file, plain or packed, without trust in the size that it states."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, cast

from ml.errors import DatasetError

MAX_UNPACKED: Final = 2**30
"""Most bytes that are read of one file after unpacking; TMNIST has 63 million."""
MAX_LINE: Final = 2**16
"""Most characters of one line; a digit of TMNIST has at most 4,000."""

MAX_LISTED: Final = 1_000
"""Most files of a zip archive, of which one or two are read."""
SYSTEM_FILES: Final = (("thumbs.db",), ("desktop.ini",))
GZIP: Final = b"\x1f\x8b"
LISTED: Final = b"PK\x01\x02"
"""Begin of each entry in a zip archive's list."""
PIECE: Final = 2**20
TEXT_PIECE: Final = 2**16
"""Bytes of a text that are decoded at a time."""
LARGEST_WINDOW: Final = 2**27
"""Most memory that unpacking an xz may take; the packer's strongest setting needs half of it."""
UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

DAMAGE: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises on truncated, altered or oddly packed files."""


Notify = Callable[[str], None]
"""Receives a sentence about what was assumed or left out."""


class Unlabeled(DatasetError):
    """It is a file of another content than labeled digits; beside others, it is left out."""


class PackedFile:
    """The unpacked bytes of a file; errors name the path and how many lines were read."""

    def __init__(self, path: Path, stream: IO[bytes], largest: int) -> None:
        self.path = path
        self.line = 0
        self.most_lines: int | None = None
        self._largest = largest
        self._stream = stream
        self._size = 0

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; fewer only at the end."""
        try:
            data = self._stream.read(size)
        except DAMAGE as error:
            raise self._damaged() from error
        return self._count(data)

    def lines(self) -> Iterator[str]:
        """Read line by line, whatever ends a line, each with one ``LF`` at its end.

        The text is UTF-8, or UTF-16 if a byte order mark says so; the mark is left out.
        """
        piece = self.read(TEXT_PIECE)
        encoding = "utf-16" if piece.startswith(UTF_16) else "utf-8-sig"
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), True)
        rest = ""
        while True:
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                number = self.line + 1 + piece.count(b"\n", 0, error.start)
                raise DatasetError("The text is not UTF-8.", self.path, number) from error
            *whole, rest = (rest + text).split("\n")
            if not piece and rest:
                whole, rest = [rest], ""
            for line in whole:
                self.line += 1
                if self.most_lines is not None and self.line > self.most_lines:
                    raise DatasetError(f"There are more than {self.most_lines:,} lines.", self.path)
                self._check_length(line, self.line)
                yield line + "\n"
            if not piece:
                return
            self._check_length(rest, self.line + 1)
            piece = self.read(TEXT_PIECE)

    def _check_length(self, line: str, number: int) -> None:
        if len(line) > MAX_LINE:
            message = f"The line is longer than {MAX_LINE:,} characters; no digit needs that much."
            raise DatasetError(message, self.path, number)

    def _count(self, data: bytes) -> bytes:
        self._size += len(data)
        if self._size > self._largest:
            raise DatasetError(f"The data is larger than {self._largest:,} bytes.", self.path)
        return data

    def _damaged(self) -> DatasetError:
        where = self.line + 1 if self.line else None
        return DatasetError("The file is damaged or cut off; get it again.", self.path, where)


@contextmanager
def open_packed(path: Path, ending: str) -> Iterator[PackedFile]:
    """Open a plain, gzipped or zipped file, whichever its first bytes say that it is.

    A zip must hold one file whose name ends with `ending`, such as ``.csv``.
    """
    if not path.exists():
        raise DatasetError("There is no such file.", path)
    if path.is_dir():
        raise DatasetError("This is a folder; a file is expected.", path)
    with ExitStack() as stack:
        try:
            file: IO[bytes] = stack.enter_context(path.open("rb"))
        except OSError as error:
            raise _unreadable(path, error) from error
        yield stack.enter_context(unpack(file, path, ending, MAX_UNPACKED))


@contextmanager
def unpack(file: IO[bytes], path: Path, ending: str, largest: int) -> Iterator[PackedFile]:
    """Unpack an open file as `open_packed` does, at most `largest` bytes of it."""
    with ExitStack() as stack:
        try:
            file.seek(0)
            start = file.read(4)
            file.seek(0)
        except OSError as error:
            raise _unreadable(path, error) from error
        if not start:
            raise DatasetError("The file is empty.", path)
        is_zip = start.startswith(b"PK")
        if path.suffix.lower() == ".zip" and not is_zip:
            raise DatasetError("This is not a zip archive, though it is named so.", path)
        if path.suffix.lower() == ".gz" and not start.startswith(GZIP):
            raise DatasetError("This is not a gzip file, though it is named so.", path)
        if is_zip:
            file = stack.enter_context(_open_member(path, file, ending))
        try:
            stream = unpack_stream(file, largest)
        except DAMAGE as error:
            raise DatasetError("The file is damaged or cut off; get it again.", path) from error
        yield PackedFile(path, stream, largest)


def unpack_stream(file: IO[bytes], largest: int) -> IO[bytes]:
    """Return the unpacked bytes of what is packed by gzip, bzip2 or xz; of all else, the bytes."""
    if hasattr(file, "peek"):  # in a stream, such as a tar, there is no way back
        start = file.peek(6)
    else:
        start = file.read(6)
        file.seek(-len(start), io.SEEK_CUR)
    if start.startswith(GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    if start.startswith(b"BZh"):
        return cast("IO[bytes]", bz2.BZ2File(file))
    if start.startswith(b"\xfd7zXZ"):
        return cast("IO[bytes]", io.BufferedReader(_Xz(file, min(largest, LARGEST_WINDOW))))
    return file


class _Xz(io.RawIOBase):
    """Unpack an xz with bounded memory, which `lzma.LZMAFile` does not."""

    def __init__(self, file: IO[bytes], most_memory: int) -> None:
        self._file = file
        self._most_memory = most_memory
        self._unpacker = lzma.LZMADecompressor(memlimit=most_memory)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = b""
        while not data:
            if self._unpacker.eof:
                piece = self._unpacker.unused_data or self._file.read(TEXT_PIECE)
                if not piece:
                    break
                self._unpacker = lzma.LZMADecompressor(memlimit=self._most_memory)
            elif self._unpacker.needs_input:
                piece = self._file.read(TEXT_PIECE)
                if not piece:
                    raise EOFError
            else:
                piece = b""
            data = self._unpacker.decompress(piece, len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _open_member(path: Path, file: IO[bytes], ending: str) -> Iterator[IO[bytes]]:
    """Open the one file of a zip archive with this ending; nothing is unpacked to the disk."""
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(open_zip(file))
        except DAMAGE as error:
            raise DatasetError("The zip archive is damaged or cut off.", path) from error
        members = [
            member
            for member in archive.infolist()
            if member.filename.lower().endswith(ending) and not is_hidden(member.filename)
        ]
        if len(members) != 1:
            names = ", ".join(member.filename for member in members[:5]) or "none"
            raise DatasetError(
                f"The zip archive must hold one {ending} file; it holds {len(members)}: {names}.",
                path,
            )
        (member,) = members
        check_member(member, path)
        try:
            stream = stack.enter_context(open_member(archive, member.filename))
        except DAMAGE as error:
            raise DatasetError("The zip archive is damaged or oddly packed.", path) from error
        yield stream


def check_member(member: zipfile.ZipInfo, path: Path) -> None:
    """Refuse a file of a zip archive that is encrypted, or named as one outside of the archive."""
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0] == "/" or parts[0].endswith(":"):
        raise DatasetError(
            f"The zip archive names its file {member.filename!r}, outside of itself.", path
        )
    if member.flag_bits & 1:
        raise DatasetError("The zip archive is encrypted; unpack it first.", path)


def open_zip(file: IO[bytes], most: int = MAX_LISTED) -> zipfile.ZipFile:
    """Open a zip archive of few files; to list those of a large one would take seconds."""
    file.seek(0)
    files, before = 0, b""
    while piece := file.read(PIECE):
        files += (before + piece).count(LISTED) - before.count(LISTED)
        before = piece[-len(LISTED) + 1 :]
        if files > most:
            raise zipfile.BadZipFile(f"it lists more than {most:,} files")
    return zipfile.ZipFile(file)


def open_member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a stored or deflated file of a zip archive.

    Other methods of compression allocate as much memory as the archive states.
    """
    member = archive.getinfo(name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"{name} is oddly packed")
    return archive.open(member)


def _unreadable(path: Path, error: OSError) -> DatasetError:
    return DatasetError(f"The file cannot be read: {error.strerror}.", path)


def is_hidden(name: str) -> bool:
    """Whether a system added this file or folder, such as ``__MACOSX/._a.csv``."""
    parts = PurePosixPath(name.lower()).parts
    hides = any(part.startswith((".", "__macosx")) and part != ".." for part in parts)
    return hides or parts[-1:] in SYSTEM_FILES
