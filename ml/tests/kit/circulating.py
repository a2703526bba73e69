"""Ten labeled digits in the files in which such data circulates, made for the tests."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from ml.tests.kit.drawings import DIGITS, encode
from ml.tests.kit.hostile import npy, zip_of
from ml.tests.kit.labeled import digit_pixels, idx

Content = bytes | dict[str, bytes]
"""A file, or the files of a folder."""

IMAGES = np.stack([digit_pixels(label) for label in range(10)])
FLAT = [image.ravel().tolist() for image in IMAGES]
ROWS = [[label, *pixels] for label, pixels in enumerate(FLAT)]
FROM_0 = [f"pixel{n}" for n in range(784)]
FROM_1 = [f"pixel{n}" for n in range(1, 785)]
GRID = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
NUMBERS = [str(n) for n in range(785)]


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",", end: str = "\n"
) -> str:
    lines = [header, *rows] if header else rows
    return "".join(delimiter.join(map(str, line)) + end for line in lines)


def write_csvs() -> dict[str, Content]:
    head = ["label", *FROM_0]
    kaggle = table(head, ROWS)
    behind = [[*row[1:], row[0]] for row in ROWS]
    named = [[f"Face{row[0] // 5}-Bold", *row] for row in ROWS]
    floats = [[row[0], *(f"{pixel / 255:.4f}" for pixel in row[1:])] for row in ROWS]
    texts = {
        "kaggle_train.csv": kaggle,
        "1x1.csv": table(["label", *GRID], ROWS),
        "no_header.csv": table([], ROWS),
        "bom.csv": "\ufeff" + kaggle,
        "bom_no_header.csv": "\ufeff" + table([], ROWS),
        "crlf.csv": table(head, ROWS, end="\r\n"),
        "cr_only.csv": table(head, ROWS, end="\r"),
        "semicolon.csv": table(head, ROWS, ";"),
        "tab.tsv": table(head, ROWS, "\t"),
        "no_header_spaces.csv": table([], ROWS, ", "),
        "float01.csv": table(head, floats),
        "float255.csv": table(head, [[row[0], *map(float, row[1:])] for row in ROWS]),
        "float_label.csv": table(head, [[float(row[0]), *row[1:]] for row in ROWS]),
        "pandas_index.csv": table(["", *head], [[row[0], *row] for row in ROWS]),
        "label_0_783.csv": table(["label", *NUMBERS[:-1]], ROWS),
        "pandas_default_columns.csv": table(NUMBERS, ROWS),
        "label_px.csv": table(["label", *(f"px_{n}" for n in range(784))], ROWS),
        "target_first.csv": table(["target", *FROM_0], ROWS),
        "label_last.csv": table([*FROM_0, "label"], behind),
        "openml.csv": table([*FROM_1, "class"], behind),
        "quoted.csv": table(
            [f'"{name}"' for name in head], [[f'"{n}"' for n in row] for row in ROWS]
        ),
        "id_label.csv": table(["id", *head], [[f"train_{row[0]}", *row] for row in ROWS]),
        "tmnist.csv": table(["names", "labels", *NUMBERS[1:]], named),
        "release.csv": table(
            ["id", "split", "writer", "reviewed", *head],
            [[row[0], "train", f"w-{row[0] // 5}", "True", *row] for row in ROWS],
        ),
        "kaggle_test.csv": table(FROM_0, FLAT),
        "no_header_unlabeled.csv": table([], FLAT),
        "labels_over_9.csv": table([], [[row[0] + 26, *row[1:]] for row in ROWS]),
        "letter.csv": table(["names", "labels", *NUMBERS[1:]], [["A", "A", *FLAT[0]]]),
        "submission.csv": table(["ImageId", "Label"], [[row[0] + 1, row[0]] for row in ROWS]),
        "label_missing.csv": table(head, [["", *FLAT[0]]]),
        "optdigits.csv": table([], [[*row[1:65], row[0]] for row in ROWS]),
        "usps.train": table([], [[row[0], *row[1:257]] for row in ROWS], " "),
        "usps.libsvm": "".join(f"{label + 1} 1:-1.0 2:0.5 256:-1\n" for label in range(10)),
    }
    return {
        **{name: text.encode() for name, text in texts.items()},
        "utf16_excel.csv": table(head, ROWS, "\t").encode("utf-16"),
        "kaggle_train.csv.gz": gzip.compress(kaggle.encode()),
        "kaggle_train.csv.bz2": bz2.compress(kaggle.encode()),
        "kaggle_train.csv.xz": lzma.compress(kaggle.encode()),
        "train.csv.zip": zip_of({"train.csv": kaggle.encode()}),
        "kaggle_both.zip": zip_of(
            {
                "train.csv": kaggle.encode(),
                "test.csv": texts["kaggle_test.csv"].encode(),
                "sample_submission.csv": texts["submission.csv"].encode(),
            }
        ),
        "mnist_in_csv.zip": zip_of(
            {
                "mnist_train.csv": table(head, ROWS[:6]).encode(),
                "mnist_test.csv": table(head, ROWS[6:]).encode(),
            }
        ),
    }


def npz(*arrays: Any, **named: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, *arrays, **named)
    return buffer.getvalue()


def write_npzs() -> dict[str, Content]:
    y = np.arange(10)
    texts = np.array([str(label) for label in y], dtype=object)
    halves = {"x_train": IMAGES[:6], "y_train": y[:6], "x_test": IMAGES[6:], "y_test": y[6:]}
    return {
        "xy.npz": npz(x=IMAGES, y=y),
        "keras.npz": npz(**halves),
        "channel_last.npz": npz(x=IMAGES[..., None], y=y),
        "channel_first.npz": npz(x=IMAGES[:, None], y=y),
        "flat784.npz": npz(x=IMAGES.reshape(10, 784), y=y),
        "float01.npz": npz(x=(IMAGES / 255).astype(np.float32), y=y),
        "float255.npz": npz(x=IMAGES.astype(float), y=y),
        "int64.npz": npz(x=IMAGES.astype(np.int64), y=y),
        "onehot.npz": npz(x=IMAGES, y=np.eye(10, dtype=np.float32)[y]),
        "float_y.npz": npz(x=IMAGES, y=y.astype(np.float32)),
        "text_y.npz": npz(x=IMAGES, y=y.astype(str)),
        "column_y.npz": npz(x=IMAGES, y=y[:, None]),
        "images_labels.npz": npz(images=IMAGES, labels=y),
        "medmnist.npz": npz(train_images=IMAGES, train_labels=y[:, None]),
        "capitals.npz": npz(X=IMAGES, Y=y),
        "no_names.npz": npz(IMAGES, y),
        "data_target.npz": npz(data=IMAGES, target=y),
        "rgb.npz": npz(x=np.repeat(IMAGES[..., None], 3, -1), y=y),
        "x_only.npz": npz(x=IMAGES),
        "object_y.npz": npz(x=IMAGES, y=texts),
        "x.npy": npy(IMAGES),
    }


def write_idxs() -> dict[str, Content]:
    images, labels = idx(10, 28, 28, data=IMAGES.tobytes()), idx(10, data=bytes(range(10)))
    columns = np.zeros((10, 8), ">i4")
    columns[:, 0] = np.arange(10)
    floats = (IMAGES / 255).astype(">f4").tobytes()
    first, second = slice(0, 6), slice(6, 10)
    return {
        "plain": {"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels},
        "gz": {
            "t10k-images-idx3-ubyte.gz": gzip.compress(images),
            "t10k-labels-idx1-ubyte.gz": gzip.compress(labels),
        },
        "dot": {"t10k-images.idx3-ubyte": images, "t10k-labels.idx1-ubyte": labels},
        "both": {
            "train-images-idx3-ubyte": idx(6, 28, 28, data=IMAGES[first].tobytes()),
            "train-labels-idx1-ubyte": idx(6, data=bytes(range(6))),
            "t10k-images-idx3-ubyte": idx(4, 28, 28, data=IMAGES[second].tobytes()),
            "t10k-labels-idx1-ubyte": idx(4, data=bytes(range(6, 10))),
        },
        "torchvision": {
            f"MNIST/raw/{name}{ending}": pack(content)
            for ending, pack in (("", bytes), (".gz", gzip.compress))
            for name, content in (
                ("train-images-idx3-ubyte", images),
                ("train-labels-idx1-ubyte", labels),
            )
        },
        "float": {
            "train-images-idx3-ubyte": idx(10, 28, 28, data=floats, magic=0x0D03),
            "train-labels-idx1-ubyte": labels,
        },
        "qmnist": {
            "qmnist-test-images-idx3-ubyte.gz": gzip.compress(images),
            "qmnist-test-labels-idx2-int.gz": gzip.compress(
                struct.pack(">3I", 0x0C02, 10, 8) + columns.tobytes()
            ),
        },
        "no_name": {"images.idx": images, "labels.idx": labels},
        "windows": {
            "train-images.idx3-ubyte.idx": images,
            "train-labels.idx1-ubyte.idx": labels,
        },
        "labels_more": {
            "train-images-idx3-ubyte": images,
            "train-labels-idx1-ubyte": labels,
            "t10k-labels-idx1-ubyte": labels,
        },
        "labels_alone": {"train-labels-idx1-ubyte": labels},
        "images_alone": {"train-images-idx3-ubyte": images},
        "t-labels-idx1-ubyte": labels,
    }


def picture(label: int, file_format: str = "PNG") -> bytes:
    return encode(Image.fromarray(IMAGES[label]), file_format)


def tree(name: Callable[[int], str], file_format: str = "PNG") -> dict[str, bytes]:
    """Write a picture of each digit under its name."""
    return {name(label): picture(label, file_format) for label in range(10)}


def tar(files: dict[str, bytes], mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def write_folders() -> dict[str, Content]:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    german = ["Null", "Eins", "Zwei", "Drei", "Vier", "Fünf", "Sechs", "Sieben", "Acht", "Neun"]
    plain = tree(lambda label: f"{label}/{label}.png")
    junk = {".DS_Store": b"x", "0/Thumbs.db": b"x", "1/._1.png": b"x", "README.txt": b"Hello"}
    mac = {f"digits/{name}": content for name, content in {**plain, **junk}.items()}
    mac |= {f"__MACOSX/{name}": b"x" for name in mac}
    listed = tree(lambda label: f"images/{label:03d}.png")
    rows = [[f"{label:03d}.png", label] for label in range(10)]
    flags = [
        [f"flagged/Draw a digit/{label}.png", label, "Correct", "2024-01-01 00:00:00"]
        for label in range(10)
    ]
    flagged = tree(lambda label: f"Draw a digit/{label}.png")
    head = ["Draw a digit", "Prediction", "flag", "timestamp"]
    wrong = ["flagged/Draw a digit/x.png", 3, "Incorrect", "2024-01-01 00:00:00"]
    return {
        "folders": plain,
        "junk": {**plain, **junk},
        "upper": tree(lambda label: f"{label}/IMG_{label}.JPG", "JPEG"),
        "nested": tree(lambda label: f"{'test' if label > 5 else 'train'}/{label}/1.png"),
        "writers": tree(lambda label: f"writer{label // 5:02d}/{label}/1.png"),
        "images_below": tree(lambda label: f"{label}/images/1.png"),
        "sample001": tree(lambda label: f"Sample{label + 1:03d}/img{label + 1:03d}-00001.png"),
        "words": tree(lambda label: f"{words[label]}/1.png"),
        "german": tree(lambda label: f"{german[label]}/1.png"),
        "nist_hex": tree(lambda label: f"{0x30 + label:02x}/1.png"),
        "digit_prefix": tree(lambda label: f"digit_{label}/1.png"),
        "zero_padded": tree(lambda label: f"{label:02d}/1.png"),
        "named": tree(lambda label: f"{label}_001.png"),
        "bmp": tree(lambda label: f"{label}/1.bmp", "BMP"),
        "gif": tree(lambda label: f"{label}/1.gif", "GIF"),
        "webp": tree(lambda label: f"{label}/1.webp", "WEBP"),
        "class_10": {**plain, "10/a.png": picture(0)},
        "letters_too": {**plain, "A/a.png": picture(0), "B/b.png": picture(0)},
        "mixed": {**plain, "3/3.tif": picture(3, "TIFF"), "4/4.tif": picture(4, "TIFF")},
        "csv_beside": {**listed, "labels.csv": table(["filename", "label"], rows).encode()},
        "csv_with_gaps": {
            **listed,
            "images/more.png": picture(3),
            "labels.csv": table(["file", "label"], [*rows, ["lost.png", 3]]).encode(),
        },
        "gradio": {**flagged, "dataset1.csv": table(head, [*flags, wrong]).encode()},
        "macos.zip": zip_of(mac),
        "folder.zip": zip_of(plain),
        "folder.tar": tar(plain, ""),
        "folder.tar.gz": tar(mac, "gz"),
        "folder.tar.bz2": tar(plain, "bz2"),
        "folder.tar.xz": tar(plain, "xz"),
        "csv.tar.gz": tar({"data/train.csv": table([], ROWS).encode()}, "gz"),
        "tif": tree(lambda label: f"{label}/1.tif", "TIFF"),
        "unlabeled.zip": zip_of({"test.csv": table(FROM_0, FLAT).encode()}),
        "pictures_of_the_text": {"1_plot.png": picture(1), "overview.png": picture(2)},
        "many_jsons": {
            f"{label}.json": json.dumps([{"label": label, "pixels": FLAT[label]}]).encode()
            for label in range(10)
        },
        "no_labels": {"cat/1.png": picture(3), "dog/1.png": picture(3)},
        "npz.zip": zip_of({"a.npz": npz(x=IMAGES, y=np.arange(10))}),
        "empty": {},
        "list.csv": table(["filename", "label"], rows).encode(),
        "one.png": picture(3),
    }


def write_jsons() -> dict[str, bytes]:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    strokes = [[[list(point) for point in stroke] for stroke in DIGITS[n]] for n in range(10)]
    items = [{"label": label, "strokes": strokes[label]} for label in range(10)]
    lines = "\n".join(map(json.dumps, items))
    base = [base64.b64encode(picture(label)).decode() for label in range(10)]
    url = [f"data:image/png;base64,{text}" for text in base]

    def quick(label: int, *, raw: bool) -> dict[str, Any]:
        columns = [
            [*map(list, zip(*(point[:2] for point in stroke), strict=True))]
            for stroke in strokes[label]
        ]
        if raw:
            columns = [[*column, list(range(len(column[0])))] for column in columns]
        return {"key_id": "5000000000000000", "word": words[label], "drawing": columns}

    def study(label: int) -> dict[str, Any]:
        result = {"value": {"choices": [str(label)]}, "type": "choices"}
        return {"id": label, "annotations": [{"result": [result]}], "data": {"image": url[label]}}

    def points(label: int) -> list[Any]:
        return [[{"x": x, "y": y, "t": 1} for x, y, *_ in stroke] for stroke in strokes[label]]

    two = study(3)
    two["annotations"].append({"result": [{"value": {"choices": ["5"]}}]})
    lists: dict[str, list[Any] | dict[str, Any]] = {
        "strokes.json": items,
        "text_labels.json": [{**item, "label": str(item["label"])} for item in items],
        "wrapped.json": {"version": 1, "drawings": items},
        "xy_objects.json": [{"label": n, "strokes": points(n)} for n in range(10)],
        "image_label.json": [{"label": n, "image": url[n]} for n in range(10)],
        "image_digit.json": [{"id": n, "digit": str(n), "image": base[n]} for n in range(10)],
        "pixels_label.json": [{"label": n, "pixels": FLAT[n]} for n in range(10)],
        "label_studio.json": [study(n) for n in range(10)],
        "two_annotations.json": [two],
        "data_only.json": {"data": [0.5] * 784},
        "columns.json": [{"label": 7, "strokes": [[[7, 20, 12], [5, 5, 24]]]}],
    }
    return {
        **{name: json.dumps(content).encode() for name, content in lists.items()},
        "indented.json": json.dumps(lists["wrapped.json"], indent=1).encode(),
        "strokes.jsonl": lines.encode(),
        "bom.ndjson": b"\xef\xbb\xbf" + lines.replace("\n", "\r\n").encode(),
        "bom.json": b"\xef\xbb\xbf" + json.dumps(items).encode(),
        "lines.txt.gz": gzip.compress(lines.encode()),
        **{
            f"quickdraw{'_raw' * raw}.ndjson": "\n".join(
                json.dumps(quick(label, raw=raw)) for label in range(10)
            ).encode()
            for raw in (False, True)
        },
    }


def write_foreign() -> dict[str, Content]:
    return {
        "lfs_pointer.csv": b"version https://git-lfs.github.com/spec/v1\n",
        "login_page.csv": b"<!doctype html><html><head><title>Sign in</title></head></html>\n",
        "mnist.parquet": b"PAR1",
        "mnist.mat": b"MATLAB 5.0 MAT-file",
        "mnist.arff": b"@RELATION mnist_784\n",
        "mnist.pkl.gz": gzip.compress(pickle.dumps([3])),
        "mnist.h5": b"\x89HDF\r\n\x1a\n",
    }


CASES = {
    **write_csvs(),
    **write_npzs(),
    **write_idxs(),
    **write_folders(),
    **write_jsons(),
    **write_foreign(),
}
