from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import struct
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.drawing.pictures import encode_png
from ml.errors import DatasetError
from ml.labeled import formats
from ml.labeled.digits import canonicalize
from ml.labeled.exported import LabeledDrawing, family_of
from ml.labeled.formats import iter_labeled
from ml.tests.kit.hostile import npy, npz_of, zip_of
from ml.tests.kit.labeled import digit_pixels, idx, mnist_row, tmnist_text, write_text

IMAGES = np.stack([digit_pixels(3), digit_pixels(7)])
LABELS = np.array([3, 7])
STROKES = [[[10, 10], [20, 30.5]], [[5, 5, 0.5]]]


def refuse(path: Path, message: str) -> DatasetError:
    with pytest.raises(DatasetError, match=message) as caught:
        list(iter_labeled(path))
    return caught.value


def write_npz(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def write_idx(folder: Path, *, suffix: str = "", images: bytes | None = None) -> Path:
    pack = gzip.compress if suffix == ".gz" else bytes
    data = idx(2, 28, 28, data=IMAGES.tobytes()) if images is None else images
    path = folder / f"train-images-idx3-ubyte{suffix}"
    path.write_bytes(pack(data))
    labels = folder / f"train-labels-idx1-ubyte{suffix}"
    labels.write_bytes(pack(idx(2, data=bytes([3, 7]))))
    return path


def assert_same_digits(drawings: list[LabeledDrawing]) -> None:
    assert [drawing.label for drawing in drawings] == [3, 7]
    for drawing, image in zip(drawings, IMAGES, strict=True):
        assert np.array_equal(drawing.pixels, image)  # type: ignore[arg-type]


def test_a_csv_of_tmnist_gives_pixels_and_the_family_as_writer(tmp_path: Path) -> None:
    drawings = list(iter_labeled(write_text(tmp_path / "a.csv", tmnist_text("A-Bold"))))
    assert_same_digits(drawings)
    assert [drawing.name for drawing in drawings] == ["A-Bold, digit 3", "A-Bold, digit 7"]
    assert [drawing.writer for drawing in drawings] == ["A", "A"]


def test_a_csv_of_mnist_gives_pixels_and_no_writer(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv.zip", f"{mnist_row(3)}\n{mnist_row(7)}\n")
    drawings = list(iter_labeled(path))
    assert_same_digits(drawings)
    assert [drawing.name for drawing in drawings] == ["a.csv.zip, digit 1", "a.csv.zip, digit 2"]
    assert [drawing.writer for drawing in drawings] == [None, None]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Roboto-BoldItalic", "Roboto"),
        ("Roboto[wdth,wght]", "Roboto"),
        ("Roboto-Italic[wdth,wght]", "Roboto"),
        ("Lobster", "Lobster"),
        ("-odd", "-odd"),
    ],
)
def test_the_family_of_a_face_ends_at_its_first_hyphen(name: str, family: str) -> None:
    assert family_of(name) == family


def test_an_npz_is_read(tmp_path: Path) -> None:
    assert_same_digits(list(iter_labeled(write_npz(tmp_path / "a.npz", x=IMAGES, y=LABELS))))


def test_an_npz_in_the_order_of_columns_is_read(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "a.npz", x=np.asfortranarray(IMAGES), y=LABELS)
    assert_same_digits(list(iter_labeled(path)))


ONE_HOT = np.eye(10, dtype=np.float32)[LABELS]
COLOR = np.repeat(IMAGES[..., None], 3, -1)


