from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.drawing.raster import pen_width
from ml.tests.kit.drawings import DIGITS, canonical, difference
from ml.writing.augmentation import (
    CHUNK,
    TYPEFACE,
    AugmentationSettings,
    augment,
    augment_once,
    change_rim,
    enlarge,
)
from ml.writing.scanning import coarsen
from ml.writing.skeleton import skeletonize

STILL = AugmentationSettings(
    rotation_degrees=0,
    slant_mean=0,
    slant=0,
    stretch_x=0,
    stretch_y=0,
    warp=0,
    skeleton_share=0,
    rim_share=0,
    blur=(0, 0),
    contrast=1,
)


def all_digits() -> NDArray[np.uint8]:
    return np.stack([canonical(digit) for digit in DIGITS])


def test_copies_stand_in_the_order_of_their_digits() -> None:
    copies = augment(all_digits(), 3, seed=1, settings=STILL)
    assert copies.shape == (30, 28, 28)
    for index, copy in enumerate(copies):
        assert difference(canonical(index // 3), copy) < 0.15


def test_settings_without_change_leave_the_digit_as_it_was() -> None:
    for before, after in zip(all_digits(), augment(all_digits(), 1, 0, STILL), strict=True):
        assert difference(before, after) < 0.15


def test_copies_differ_from_each_other() -> None:
    copies = augment(all_digits(), 2, seed=1)
    assert not np.array_equal(copies[::2], copies[1::2])


def test_the_same_seed_makes_the_same_copies_whatever_the_number_of_processes() -> None:
    digits = np.tile(all_digits(), (CHUNK // 10 + 1, 1, 1))
    one = augment(digits, 1, seed=5)
    np.testing.assert_array_equal(one, augment(digits, 1, seed=5, jobs=2))
    assert not np.array_equal(one, augment(digits, 1, seed=6))


def test_the_progress_of_augmentation_ends_at_1() -> None:
    seen: list[float] = []
    augment(np.tile(all_digits(), (60, 1, 1)), 1, seed=0, settings=STILL, report=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_an_empty_set_of_digits_has_no_copies() -> None:
    assert augment(np.empty((0, 28, 28), np.uint8), 4, seed=0).shape == (0, 28, 28)


@pytest.mark.parametrize("share", ["skeleton_share", "rim_share"])
def test_the_pen_gets_the_width_that_is_asked_for(share: str) -> None:
    for width in (2.0, 4.0):
        settings = dataclasses.replace(STILL, pen_widths=(width, width))
        settings = dataclasses.replace(settings, **{share: 1.0})  # type: ignore[arg-type]
        digits = augment(all_digits()[[1, 2, 3, 7]], 1, seed=0, settings=settings)
        measured = np.mean([pen_width(digit.astype(np.float32) / 255) for digit in digits])
        assert measured == pytest.approx(width, abs=0.7)


def test_a_digit_of_one_pixel_survives_augmentation() -> None:
    dot = np.zeros((1, 28, 28), np.uint8)
    dot[0, 14, 14] = 255
    assert augment(dot, 50, seed=0).any(axis=(1, 2)).all()


def test_a_skeleton_is_thin_connected_and_inside() -> None:
    masks = enlarge(all_digits()) > 0.5
    lines = skeletonize(masks)
    assert not (lines & ~masks).any()
    assert lines.sum() < 0.35 * masks.sum()
    blocks = (
        lines[:, 1:, 1:] & lines[:, :-1, 1:] & lines[:, 1:, :-1] & lines[:, :-1, :-1]
    )  # a filled 2 x 2 block is not thin
    assert blocks.sum() <= 2


def test_a_ring_thins_to_a_ring() -> None:
    y, x = np.mgrid[:40, :40] - 20
    ring = (np.hypot(y, x) < 15) & (np.hypot(y, x) > 9)
    line = skeletonize(ring[None])[0]
    radius = np.hypot(y, x)[line]
    assert np.ptp(np.arctan2(y[line], x[line])) > 6
    assert abs(radius - 12).max() <= 2


def test_thinning_does_not_break_a_thin_line() -> None:
    line = enlarge(all_digits())[1:2] > 0.5
    thinner = change_rim(line, np.array([0.1]))
    rows = np.flatnonzero(line[0].any(axis=1))
    assert (thinner[0, rows[2:-2]].max(axis=1) > 0.2).all()


def test_typefaces_are_changed_but_stay_readable_shapes() -> None:
    copies = augment_once(np.repeat(all_digits(), 20, axis=0), np.random.default_rng(0), TYPEFACE)
    inked = (copies > 127).mean(axis=(1, 2))
    assert inked.min() > 0.02
    assert inked.max() < 0.5


def test_a_gray_hairline_does_not_break() -> None:
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 4:24, 14] = 90
    image[0, 4, 11:18] = 255
    image[0, 23, 11:18] = 255
    for copy in augment(image, 20, seed=0):
        rows = np.flatnonzero(copy.any(axis=1))
        assert (copy[rows[0] : rows[-1]].max(axis=1) > 60).all()


def test_a_coarse_grid_keeps_the_ink_of_a_digit_and_its_place() -> None:
    ink = all_digits().astype(np.float32) / np.float32(255)
    coarse = coarsen(ink, np.random.default_rng(0), 1.0, (14, 14))
    assert 0 <= coarse.min() <= coarse.max() <= 1
    assert not np.array_equal(coarse, ink)
    position = np.arange(28)
    for before, after in zip(ink, coarse, strict=True):
        for axis in (0, 1):
            here, there = (
                picture.sum(axis=axis) @ position / picture.sum() for picture in (before, after)
            )
            assert there == pytest.approx(here, abs=0.8)


def test_some_coarse_pictures_are_black_and_white() -> None:
    ink = np.repeat(all_digits()[4:5].astype(np.float32) / np.float32(255), 40, axis=0)
    coarse = coarsen(ink, np.random.default_rng(0), 1.0, (20, 20))
    gray = ((coarse > 0.25) & (coarse < 0.75)).sum(axis=(1, 2))
    assert 5 < (coarse.max(axis=(1, 2)) == 1).sum() < 40
    assert np.ptp(gray) > 0


def test_a_share_of_0_coarsens_nothing() -> None:
    ink = all_digits().astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(coarsen(ink, np.random.default_rng(0), 0.0, (7, 18)), ink)
