"""Many pictures at once are the same digits as one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.drawing.batches import canonical_digits, canonical_inks
from ml.drawing.canonical import Digits, canonical_digit
from ml.drawing.pictures import ink_from_pixels
from ml.drawing.strokes import ink_from_strokes
from ml.errors import BlankDrawing, InvalidDrawing, InvalidItem
from ml.labeled.rows import read_rows
from ml.writing.augmentation import enlarge
from ml.writing.pen import write_digits, write_strokes

FACES = Path(__file__).resolve().parents[3] / "fixtures" / "tmnist.csv.gz"


def one_by_one(pixels: NDArray[np.uint8]) -> Digits:
    """Read each picture by itself."""
    return np.stack([canonical_digit(ink_from_pixels(picture)) for picture in pixels])


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.uint8]:
    """Return digits of a pen as they are, moved, smaller, faint, dotted, framed, ruled, dark."""
    rng = np.random.default_rng(0)
    digits = np.stack(
        [canonical_digit(ink_from_strokes(write_strokes(n % 10, rng))) for n in range(60)]
    )
    return np.concatenate([digits, *_altered(digits)])


def _altered(digits: Digits) -> list[NDArray[np.uint8]]:
    moved = np.roll(digits, (-4, 3), axis=(1, 2))
    smaller = np.zeros_like(digits)
    smaller[:, 5:19, 7:21] = digits[:, ::2, ::2]
    dotted = digits.copy()
    dotted[:, 1, 1:3] = 255
    framed = digits.copy()
    framed[:, [0, -1], :] = framed[:, :, [0, -1]] = 200
    ruled = digits.copy()
    ruled[:, 24] = 255
    faint = digits // 8
    return [moved, smaller, dotted, framed, ruled, faint, 255 - digits, 200 - digits // 2]


def test_a_batch_gives_the_same_digits_as_one_by_one_to_the_bit(
    pictures: NDArray[np.uint8],
) -> None:
    assert np.array_equal(canonical_digits(pictures), one_by_one(pictures))


def test_faces_with_thin_and_thick_pens_are_the_same_to_the_bit() -> None:
    faces = next(read_rows(FACES)).images[:300]
    assert np.array_equal(canonical_digits(faces), one_by_one(faces))


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0.0, 1.0),
    paper=st.integers(0, 255),
    box=st.tuples(*[st.integers(0, 14)] * 2, *[st.integers(14, 28)] * 2),
)
def test_any_picture_gives_the_same_digit_or_error_in_a_batch(
    seed: int, share: float, paper: int, box: tuple[int, int, int, int]
) -> None:
    rng = np.random.default_rng(seed)
    picture = np.full((28, 28), paper, np.uint8)
    part = picture[box[0] : box[2], box[1] : box[3]]
    part[rng.random(part.shape) < share] = rng.integers(0, 256)
    try:
        expected = one_by_one(picture[None])
    except InvalidDrawing as error:
        with pytest.raises(InvalidItem, match=str(error)):
            canonical_digits(picture[None])
    else:
        assert np.array_equal(canonical_digits(picture[None]), expected)


def test_an_empty_batch_gives_an_empty_array() -> None:
    assert canonical_digits(np.zeros((0, 28, 28), np.uint8)).shape == (0, 28, 28)


def test_the_error_names_the_first_blank_picture_of_a_batch(pictures: NDArray[np.uint8]) -> None:
    batch = pictures[:5].copy()
    batch[[2, 4]] = 9
    with pytest.raises(InvalidItem) as caught:
        canonical_digits(batch)
    assert caught.value.index == 2
    assert isinstance(caught.value.reason, BlankDrawing)


def test_stacks_of_ink_become_the_digits_of_single_pictures() -> None:
    rng = np.random.default_rng(3)
    faces = write_digits(150, 3)[0]
    ink = rng.uniform(0.5, 1, (len(faces), 1, 1)).astype(np.float32) * enlarge(faces)
    ink[0] = 0
    ink[1, :40], ink[1, 40:43, 40:43], ink[1, 43:] = 0, 1, 0  # smaller than a canonical digit
    ink[2, 20:60, 20:60] = 1  # a pen that is too thick
    digits = canonical_inks(ink)
    assert not digits[0].any()
    singles = np.stack([canonical_digit(picture) for picture in ink[1:]])
    assert np.abs(digits[1:] - singles.astype(int)).max() <= 1
    assert (digits[1:] != singles).mean() < 1e-4
    np.testing.assert_array_equal(digits[1:3], singles[:2])
    np.testing.assert_array_equal(canonical_inks(ink[5:9]), digits[5:9])