@pytest.mark.parametrize(
    ("arrays", "notices"),
    [
        ({"x": IMAGES[..., None], "y": LABELS[:, None]}, []),
        ({"x": IMAGES[:, None], "y": LABELS.astype(np.float32)}, []),
        ({"x": IMAGES.reshape(2, 784), "y": LABELS.astype(str)}, []),
        ({"x": IMAGES.astype(np.int64), "y": ONE_HOT}, []),
        ({"X": IMAGES.astype(float), "Y": LABELS}, []),
        ({"x": IMAGES / 255, "y": LABELS}, ["x reaches from 0 to 1; it is read as from 0 to 1."]),
        ({"images": IMAGES, "labels": LABELS}, []),
        ({"data": IMAGES, "target": LABELS}, []),
        ({"train_images": IMAGES, "train_labels": LABELS[:, None]}, []),
        ({"x": COLOR, "y": LABELS}, ["x is in color; the mean of red, green and blue is read."]),
        ({"x": IMAGES, "y": LABELS, "z": LABELS}, ["Arrays that are left aside: z."]),
        (
            {"arr_0": IMAGES, "arr_1": LABELS},
            ["The arrays have no names: the first is read as images, the second as labels."],
        ),
        (
            {
                "x_train": IMAGES[:1],
                "y_train": LABELS[:1],
                "x_test": IMAGES[1:],
                "y_test": LABELS[1:],
            },
            ["All parts are read: x_train, x_test."],
        ),
    ],
)
def test_an_npz_is_read_as_it_circulates_and_what_was_assumed_is_told(
    tmp_path: Path, arrays: dict[str, Any], notices: list[str]
) -> None:
    told: list[str] = []
    assert_same_digits(list(iter_labeled(write_npz(tmp_path / "a.npz", **arrays), told.append)))
    assert told == notices


def test_a_bool_npz_is_read_as_ink_and_paper(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "a.npz", x=IMAGES > 0, y=LABELS)
    first, _ = iter_labeled(path)
    assert np.array_equal(first.pixels, (IMAGES[0] > 0) * 255)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": IMAGES}, "images without labels; add an array y"),
        ({"a": IMAGES, "b": LABELS}, "must hold the arrays x and y, .* it has a, b"),
        ({"x": IMAGES - 128.0, "y": LABELS}, "x: The pixels reach from -128 to 127"),
        ({"x": IMAGES * np.nan, "y": LABELS}, "x: The pixels reach from nan"),
        ({"x": IMAGES.reshape(2, 16, 49), "y": LABELS[:, None, None]}, r"y is \(2, 1, 1\)"),
        ({"x": IMAGES.reshape(8, 196), "y": LABELS}, "y has 2 labels for 8 images of x"),
        ({"x": np.stack([IMAGES] * 2, -1), "y": LABELS}, "one channel, or three of color"),
        ({"x": IMAGES, "y": LABELS[:1]}, "y has 1 labels for 2 images of x"),
        ({"x": IMAGES, "y": LABELS + 0.5}, r"y is \(2,\) float64, not one whole number"),
        ({"x": IMAGES, "y": LABELS * np.nan}, r"y is \(2,\) float64, not one whole number"),
        ({"x": IMAGES, "y": np.full((2, 10), 0.1)}, r"y is \(2, 10\) float64, not one whole"),
        ({"x": IMAGES, "y": np.array(["3", "A"])}, r"y is \(2,\) <U1, not one whole number"),
        ({"x": IMAGES, "y": np.array([3, 11])}, "The label of digit 2 is 11"),
        ({"x": IMAGES, "y": np.array([-1, 3])}, "The label of digit 1 is -1"),
        ({"x": IMAGES[:0], "y": LABELS[:0]}, "There are no digits"),
        ({"x": IMAGES[:, :, :0], "y": LABELS}, r"x is \(2, 28, 0\) uint8, not"),
    ],
)
def test_an_npz_of_other_arrays_is_refused(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    refuse(write_npz(tmp_path / "a.npz", **arrays), message)


def test_an_npz_with_pickled_objects_is_refused(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "a.npz", x=IMAGES, y=np.array([3, "7"], dtype=object))
    refuse(path, "y.npy holds Python objects, which are not opened")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty"),
        (b"nonsense", "The format is unknown; known are a csv"),
        (b"PK\x03\x04 cut off", "The zip archive is damaged"),
    ],
)
def test_a_file_named_npz_with_other_content_is_told_by_that(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(data)
    refuse(path, message)


def test_an_npz_whose_header_states_a_gigantic_array_is_refused_unread(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 28, 28)}
    )
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", header.getvalue())
        archive.writestr("y.npy", header.getvalue())
    refuse(path, "The array x.npy is larger than")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 28",  # no end
        "{'descr': '|u1', 'fortran_order': False, 'shape': (False,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-9223372036854775809,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 28, 28)} + 1",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2, 28, 28)}",
        "{'descr': 7, 'fortran_order': False, 'shape': (2, 28, 28)}",
        "[" * 3000,
    ],
)
def test_an_npz_whose_header_makes_no_sense_is_refused(tmp_path: Path, header: str) -> None:
    text = header.encode()
    array = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + IMAGES.tobytes()
    path = tmp_path / "a.npz"
    path.write_bytes(npz_of(array, npy(LABELS)))
    refuse(path, "not a whole npz file of plain numbers|holds Python objects")


