from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ml.errors import DatasetError
from ml.labeled import packed
from ml.labeled.packed import open_packed
from ml.tests.kit.hostile import zip_of
from ml.tests.kit.labeled import zipped


def refuse(path: Path, message: str) -> None:
    with pytest.raises(DatasetError, match=message), open_packed(path, ".csv") as file:
        file.read(10)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path / "a.csv", "There is no such file")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path, "This is a folder")


def test_a_file_named_zip_with_other_content_is_refused(tmp_path: Path) -> None:
    refuse(write(tmp_path / "a.zip", b"names,labels"), "not a zip archive")


def test_a_file_named_gz_with_other_content_is_refused(tmp_path: Path) -> None:
    refuse(write(tmp_path / "a.csv.gz", b"names,labels"), "not a gzip file")


def test_a_zip_with_several_csv_is_refused_and_names_them(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", zipped({"a.csv": "1", "b.csv": "2"}))
    refuse(path, r"must hold one \.csv file; it holds 2: a\.csv, b\.csv")


def test_a_zip_without_a_csv_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", zipped({"a.txt": "1"}))
    refuse(path, r"must hold one \.csv file; it holds 0: none")


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "C:\\a.csv", "x\\..\\a.csv"])
def test_a_zip_that_points_outside_of_itself_is_refused(tmp_path: Path, name: str) -> None:
    refuse(write(tmp_path / "a.zip", zipped({name: "1"})), "outside of itself")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.csv": "1"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    refuse(write(tmp_path / "a.zip", bytes(data)), "encrypted; unpack it first")


def test_a_zip_of_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.csv": "1"}))
    for signature, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(signature) + method] = 99
    refuse(write(tmp_path / "a.zip", bytes(data)), "damaged or oddly packed")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_packed_with_bzip2_or_lzma_is_refused(tmp_path: Path, method: int) -> None:
    refuse(write(tmp_path / "a.zip", zip_of({"a.csv": b"1"}, method)), "damaged or oddly packed")


def test_a_zip_whose_names_are_not_utf_8_as_flagged_is_refused(tmp_path: Path) -> None:
    data = zip_of({"ä.csv": b"1"}).replace("ä".encode(), b"\xff\xff")
    refuse(write(tmp_path / "a.zip", data), "damaged or cut off")


def test_a_zip_of_patches_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_of({"a.csv": b"1"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 0x20
    refuse(write(tmp_path / "a.zip", bytes(data)), "damaged or oddly packed")


def test_a_zip_that_holds_more_than_it_states_is_refused(tmp_path: Path) -> None:
    text = b"0,0\n" * 100_000
    data = bytearray(zip_of({"a.csv": text}))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    path = write(tmp_path / "a.zip", bytes(data))
    with pytest.raises(DatasetError, match="damaged"), open_packed(path, ".csv") as file:
        file.read(len(text))


def test_a_gzip_bomb_is_read_no_further_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MAX_UNPACKED", 1_000_000)
    path = write(tmp_path / "a.csv.gz", gzip.compress(b"0,0\n" * 1_000_000))
    with (
        pytest.raises(DatasetError, match="larger than 1,000,000 bytes"),
        open_packed(path, ".csv") as file,
    ):
        list(file.lines())


def test_gzip_members_one_after_another_are_one_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv.gz", gzip.compress(b"12") + gzip.compress(b"34"))
    with open_packed(path, ".csv") as file:
        assert file.read(10) == b"1234"


def test_a_gzip_without_its_end_is_refused(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    path = write(tmp_path / "a.csv.gz", packer.compress(b"12" * 99999) + packer.flush()[:-12])
    refuse_all = pytest.raises(DatasetError, match="damaged or cut off")
    with refuse_all, open_packed(path, ".csv") as file:
        file.read(10**6)


def test_an_xz_in_several_streams_is_one_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv.xz", lzma.compress(b"12") + lzma.compress(b"34"))
    with open_packed(path, ".csv") as file:
        assert file.read(2) + file.read(10) == b"1234"


@pytest.mark.parametrize("pack", [lzma.compress, bz2.compress])
def test_an_xz_or_bzip2_that_is_cut_off_is_refused(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = write(tmp_path / "a.csv", pack(b"0,1\n" * 99_999)[:-20])
    with pytest.raises(DatasetError, match="damaged"), open_packed(path, ".csv") as file:
        list(file.lines())


def test_an_xz_that_would_take_much_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "LARGEST_WINDOW", 2**20)
    refuse(write(tmp_path / "a.csv.xz", lzma.compress(b"0,1\n" * 99_999)), "damaged")


def test_a_bzip2_bomb_is_read_no_further_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MAX_UNPACKED", 1_000_000)
    path = write(tmp_path / "a.csv.bz2", bz2.compress(b"0,0\n" * 1_000_000))
    too_large = pytest.raises(DatasetError, match="larger than 1,000,000 bytes")
    with too_large, open_packed(path, ".csv") as file:
        list(file.lines())
