"""A person's memory changes what is like it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from ml import artifacts
from ml.drawing.canonical import Digits, canonical_digit
from ml.drawing.strokes import Strokes, ink_from_strokes
from ml.neighbors import Doubts, Memory, PersonalAnswer, ask_memory, direction_of, doubt_labels
from ml.pipeline import NOT_A_DIGIT, hidden_layer, predict, predict_with_hidden, read_with_hidden
from ml.writing.pen import write_digits, write_strokes

ROOF: Strokes = [[[60, 220], [100, 140], [140, 60], [180, 140], [220, 220]]]
"""An eight as it is written in Arabic."""


@pytest.fixture(scope="module")
def bundle() -> Pipeline:
    """Load the model that comes with the project."""
    return artifacts.load(Path(__file__).resolve().parents[2] / "fixtures" / "model.joblib")[0]


def vary(strokes: Strokes, seed: int) -> Digits:
    """Write the same again, a little otherwise: (28, 28)."""
    rng = np.random.default_rng(seed)
    slant = np.eye(2) + rng.normal(0, 0.05, (2, 2))
    moved = [((np.array(line) - 140) @ slant.T + 140).tolist() for line in strokes]
    return canonical_digit(ink_from_strokes(moved))


def remember(bundle: Pipeline, images: Digits, *labels: int) -> Memory:
    rows = images.reshape(len(images), -1)
    return Memory(direction_of(hidden_layer(bundle, rows)), np.array(labels, np.uint8))


def ask(bundle: Pipeline, image: Digits, memory: Memory) -> PersonalAnswer:
    prediction, hidden = predict_with_hidden(bundle, image)
    assert hidden is not None
    return ask_memory(prediction, hidden, memory)


def test_a_way_of_writing_that_was_explained_once_is_read(bundle: Pipeline) -> None:
    asked = vary(ROOF, 1)
    assert predict(bundle, asked[None])[0].digit != 8
    memory = remember(bundle, np.stack([vary(ROOF, 2)]), 8)
    answer = ask(bundle, asked, memory)
    assert (answer.prediction.digit, answer.prediction.is_digit) == (8, True)
    assert answer.deciding == (0,)
    assert answer.share > 0.5


def test_none_is_remembered_as_well(bundle: Pipeline) -> None:
    seven: Strokes = [[[40, 40], [240, 40], [120, 240]]]
    memory = remember(bundle, np.stack([vary(seven, 2)]), NOT_A_DIGIT)
    answer = ask(bundle, vary(seven, 1), memory).prediction
    assert not answer.is_digit
    assert answer.digit == 7


def test_what_is_like_none_of_the_remembered_keeps_the_answer(bundle: Pipeline) -> None:
    memory = remember(bundle, np.stack([vary(ROOF, 2)]), 8)
    for digit in range(10):
        image = vary(write_strokes(digit, np.random.default_rng(digit)), 0)
        own = predict(bundle, image[None])[0]
        answer = ask(bundle, image, memory)
        assert answer.prediction.digit == own.digit
        assert sum(answer.prediction.probabilities) == pytest.approx(1)
        assert 0 <= answer.prediction.strangeness <= 1


def test_the_nearest_that_agree_are_named(bundle: Pipeline) -> None:
    images = np.stack([vary(ROOF, seed) for seed in range(6)])
    memory = remember(bundle, images, 8, 8, 1, 8, 8, 8)
    answer = ask(bundle, images[3], memory)
    assert answer.deciding[0] == 3
    assert len(answer.deciding) == 3
    assert 2 not in answer.deciding


def test_the_hidden_layer_comes_with_the_same_answer(bundle: Pipeline) -> None:
    image = vary(ROOF, 1)
    prediction, hidden = predict_with_hidden(bundle, image)
    assert prediction == predict(bundle, image[None])[0]
    assert hidden is not None
    assert np.array_equal(hidden, hidden_layer(bundle, image.reshape(1, -1))[0])


def doubt(bundle: Pipeline, image: Digits, label: int, memory: Memory | None) -> Doubts:
    reading, hidden = read_with_hidden(bundle, image[None])
    assert hidden is not None
    return doubt_labels(reading, hidden, np.array([label], np.uint8), memory)


def test_where_nothing_is_known_the_model_alone_doubts_a_label(bundle: Pipeline) -> None:
    images, digits = write_digits(600, seed=4)
    reading, hidden = read_with_hidden(bundle, images)
    assert hidden is not None
    right = doubt_labels(reading, hidden, digits, None)
    wrong = doubt_labels(reading, hidden, ((digits + 3) % 10).astype(np.uint8), None)
    assert right.contradicted.mean() < 0.03
    assert wrong.contradicted.mean() > 0.9
    assert (wrong.digits == digits).mean() > 0.9


def test_a_new_style_is_doubted_until_one_like_it_is_known(bundle: Pipeline) -> None:
    asked = vary(ROOF, 1)
    assert doubt(bundle, asked, 8, None).contradicted.all()
    known = remember(bundle, np.stack([vary(ROOF, 2)]), 8)
    assert not doubt(bundle, asked, 8, known).contradicted.any()
    assert doubt(bundle, asked, 3, known).contradicted.all()


def test_one_known_drawing_of_another_label_does_not_outweigh_the_model(bundle: Pipeline) -> None:
    seven: Strokes = [[[40, 40], [240, 40], [120, 240]]]
    known = remember(bundle, np.stack([vary(seven, 2)]), 1)
    assert not doubt(bundle, vary(seven, 1), 7, known).contradicted.any()