def test_a_pickle_in_an_npz_is_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (tmp_path.joinpath("opened").touch, ())

    trap = np.array([Trap(), Trap()], dtype=object)
    path = tmp_path / "a.npz"
    path.write_bytes(npz_of(npy(trap, allow_pickle=True), npy(LABELS)))
    refuse(path, "holds Python objects, which are not opened")
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_npz_that_is_oddly_packed_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(zip_of({"x.npy": npy(IMAGES), "y.npy": npy(LABELS)}, method))
    refuse(path, "oddly packed")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_pair_of_idx_files_is_read(tmp_path: Path, suffix: str) -> None:
    assert_same_digits(list(iter_labeled(write_idx(tmp_path, suffix=suffix))))


def test_a_pair_of_idx_files_of_which_one_is_gzipped_is_read(tmp_path: Path) -> None:
    path = write_idx(tmp_path, suffix=".gz")
    labels = tmp_path / "train-labels-idx1-ubyte.gz"
    labels.with_suffix("").write_bytes(gzip.decompress(labels.read_bytes()))
    labels.unlink()
    assert_same_digits(list(iter_labeled(path)))


def test_a_folder_with_one_pair_of_idx_files_is_read(tmp_path: Path) -> None:
    write_idx(tmp_path)
    assert_same_digits(list(iter_labeled(tmp_path)))


def test_the_labels_of_idx_must_stand_beside_the_images(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    refuse(path, "The file of labels, train-labels-idx1-ubyte, does not stand beside it")


def test_the_file_of_labels_alone_is_refused_with_advice(tmp_path: Path) -> None:
    write_idx(tmp_path)
    refuse(tmp_path / "train-labels-idx1-ubyte", "Give the IDX file of images")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (idx(2, 28, 28, data=IMAGES.tobytes(), magic=0x0801), "Give the IDX file of images"),
        (b"\0\0\x08", "The format is unknown, or it is damaged"),
        (idx(2, 28, 28, data=IMAGES.tobytes()[:-1]), "but 1,567 of the 1,568 bytes"),
        (idx(2, 28, 28, data=IMAGES.tobytes() + b"1"), "more than the 1,568 bytes"),
        (idx(3, 28, 28, data=bytes(3 * 784)), "It has 3 images, but train-labels.* 2 labels"),
        (idx(2**32 - 1, 28, 28, data=b""), "The header states .* far too many"),
        (idx(2, 0, 0, data=b""), r"is \(2, 0, 0\) uint8, not images"),
    ],
)
def test_an_idx_file_that_does_not_keep_to_its_header_is_refused(
    tmp_path: Path, images: bytes, message: str
) -> None:
    refuse(write_idx(tmp_path, images=images), message)


def test_bytes_that_do_not_reach_far_are_read_as_they_are(tmp_path: Path) -> None:
    faint = (IMAGES > 0).astype(np.uint8) * 2
    first, _ = iter_labeled(write_idx(tmp_path, images=idx(2, 28, 28, data=faint.tobytes())))
    assert np.array_equal(first.pixels, faint[0])  # type: ignore[arg-type]


def test_a_label_of_idx_above_9_is_refused(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(2, data=b"\3\x0b"))
    refuse(path, "The label of digit 2 is 11")


def test_pictures_are_read_from_folders_by_digit(tmp_path: Path) -> None:
    for digit, name in ((7, "b.png"), (7, "a.PNG"), (3, "c.png"), (3, "notes.txt"), (3, ".d.png")):
        (tmp_path / str(digit)).mkdir(exist_ok=True)
        (tmp_path / str(digit) / name).write_bytes(encode_png(digit_pixels(digit)))
    drawings = list(iter_labeled(tmp_path))
    assert [(drawing.label, drawing.name) for drawing in drawings] == [
        (3, "3/c.png"),
        (7, "7/a.PNG"),
        (7, "7/b.png"),
    ]
    assert drawings[0].image == encode_png(digit_pixels(3))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path, "There are no files in it")


