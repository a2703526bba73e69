from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ml.pipeline import NOT_A_DIGIT
from ml.writing.non_digits import CALM_PEN
from ml.writing.pen import PEN, ink_variant, trace
from ml.writing.scribbles import BARE_SIGNS, KINDS, PAIR_SHARE, PAIRS, sharp, turned
from ml.writing.variants.notation import CORNER, Variant

NEAT = dataclasses.replace(
    PEN, jitter=0, rotation_degrees=0, slant_mean=0, slant=0, stretch=0, wave=0, looped=0, cut=0,
    rounded=0,
)  # fmt: skip
SINGLE = [kind for kind in KINDS if kind not in PAIRS]


def test_names_of_scribbles_are_unique() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_no_kind_is_labeled_as_a_digit() -> None:
    assert {kind.digit for kind in KINDS} == {NOT_A_DIGIT}


def test_the_pairs_are_all_pairs_of_digits_and_have_their_share_together() -> None:
    assert len(PAIRS) == 100
    assert sum(kind.share for kind in PAIRS) == pytest.approx(PAIR_SHARE)


@pytest.mark.parametrize("kind", [*SINGLE, *PAIRS[::11]], ids=lambda kind: kind.name)
def test_every_kind_of_scribble_can_be_drawn_and_has_a_note(kind: Variant) -> None:
    assert kind.share > 0
    assert kind.note.endswith(".")
    points = np.concatenate(trace(kind, 30, np.random.default_rng(0), NEAT), axis=1)
    assert points.shape[0] == 30
    assert np.isfinite(points).all()
    assert np.ptp(points, axis=1).max(axis=1).min() > 0.2
    assert np.ptp(points, axis=1).max() < 2.6


def test_a_pair_is_wider_than_one_digit_and_its_digits_keep_apart() -> None:
    seven = next(kind for kind in PAIRS if kind.name == "0 and 7")
    left, right, *_ = trace(seven, 50, np.random.default_rng(0), NEAT)
    assert (left[..., 0].max(axis=1) < right[..., 0].max(axis=1)).all()
    assert np.ptp(np.concatenate([left, right], axis=1)[..., 0], axis=1).min() > 1.2


def test_a_dash_is_never_as_steep_as_a_one() -> None:
    dash = next(kind for kind in KINDS if kind.name == "dash")
    points = trace(dash, 200, np.random.default_rng(0), NEAT)[0]
    width, height = np.ptp(points, axis=1).T
    assert (height < 0.75 * width).all()


@pytest.mark.parametrize(("name", "side"), [("slash", -1), ("backslash", 1)])
def test_calm_hands_draw_slashes_flatter_than_a_one_leans(name: str, side: int) -> None:
    slash = next(kind for kind in BARE_SIGNS if kind.name == name)
    points = trace(slash, 400, np.random.default_rng(0), CALM_PEN)[0]
    run, rise = (points[:, -1] - points[:, 0]).T
    slopes = np.degrees(np.arctan2(side * rise, run))
    assert ((slopes > 5) & (slopes < 60)).mean() > 0.97


def test_the_head_of_a_comma_is_wider_than_its_tail() -> None:
    comma = next(kind for kind in BARE_SIGNS if kind.name == "comma")
    images = ink_variant(comma, 60, np.random.default_rng(0), CALM_PEN)
    heads = np.array([image[4:14].max(axis=0).nonzero()[0].size for image in images])
    tails = np.array([(image[19:22] > 127).sum(axis=1).max() for image in images])
    assert (heads > tails).mean() > 0.9


def test_strokes_are_turned_about_the_middle_and_corners_stay_corners() -> None:
    ((start, corner, _),) = turned([[(0, 0.5), (0.5, 0.5, CORNER), (1, 0.5)]], 90)
    assert start == pytest.approx((0.5, 0))
    assert corner[2] == CORNER


def test_all_points_but_the_ends_of_a_sharp_stroke_are_corners() -> None:
    assert sharp([(0, 0), (1, 0), (1, 1)]) == [(0, 0), (1, 0, CORNER), (1, 1)]
