"""Plots of how good a model is, drawn by matplotlib as SVG, without any global state.

Importing this takes tens of megabytes, so a process that answers drawings does not.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from ml.measuring.evaluation import CALIBRATION_BINS
from ml.measuring.shares import wilson
from ml.pipeline import DIGITS

BLUE, ORANGE, GREEN, PURPLE, GRAY = "#0072b2", "#c8500a", "#00795a", "#8a3d80", "#595959"
"""Colors that color-blind people can tell apart; lines also differ in marker and stroke."""
STYLE: Final[Any] = {
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": 10.0,
    "svg.hashsalt": "digits",  # the same figure is the same file
}

_drawing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Curve:
    """Shares of right answers over versions: one line of the learning curve."""

    name: str
    """What was read."""
    versions: Sequence[int]
    shares: Sequence[float]
    """Share of right answers of each, 0 to 1."""
    counts: Sequence[int]
    """Answers behind each share."""


def _as_svg(draw: Callable[..., Figure]) -> Callable[..., bytes]:
    """Turn a function that draws a figure into one that returns an SVG file."""

    @wraps(draw)
    def draw_svg(*arguments: Any) -> bytes:
        buffer = io.BytesIO()
        # matplotlib has one set of settings for the whole process and is not thread-safe.
        with _drawing, mpl.rc_context(STYLE):
            draw(*arguments).savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue()

    return draw_svg


@_as_svg
def draw_confusion(labels: NDArray[np.uint8], answers: NDArray[np.uint8]) -> Figure:
    """Draw the confusion matrix as SVG; the shades show mistakes only."""
    figure = Figure(figsize=(5, 4.8))
    axes = figure.subplots()
    counts = confusion_matrix(labels, answers, labels=range(DIGITS))
    # The display shades all counts; among the many right answers, mistakes would not show.
    mistakes = counts - np.diag(np.diag(counts))
    display = ConfusionMatrixDisplay(mistakes).plot(ax=axes, cmap="Oranges", colorbar=False)
    for (true, read), text in np.ndenumerate(display.text_):
        if true == read:
            text.set(text=f"{counts[true, read]}", color=GRAY)
        elif not mistakes[true, read]:
            text.set_text("")
    axes.set(xlabel="the model's answer", ylabel="the true digit")
    axes.set_title(
        f"{mistakes.sum():,} mistakes of {len(labels):,}; gray: right answers", fontsize=10
    )
    return figure


@_as_svg
def draw_calibration(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Figure:
    """Draw the share of right answers against confidence as SVG, with a histogram of confidence."""
    figure = Figure(figsize=(5, 4.8))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    CalibrationDisplay.from_predictions(
        right, confidence, n_bins=CALIBRATION_BINS, ax=upper, name="this version", color=BLUE
    )
    upper.set(xlabel="", ylabel="share of right answers", ylim=(-0.03, 1.03))
    upper.legend(loc="lower right", fontsize=9)
    slices = np.linspace(0, 1, CALIBRATION_BINS + 1)
    colors, names = [BLUE, ORANGE], ["right", "wrong"]
    lower.hist([confidence[right], confidence[~right]], slices, color=colors, label=names, log=True)
    lower.set(xlabel="confidence", ylabel="answers", xlim=(0, 1.02))
    lower.set_ylim(bottom=0.5)  # so that a single answer shows as a bar
    lower.legend(loc="upper left", fontsize=9)
    return figure


@_as_svg
def draw_learning_curve(
    versions: Sequence[int], corrections: Sequence[int], curves: Sequence[Curve]
) -> Figure:
    """Draw as SVG how good each version is, and from how many corrections it learned.

    `versions` are all in their order; of `curves`, at most five are drawn.
    """
    figure = Figure(figsize=(8.4, 4.6))
    axes = figure.subplots(1, 2, sharey=True)
    learned = dict(zip(versions, corrections, strict=True))
    styles = zip(
        (BLUE, ORANGE, GREEN, PURPLE, GRAY),
        ("o", "s", "^", "D", "v"),
        ("-", "--", "-.", ":", "-"),
        strict=True,
    )
    for curve, (color, marker, line) in zip(curves, styles, strict=False):
        style = {"color": color, "marker": marker, "label": curve.name}
        axes[0].plot(curve.versions, curve.shares, linestyle=line, **style)
        rights = [round(p * n) for p, n in zip(curve.shares, curve.counts, strict=True)]
        bars = zip(*map(wilson, rights, curve.counts), strict=True)
        axes[0].vlines(curve.versions, *bars, color=color, alpha=0.4)
        order = sorted(zip(map(learned.__getitem__, curve.versions), curve.shares, strict=True))
        axes[1].plot(*zip(*order, strict=True), linestyle=line, **style)
    axes[0].set(xlabel="version (bars: 95 % interval)", ylabel="share of right answers")
    axes[0].xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    axes[0].set_xlim(min(versions) - 0.5, max(versions) + 0.5)
    axes[1].set(xlabel="corrections that the version learned from")
    axes[1].set_xscale("symlog", linthresh=10)
    axes[1].set_xlim(-1, 2 * max(10, *corrections))
    _share_axis(axes[0], [share for curve in curves for share in curve.shares])
    for one in axes:
        one.grid(color="#dddddd", linewidth=0.6)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _share_axis(axes: Axes, shares: Sequence[float]) -> None:
    """Begin the axis of shares a little below the lowest one: most are near 100 %."""
    lowest = min(shares, default=0.0)
    axes.set_ylim(max(0.0, lowest - max(0.01, 0.3 * (1 - lowest))), 1 + 0.05 * (1 - lowest) + 0.001)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
