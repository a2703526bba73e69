"""The files of a folder or an archive, or one file alone; nothing is unpacked to the disk."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Callable, Container, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from ml.errors import DatasetError
from ml.labeled.packed import (
    DAMAGE,
    MAX_UNPACKED,
    PIECE,
    PackedFile,
    check_member,
    is_hidden,
    open_member,
    open_zip,
    unpack_stream,
)

MAX_FILES: Final = 200_000
"""Most files of a folder or an archive; NIST's digits are 400,000, in eight of them."""
TAR: Final = slice(257, 262)
"""Where a tar says ``ustar``."""

Opened = Generator[tuple[str, IO[bytes]]]


@dataclass(frozen=True)
class Members:
    """Files under a path, without those that systems add."""

    path: Path
    names: list[str]
    """Their paths below it, with ``/``; the name of the file alone if it is one."""
    each: Callable[[Container[str]], Opened]
    """Opens the files of these names one after another; each is closed before the next."""
    is_archive: bool = False
    is_alone: bool = False

    @contextmanager
    def open(self, name: str, *, shown: Path | None = None) -> Iterator[PackedFile]:
        """Open one file, unpacked if it is packed by itself; errors call it `shown`."""
        path = shown or (self.path if self.is_alone else self.path / name)
        with closing(self.each([name])) as opened:
            try:
                _, file = next(opened)
                packed = PackedFile(path, unpack_stream(file, MAX_UNPACKED), MAX_UNPACKED)
            except DAMAGE as error:
                message = "The file is damaged or cut off; get it again."
                raise DatasetError(message, path) from error
            yield packed


def find_members(path: Path) -> Members:
    """List the files of a folder, of a zip or tar archive that is no npz, or the one file."""
    if path.is_dir():
        return _find_in_folder(path)
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                return _find_in_zip(path, file)
            file.seek(0)
            if unpack_stream(file, MAX_UNPACKED).read(TAR.stop)[TAR] == b"ustar":
                return _find_in_tar(path)
    except DAMAGE as error:
        message = "The file is damaged or cut off; get it again."
        if isinstance(error, zipfile.BadZipFile):
            message = f"The zip archive is damaged or too large: {error}."
        if isinstance(error, OSError) and error.strerror:
            message = f"The file cannot be read: {error.strerror}."
        raise DatasetError(message, path) from error
    return _alone(path)


def _alone(path: Path) -> Members:
    def each(chosen: Container[str]) -> Opened:
        with path.open("rb") as file:
            yield path.name, file

    return Members(path, [path.name], each, is_alone=True)


def choose_members(path: Path, names: list[str]) -> Members:
    """Take these files of a folder."""

    def each(chosen: Container[str]) -> Opened:
        for name in names:
            if name in chosen:
                with (path / name).open("rb") as file:
                    yield name, file

    return Members(path, names, each)


def _find_in_folder(path: Path) -> Members:
    names: list[str] = []
    for folder, folders, files in os.walk(path):
        folders[:] = [each for each in folders if not is_hidden(each)]
        below = Path(folder).relative_to(path)
        names += [(below / name).as_posix() for name in files if not is_hidden(name)]
        _check_count(names, path)
    return choose_members(path, sorted(names))


def _find_in_zip(path: Path, file: IO[bytes]) -> Members:
    with open_zip(file, MAX_FILES) as archive:
        members = {member.filename: member for member in archive.infolist()}
    files = [member for member in members.values() if not member.filename.endswith("/")]
    if any(member.filename.endswith(".npy") for member in files):
        return _alone(path)
    files = [member for member in files if not is_hidden(member.filename)]
    for member in files:
        check_member(member, path)

    def each(chosen: Container[str]) -> Opened:
        with path.open("rb") as packed, open_zip(packed, MAX_FILES) as archive:
            for member in files:
                if member.filename in chosen:
                    with open_member(archive, member.filename) as opened:
                        yield member.filename, opened

    return Members(path, [member.filename for member in files], each, is_archive=True)


def _find_in_tar(path: Path) -> Members:
    """List a tar once from its begin to its end, which also checks what it is packed by."""
    names: list[str] = []

    @contextmanager
    def open_tar() -> Iterator[tuple[PackedFile, tarfile.TarFile]]:
        with path.open("rb") as file:
            stream = PackedFile(path, unpack_stream(file, MAX_UNPACKED), MAX_UNPACKED)
            with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
                yield stream, archive

    def each(chosen: Container[str]) -> Opened:
        with open_tar() as (_, archive):
            for member in archive:
                opened = archive.extractfile(member) if member.name in chosen else None
                if opened is not None and member.isreg():
                    yield member.name, opened

    with open_tar() as (stream, archive):
        for member in archive:
            if member.isreg() and not is_hidden(member.name):
                names.append(member.name)
                _check_count(names, path)
        while stream.read(PIECE):
            pass
    return Members(path, names, each, is_archive=True)


def _check_count(names: list[str], path: Path) -> None:
    if len(names) > MAX_FILES:
        raise DatasetError(f"There are more than {MAX_FILES:,} files in it.", path)


def base_name(name: str) -> str:
    """Return the name of a file without its folders and what it is packed by."""
    name = PurePosixPath(name).name.lower()
    return name[: name.rindex(".")] if name.endswith((".gz", ".bz2", ".xz")) else name
