from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from ml.features import DirectionMaps, MomentNormalization
from ml.tests.kit.drawings import DIGITS, canonical

RIGHT, DOWN, LEFT, UP = 0, 2, 4, 6
GOLDEN_SEVEN = [0.186, 0.153, 0.14, 0.047, 0.177, 0.149, 0.121, 0.104]


def maps(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Direction maps (8, 9, 9) of one image."""
    return DirectionMaps().transform(image.reshape(1, -1)).reshape(8, 9, 9)


def image_of(*, columns: slice | None = None, rows: slice | None = None) -> NDArray[np.uint8]:
    image = np.zeros((28, 28), np.uint8)
    image[rows or slice(None), columns or slice(None)] = 255
    return image


def test_a_vertical_edge_shows_in_the_map_to_the_right_only() -> None:
    strength = maps(image_of(columns=slice(14, 28)))[:, 4, 4]
    assert strength[RIGHT] > 0.5
    assert np.delete(strength, RIGHT).max() < 1e-3


def test_a_horizontal_edge_shows_in_the_map_downward_only() -> None:
    strength = maps(image_of(rows=slice(14, 28)))[:, 4, 4]
    assert strength[DOWN] > 0.5
    assert np.delete(strength, DOWN).max() < 1e-3


def test_the_far_sides_of_a_bar_show_in_the_opposite_maps() -> None:
    strength = maps(image_of(columns=slice(10, 18)))
    assert strength[RIGHT, 4, :4].max() > 0.5
    assert strength[LEFT, 4, 5:].max() > 0.5


def test_a_diagonal_edge_shows_in_the_diagonal_map() -> None:
    y, x = np.mgrid[:28, :28]
    strength = maps(np.where(x + y > 27, 255, 0).astype(np.uint8))[:, 4, 4]
    assert strength.argmax() == 1
    assert strength[1] > 3 * np.delete(strength, 1).max()


def test_turning_an_image_by_a_quarter_turns_its_maps() -> None:
    image = canonical(4)
    turned = maps(np.rot90(image, -1).copy())
    expected = np.roll(np.rot90(maps(image), -1, axes=(1, 2)), 2, axis=0)
    np.testing.assert_allclose(turned, expected, atol=2e-3)


def test_golden_features_of_a_seven() -> None:
    strength = maps(canonical(7))
    np.testing.assert_allclose(
        strength.mean(axis=(1, 2)),
        GOLDEN_SEVEN,
        atol=2e-3,
    )


def test_an_empty_image_has_no_features() -> None:
    assert not maps(np.zeros((28, 28), np.uint8)).any()
    assert not MomentNormalization().transform(np.zeros((1, 784), np.uint8)).any()


@pytest.mark.parametrize("digit", DIGITS)
def test_normalization_undoes_a_slant(digit: int) -> None:
    image = canonical(digit)
    slanted = np.stack([np.roll(row, round(0.3 * (14 - y))) for y, row in enumerate(image)])
    upright, again = MomentNormalization().transform(np.stack([image, slanted]).reshape(2, -1))
    assert np.abs(upright - again).sum() < 0.35 * upright.sum()


def spread(image: NDArray[np.float32]) -> tuple[float, float]:
    """Standard deviations of the ink of (28, 28), downward and to the right."""
    position = np.arange(28)
    profiles = [image.sum(axis=1), image.sum(axis=0)]
    centers = [profile @ position / profile.sum() for profile in profiles]
    down, right = (
        float(np.sqrt(profile @ (position - center) ** 2 / profile.sum()))
        for profile, center in zip(profiles, centers, strict=True)
    )
    return down, right


@pytest.mark.parametrize("digit", DIGITS)
def test_normalization_gives_every_digit_the_same_size(digit: int) -> None:
    seen = MomentNormalization().transform(canonical(digit).reshape(1, -1)).reshape(28, 28)
    assert max(spread(seen)) == pytest.approx(5.2, abs=0.15)


@pytest.mark.parametrize(("evenness", "expected"), [(0.0, 1.0), (0.5, 0.71), (1.0, 0.5)])
def test_normalization_widens_narrow_digits(evenness: float, expected: float) -> None:
    narrow = image_of(rows=slice(4, 24), columns=slice(9, 19))  # twice as high as wide
    normalization = MomentNormalization(evenness=evenness)
    down, right = spread(normalization.transform(narrow.reshape(1, -1)).reshape(28, 28))
    assert right / down == pytest.approx(expected, abs=0.05)


def test_normalization_centers_the_mass() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[3:12, 2:5] = 255
    upright = MomentNormalization().transform(image.reshape(1, -1)).reshape(28, 28)
    position = np.arange(28)
    assert upright.sum(axis=1) @ position / upright.sum() == pytest.approx(13.5, abs=0.01)
    assert upright.sum(axis=0) @ position / upright.sum() == pytest.approx(13.5, abs=0.01)


@pytest.mark.parametrize("transformer", [MomentNormalization(), DirectionMaps()])
def test_one_digit_and_many_have_the_same_features(
    transformer: MomentNormalization | DirectionMaps,
) -> None:
    rows = np.stack([canonical(digit).ravel() for digit in DIGITS])
    together = transformer.transform(rows)
    apart = np.concatenate([transformer.transform(row[None]) for row in rows])
    np.testing.assert_allclose(together, apart, atol=1e-4)
    assert together.dtype == np.float32


@pytest.mark.parametrize("transformer", [MomentNormalization(), DirectionMaps()])
def test_an_empty_batch_has_empty_features(
    transformer: MomentNormalization | DirectionMaps,
) -> None:
    assert len(transformer.transform(np.empty((0, 784), np.uint8))) == 0


@pytest.mark.parametrize("transformer", [MomentNormalization(), DirectionMaps()])
@pytest.mark.parametrize("shape", [(784,), (2, 28, 28), (2, 783)])
def test_features_of_another_shape_are_refused(
    transformer: MomentNormalization | DirectionMaps, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="784"):
        transformer.transform(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("transformer", [MomentNormalization(0.5), DirectionMaps(grid=7)])
def test_transformers_keep_the_contract_of_scikit_learn(
    transformer: MomentNormalization | DirectionMaps,
) -> None:
    check_is_fitted(transformer)
    copied = clone(transformer)
    assert copied.get_params() == transformer.get_params()
    assert copied.fit(np.zeros((1, 784))) is copied
