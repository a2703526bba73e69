from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ml.drawing.canonical import canonical_digit
from ml.drawing.strokes import PAD_SIZE, ink_from_strokes, parse_strokes
from ml.tests.kit.drawings import DIGITS, difference
from ml.writing.pen import HANDS, PEN, trace, write_digits, write_strokes
from ml.writing.variants.notation import Variant
from ml.writing.variants.table import PLACES, VARIANTS, variants_of

NEAT = dataclasses.replace(
    PEN, jitter=0, rotation_degrees=0, slant_mean=0, slant=0, stretch=0, squashed=0, warp=0, wave=0,
    looped=0, cut=0, rounded=0,
)  # fmt: skip


def test_names_of_variants_are_unique_and_every_digit_has_several() -> None:
    names = [(variant.digit, variant.name) for variant in VARIANTS]
    assert len(set(names)) == len(names)
    for digit in range(10):
        assert sum(variant.digit == digit for variant in VARIANTS) >= 7


@pytest.mark.parametrize("place", PLACES)
def test_hands_of_each_place_have_ways_of_their_own_for_several_digits(place: str) -> None:
    assert len({variant.digit for variant in variants_of(place)}) >= 3
    assert len(variants_of(place)) < len(VARIANTS) / 5


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: f"{v.digit} {v.name}")
def test_every_variant_fits_its_frame_and_has_a_note(variant: Variant) -> None:
    assert variant.share > 0
    assert variant.note.endswith(".")
    lines = trace(variant, 40, np.random.default_rng(0), NEAT)
    points = np.concatenate(lines, axis=1)
    assert points.shape[0] == 40
    assert np.isfinite(points).all()
    assert np.ptp(points[..., 1], axis=1).min() > 0.7
    assert np.ptp(points[..., 1], axis=1).max() < 1.7
    assert np.ptp(points[..., 0], axis=1).max() < 1.8


def test_each_digit_is_written_about_as_often_with_its_label() -> None:
    images, labels = write_digits(3000, seed=1)
    assert images.shape == (3000, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels, minlength=10).min() > 230
    assert (images.max(axis=(1, 2)) > 200).all()


def test_variants_are_written_by_their_shares() -> None:
    one = next(v for v in VARIANTS if (v.digit, v.name) == (1, "bar"))
    seven = next(v for v in VARIANTS if (v.digit, v.name) == (7, "crossed"))
    _, labels = write_digits(400, seed=0, variants=(one, dataclasses.replace(seven, digit=1)))
    assert set(labels.tolist()) == {1}


def test_the_same_seed_writes_the_same_whatever_the_number_of_processes() -> None:
    count = 10 * HANDS
    images, labels = write_digits(count, seed=3)
    again, labels_again = write_digits(count, seed=3, jobs=2)
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, labels_again)
    other, _ = write_digits(count, seed=4)
    assert not np.array_equal(images, other)


def test_writing_0_digits_gives_empty_arrays() -> None:
    images, labels = write_digits(0, seed=0)
    assert images.shape == (0, 28, 28)
    assert labels.shape == (0,)


def test_the_progress_of_writing_ends_at_1() -> None:
    seen: list[float] = []
    write_digits(500, seed=0, report=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1


@pytest.mark.parametrize("digit", DIGITS)
def test_written_strokes_fit_the_pad_and_are_valid(digit: int) -> None:
    rng = np.random.default_rng(digit)
    strokes = write_strokes(digit, rng)
    assert parse_strokes(strokes) == strokes
    points = np.array([point for stroke in strokes for point in stroke])
    assert points.min() >= 0
    assert points.max() <= PAD_SIZE
    assert np.ptp(points, axis=0).max() == pytest.approx(0.7 * PAD_SIZE, abs=0.2)


def test_ink_and_strokes_of_one_hand_are_the_same_digit() -> None:
    plain = next(v for v in VARIANTS if (v.digit, v.name) == (7, "plain"))
    settings = dataclasses.replace(
        NEAT, pen_widths=(2.6, 2.6), trimmed=0, tapered=0, blur=(0, 0), contrast=1
    )
    still = dataclasses.replace(
        plain, knobs={name: (sum(r) / 2,) * 2 for name, r in plain.knobs.items()}
    )
    images, _ = write_digits(1, seed=0, settings=settings, variants=(still,))
    line = trace(still, 1, np.random.default_rng(0), settings)[0][0]
    assert difference(images[0], canonical_digit(ink_from_strokes([line.tolist()]))) < 0.2
