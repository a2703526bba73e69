from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from ml.drawing.raster import centering, interpolate, pen_width, squared_distances


@settings(deadline=None)
@given(
    mask=arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)), reach=st.integers(1, 7)
)
def test_distances_are_those_of_scipy_up_to_their_reach(mask: np.ndarray, reach: int) -> None:
    mask = np.pad(mask, reach, constant_values=True)
    found = squared_distances(mask, reach)
    if mask.all():
        assert (found >= reach**2).all()
    else:
        true = np.rint(ndimage.distance_transform_edt(mask) ** 2)
        assert np.array_equal(np.minimum(found, reach**2), np.minimum(true, reach**2))


def test_many_pictures_are_worked_on_as_one_by_one() -> None:
    masks = np.random.default_rng(0).random((7, 12, 9)) < 0.8
    ink = masks.astype(np.float32)
    far = np.stack([squared_distances(mask, 5) for mask in masks])
    assert np.array_equal(squared_distances(masks, 5), far)
    assert pen_width(ink).tolist() == [pen_width(one) for one in ink]
    rows = ink.sum(axis=2) + 1
    assert centering(rows, 28, 13.5).tolist() == [centering(one, 28, 13.5) for one in rows]


def test_the_width_of_a_straight_line_is_estimated_within_a_quarter() -> None:
    line = np.zeros((40, 40), np.float32)
    line[:, 10:16] = 1
    assert pen_width(line) == pytest.approx(6, rel=0.25)
    assert pen_width(np.zeros((40, 40), np.float32)) == 0


def test_between_pixels_a_picture_is_read_bilinearly() -> None:
    ramp = np.array([[[0, 1], [2, 3]], [[0, 10], [20, 30]]], np.float32)
    half = np.array([0.5, 0.5], np.float32)
    assert interpolate(ramp, np.array([0, 1]), half, half).tolist() == [1.5, 15]
