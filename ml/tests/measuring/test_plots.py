from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from matplotlib import _pylab_helpers

from ml.measuring.plots import Curve, draw_calibration, draw_confusion, draw_learning_curve

LABELS = np.repeat(np.arange(10, dtype=np.uint8), 5)
ANSWERS = np.where(np.arange(50) % 7, LABELS, (LABELS + 1) % 10).astype(np.uint8)
CONFIDENCE = np.linspace(0.3, 1.0, 50)
CURVES = [
    Curve("typefaces", [1, 2, 3], [0.97, 0.98, 0.99], [300, 300, 300]),
    Curve("live", [2], [0.5], [2]),
]


def confusion() -> bytes:
    return draw_confusion(LABELS, ANSWERS)


def calibration() -> bytes:
    return draw_calibration(CONFIDENCE, LABELS == ANSWERS)


def learning_curve() -> bytes:
    return draw_learning_curve([1, 2, 3], [0, 20, 400], CURVES)


@pytest.mark.parametrize("draw", [confusion, calibration, learning_curve])
def test_a_plot_is_svg_and_the_same_bytes_each_time(draw: Callable[[], bytes]) -> None:
    svg = draw()
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert draw() == svg


def test_a_plot_shows_the_numbers_it_is_given() -> None:
    assert draw_confusion(LABELS, LABELS) != confusion()
    assert draw_calibration(CONFIDENCE, LABELS == LABELS) != calibration()
    assert draw_learning_curve([1, 2, 3], [0, 20, 400], CURVES[:1]) != learning_curve()


def test_threads_draw_the_same_plots() -> None:
    with ThreadPoolExecutor(4) as pool:
        drawn = {future.result() for future in [pool.submit(confusion) for _ in range(4)]}
    assert drawn == {confusion()}


def test_no_figure_stays_open_after_drawing() -> None:
    learning_curve()
    assert not _pylab_helpers.Gcf.figs


def test_the_learning_curve_of_one_unmeasured_version_is_drawn() -> None:
    for curves in ([], [Curve("live", [1], [1.0], [1])]):
        assert ET.fromstring(draw_learning_curve([1], [0], curves)).tag.endswith("svg")