def test_strokes_are_read_with_their_writer(tmp_path: Path) -> None:
    items = [{"label": 3, "strokes": STROKES}, {"label": 7, "strokes": STROKES, "writer": "w1"}]
    path = write_text(tmp_path / "a.json.gz", json.dumps(items))
    drawings = list(iter_labeled(path))
    assert [drawing.label for drawing in drawings] == [3, 7]
    assert [drawing.writer for drawing in drawings] == [None, "w1"]
    assert drawings[0].strokes == STROKES
    assert drawings[0].name == "a.json.gz, digit 1"


def test_ndjson_is_read_with_strokes_and_pixels(tmp_path: Path) -> None:
    pixels = base64.b64encode(digit_pixels(7).tobytes()).decode()
    lines = [
        json.dumps({"label": 3, "strokes": STROKES, "canonical": pixels}),
        json.dumps({"label": 7, "strokes": None, "canonical": pixels, "review": "approved"}),
    ]
    first, second = iter_labeled(write_text(tmp_path / "a.ndjson", "\n".join(lines) + "\n\n"))
    assert first.strokes == STROKES
    for drawing in (first, second):
        assert np.array_equal(drawing.pixels, digit_pixels(7))  # type: ignore[arg-type]


EXPORTED = {
    "id": "5b8f4f0e-6d2c-4a3e-9d3a-0f6f1c5f7a10",
    "created_at": "2026-11-29T07:25:00.000123+01:00",
    "source": "canvas",
    "review": "rejected",
    "writer": "0123456789abcdef",
}


def write_exports(folder: Path) -> list[Path]:
    """Write one exported drawing in each format."""
    pixels = digit_pixels(7)
    item = {**EXPORTED, "label": 7, "canonical": base64.b64encode(pixels.tobytes()).decode()}
    np.savez(
        folder / "a.npz",
        x=pixels[None],
        y=np.array([7], np.uint8),
        **{name: np.array([value]) for name, value in EXPORTED.items()},  # type: ignore[arg-type]
    )
    name = f"{EXPORTED['writer']}-{EXPORTED['id']}-rejected-canvas-20261129t062500000123z"
    row = ",".join([name, "7", *map(str, pixels.ravel())])
    header = ",".join(["names", "labels", *map(str, range(1, 785))])
    return [
        folder / "a.npz",
        write_text(folder / "a.csv", f"{header}\n{row}\n"),
        write_text(folder / "a.ndjson", json.dumps(item)),
    ]


def test_an_export_says_whose_it_is_when_and_what_became_of_it(tmp_path: Path) -> None:
    for path in write_exports(tmp_path):
        (drawing,) = iter_labeled(path)
        assert str(drawing.id) == EXPORTED["id"], path
        assert (drawing.source, drawing.review) == ("canvas", "rejected")
        assert drawing.writer == EXPORTED["writer"]
        assert drawing.created_at == datetime.fromisoformat(EXPORTED["created_at"])


def test_nothing_is_learned_from_an_exported_drawing_that_is_rejected(tmp_path: Path) -> None:
    for path in write_exports(tmp_path):
        assert len(canonicalize(iter_labeled(path))) == 0, path


def test_an_exported_drawing_may_lack_a_label(tmp_path: Path) -> None:
    item = {**EXPORTED, "label": None, "strokes": STROKES}
    (drawing,) = iter_labeled(write_text(tmp_path / "a.ndjson", json.dumps(item)))
    assert drawing.label is None


