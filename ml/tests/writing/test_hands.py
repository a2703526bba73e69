"""Hands of the synthetic pen."""

from __future__ import annotations

import numpy as np

from ml.drawing.canonical import canonical_digit
from ml.drawing.strokes import PAD_SIZE, ink_from_strokes, parse_strokes
from ml.pipeline import NOT_A_DIGIT
from ml.writing.hands import make_hand


def test_a_hand_is_nearer_to_itself_than_to_others() -> None:
    rng = np.random.default_rng(0)
    hands = [make_hand(rng) for _ in range(6)]
    written = np.array(
        [
            [canonical_digit(ink_from_strokes(hand.write(4, rng))) / 255.0 for _ in range(5)]
            for hand in hands
        ]
    )  # (hands, times, 28, 28)
    own = np.abs(written[:, :-1] - written[:, 1:]).sum(axis=(2, 3)).mean()
    others = np.abs(written[:-1] - written[1:]).sum(axis=(2, 3)).mean()
    assert own < 0.7 * others


def test_what_a_hand_writes_or_scribbles_is_on_the_pad() -> None:
    rng = np.random.default_rng(1)
    hand = make_hand(rng)
    for what in (*range(10), NOT_A_DIGIT):
        strokes = hand.write(what, rng)
        assert parse_strokes(strokes) == strokes
        points = np.concatenate([np.array(stroke) for stroke in strokes])
        assert points.min() >= 0
        assert points.max() <= PAD_SIZE
