"""Open a file, plain, gzipped or zipped, without trust in the size that it states."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from ml.errors import DatasetError

MAX_UNPACKED: Final = 2**30
"""Most bytes that are read of one file after unpacking; TMNIST has 63 million."""
MAX_LINE: Final = 2**16
"""Most bytes of one line; a digit of TMNIST has at most 4,000."""

MAX_LISTED: Final = 1_000
"""Most files of a zip archive, of which one or two are read."""
LISTED: Final = b"PK\x01\x02"
"""Begin of each entry in a zip archive's list."""
PIECE: Final = 2**20

DAMAGE: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises on truncated, altered or oddly packed files."""


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
        """Read line by line, each with its end; a byte order mark is left out."""
        while True:
            try:
                data = self._stream.readline(MAX_LINE + 1)
            except DAMAGE as error:
                raise self._damaged() from error
            if not data:
                return
            self.line += 1
            if self.most_lines is not None and self.line > self.most_lines:
                raise DatasetError(f"There are more than {self.most_lines:,} lines.", self.path)
            if len(self._count(data)) > MAX_LINE:
                raise DatasetError(
                    f"The line is longer than {MAX_LINE:,} bytes; no digit needs that much.",
                    self.path,
                    self.line,
                )
            try:
                yield data.decode("utf-8-sig" if self.line == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise DatasetError("The text is not UTF-8.", self.path, self.line) from error

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
        is_zip, is_gzip = start.startswith(b"PK"), start.startswith(b"\x1f\x8b")
        if path.suffix.lower() == ".zip" and not is_zip:
            raise DatasetError("This is not a zip archive, though it is named so.", path)
        if path.suffix.lower() == ".gz" and not is_gzip:
            raise DatasetError("This is not a gzip file, though it is named so.", path)
        if is_gzip:
            file = cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=file)))
        elif is_zip:
            file = stack.enter_context(_open_member(path, file, ending))
        yield PackedFile(path, file, largest)


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
            if member.filename.lower().endswith(ending) and not _is_hidden(member.filename)
        ]
        if len(members) != 1:
            names = ", ".join(member.filename for member in members[:5]) or "none"
            raise DatasetError(
                f"The zip archive must hold one {ending} file; it holds {len(members)}: {names}.",
                path,
            )
        (member,) = members
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if ".." in parts or parts[0] == "/" or parts[0].endswith(":"):
            raise DatasetError(
                f"The zip archive names its file {member.filename!r}, outside of itself.", path
            )
        if member.flag_bits & 1:
            raise DatasetError("The zip archive is encrypted; unpack it first.", path)
        try:
            stream = stack.enter_context(open_member(archive, member.filename))
        except DAMAGE as error:
            raise DatasetError("The zip archive is damaged or oddly packed.", path) from error
        yield stream


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """Open a zip archive of few files; to list those of a large one would take seconds."""
    file.seek(0)
    files, before = 0, b""
    while piece := file.read(PIECE):
        files += (before + piece).count(LISTED) - before.count(LISTED)
        before = piece[-len(LISTED) + 1 :]
        if files > MAX_LISTED:
            raise zipfile.BadZipFile(f"it lists more than {MAX_LISTED:,} files")
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


def _is_hidden(name: str) -> bool:
    """Whether a system added this file to the archive, such as ``__MACOSX/._a.csv``."""
    return any(part.startswith(("__MACOSX", "._")) for part in PurePosixPath(name).parts)