def test_the_id_and_the_review_of_another_program_mean_nothing(tmp_path: Path) -> None:
    item = {"id": 17, "review": "nice", "label": 7, "strokes": STROKES}
    (drawing,) = iter_labeled(write_text(tmp_path / "a.ndjson", json.dumps(item)))
    assert (drawing.id, drawing.review) == (None, None)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("review", "good", "The review is 'good', not one of unreviewed"),
        ("created_at", "2026-11-29T06:25:00", "The time is '2026-11-29T06:25:00', not one such"),
        ("created_at", "0001-01-01T00:00:00+14:00", "The time is"),
        ("source", ["canvas"], "The field 'source' is"),
    ],
)
def test_a_wrong_field_of_an_export_is_named(
    tmp_path: Path, field: str, value: object, message: str
) -> None:
    item = {**EXPORTED, "label": 7, "strokes": STROKES, field: value}
    refuse(write_text(tmp_path / "a.ndjson", json.dumps(item)), message)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (7, "not an object"),
        ({"strokes": STROKES}, "The label is None"),
        ({"label": 11, "strokes": STROKES}, "The label is 11"),
        ({"label": True, "strokes": STROKES}, "The label is True"),
        ({"label": "cat", "strokes": STROKES}, "The label is 'cat'"),
        ({"label": 7, "strokes": [[[7, 20, 12], [5, 5, 24]]]}, "the third number of a point"),
        ({"label": 7, "drawing": [[[7, 20], [5]]]}, "both of one length"),
        ({"label": 7, "drawing": [[7, 20], [5, 5]]}, "not one of Quick, Draw!"),
        ({"label": 7, "drawing": 3}, "not one of Quick, Draw!"),
        ({"label": 7, "pixels": [0] * 783}, "There are 783 pixels"),
        ({"label": 7, "pixels": ["0"] * 784}, "not all numbers"),
        ({"label": 7, "pixels": [[0], [0, 1]]}, "not a plain list"),
        ({"label": 7, "pixels": [256] * 784}, "The pixels reach from"),
        ({"label": 7, "image": "/data/upload/1.png"}, "not a picture in base64"),
        ({"label": 7}, "The strokes are a list"),
        ({"label": 7, "strokes": [[[1, None]]]}, "."),
        ({"label": 7, "strokes": []}, "Nothing is drawn"),
        ({"label": 7, "strokes": STROKES, "writer": []}, "The writer is not a name"),
        ({"label": 7, "canonical": "AAAA"}, "not 784 bytes in base64"),
        ({"label": 7, "canonical": "?"}, "not 784 bytes in base64"),
    ],
)
def test_a_wrong_drawing_is_named_by_its_number_or_line(
    tmp_path: Path, item: object, message: str
) -> None:
    good = {"label": 3, "strokes": STROKES}
    refuse(write_text(tmp_path / "a.json", json.dumps([good, item])), f"Drawing 2: .*{message}")
    lines = write_text(tmp_path / "a.ndjson", f"{json.dumps(good)}\n{json.dumps(item)}\n")
    assert refuse(lines, message).line == 2


def test_json_that_breaks_off_is_named_with_its_line(tmp_path: Path) -> None:
    error = refuse(write_text(tmp_path / "a.json", '[\n{"label": 3,'), "This is not JSON")
    assert error.line == 2


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "[" + "9" * 5_000 + "]", "{}", "[]"],
)
def test_json_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    refuse(write_text(tmp_path / "a.json", text), "JSON")


def test_nan_among_the_strokes_is_refused(tmp_path: Path) -> None:
    text = '[{"label": 7, "strokes": [[[NaN, 1]]]}]'
    refuse(write_text(tmp_path / "a.json", text), "Drawing 1: ")


def test_ndjson_without_a_line_is_refused(tmp_path: Path) -> None:
    refuse(write_text(tmp_path / "a.ndjson", "\n\n"), "The file is empty")


def test_gigantic_json_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_JSON", 100)
    refuse(write_text(tmp_path / "a.json", "[" + " " * 200 + "]"), "larger than 100 bytes")


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    refuse(write_text(tmp_path / "a.xyz", "seven"), "The format is unknown; known are a csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "a web page, perhaps one to sign in"),
        (b"MATLAB 5.0 MAT-file", "a MATLAB file. Save it as an npz"),
        (b"@RELATION mnist_784", "an ARFF. Save it as a csv"),
        (pickle.dumps([3]), "a pickle: it could run a program. Save it as an npz"),
        (gzip.compress(pickle.dumps([3], 2), mtime=0), "a pickle: it could run a program"),
        (npy(IMAGES), "one array. Save it as an npz"),
        (encode_png(IMAGES[0]), "one picture. The commands read a folder"),
    ],
)
def test_what_is_known_and_not_read_is_told_by_its_content(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    refuse(path, message)


def test_strokes_are_read_from_jsonl(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.jsonl", json.dumps({"label": 3, "strokes": STROKES}))
    assert [drawing.label for drawing in iter_labeled(path)] == [3]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path / "a.csv", "There is no such file")


def test_an_idx_magic_is_big_endian(tmp_path: Path) -> None:
    data = struct.pack("<4I", 0x0803, 2, 28, 28) + IMAGES.tobytes()
    refuse(write_idx(tmp_path, images=data), "The format is unknown, or it is damaged")
