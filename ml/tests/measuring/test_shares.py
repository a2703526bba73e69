from __future__ import annotations

import pytest

from ml.measuring.shares import stability_index, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (1, 2, 0.0945, 0.9055),
    ],
)
def test_wilsons_interval_is_that_of_the_literature(
    part: int, whole: int, low: float, high: float
) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, and two by hand."""
    assert wilson(part, whole) == pytest.approx((low, high), abs=5e-5)


def test_alike_histograms_have_no_distance_whatever_their_size() -> None:
    assert stability_index([100, 200, 700], [1000, 2000, 7000]) == pytest.approx(0, abs=1e-4)


def test_the_distance_of_a_known_shift_is_that_by_hand() -> None:
    # (0.7 - 0.5) ln(0.7 / 0.5) + (0.3 - 0.5) ln(0.3 / 0.5) = 0.1695
    assert stability_index([50_000, 50_000], [70_000, 30_000]) == pytest.approx(0.1695, abs=1e-4)


def test_a_bin_that_was_empty_does_not_make_the_distance_infinite() -> None:
    assert 0.2 < stability_index([0, 1000], [300, 700]) < 5
