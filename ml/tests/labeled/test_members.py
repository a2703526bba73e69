"""Folders and archives of files: bounded, and nothing of them reaches the disk."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from ml.errors import DatasetError
from ml.labeled import members
from ml.labeled.formats import iter_labeled
from ml.tests.kit.circulating import picture, tar
from ml.tests.kit.hostile import zip_of

PICTURES = {f"{label}/1.png": picture(label) for label in range(10)}


def refuse(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        list(iter_labeled(path))


@pytest.mark.parametrize("mode", ["gz", "bz2", "xz"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_cut_off_tar_is_never_half_read(tmp_path: Path, mode: str, share: float) -> None:
    content = tar(PICTURES, mode)
    refuse(tmp_path / "a", content[: int(share * len(content))], "damaged or cut off")


def test_a_tar_bomb_is_read_no_further_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_UNPACKED", 1_000_000)
    bomb = tar({"0/1.png": bytes(2_000_000)}, "gz")
    refuse(tmp_path / "a.tar.gz", bomb, "larger than 1,000,000 bytes")


def test_a_tar_that_points_outside_of_itself_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    content = tar({"../3/1.png": picture(3), "/tmp/4/1.png": picture(4)}, "")
    (folder / "a.tar").write_bytes(content)
    assert [drawing.label for drawing in iter_labeled(folder / "a.tar")] == [3, 4]
    assert list(tmp_path.iterdir()) == [folder]


def test_links_and_devices_of_a_tar_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture(3))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            link = tarfile.TarInfo("3/1.png")
            link.type, link.linkname = kind, str(tmp_path / "secret.png")
            archive.addfile(link)
    refuse(tmp_path / "a.tar", buffer.getvalue(), "There are no files in it")


def test_an_encrypted_zip_of_pictures_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_of({"3/1.png": picture(3)}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    refuse(tmp_path / "a.zip", bytes(data), "encrypted; unpack it first")


def test_a_zip_of_pictures_that_points_outside_of_itself_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path / "a.zip", zip_of({"../3/1.png": picture(3)}), "outside of itself")


def test_a_zip_with_a_file_without_a_name_is_refused(tmp_path: Path) -> None:
    content = zip_of({"3.png": picture(3)}).replace(b"3.png", b"\0.png")
    refuse(tmp_path / "a.zip", content, "outside of itself")


def test_a_zip_that_is_oddly_packed_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path / "a.zip", zip_of(PICTURES, zipfile.ZIP_BZIP2), "oddly packed")


@pytest.mark.parametrize("kind", ["zip", "tar", "folder"])
def test_more_files_than_anyone_needs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(members, "MAX_FILES", 9)
    if kind == "folder":
        for name, content in PICTURES.items():
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).write_bytes(content)
        with pytest.raises(DatasetError, match="more than 9 files"):
            list(iter_labeled(tmp_path))
    else:
        content = zip_of(PICTURES) if kind == "zip" else tar(PICTURES, "")
        refuse(tmp_path / "a", content, "more than 9 files")


def test_a_file_that_a_zip_has_twice_is_read_once(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("3/1.png", picture(3))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("3/1.png", picture(3))
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    assert len(list(iter_labeled(tmp_path / "a.zip"))) == 1


def test_what_is_packed_twice_is_named(tmp_path: Path) -> None:
    content = gzip.compress(gzip.compress(b"label,pixel0\n"))
    refuse(tmp_path / "a.csv.gz", content, "The format is unknown, or it is damaged")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1.png,A\n", "line 2: The label is 'A'; a label is a digit from 0 to 9"),
        ("1.png,3\n1.png\n", "line 3: There are 1 columns; a row has 2"),
        ('1.png,3\n"' + "x\n" * 99_999, "line .*: The row cannot be read as a csv"),
    ],
)
def test_a_bad_row_of_a_list_of_pictures_is_named(tmp_path: Path, rows: str, message: str) -> None:
    content = zip_of({"1.png": picture(3), "list.csv": f"file,label\n{rows}".encode()})
    refuse(tmp_path / "a.zip", content, message)
