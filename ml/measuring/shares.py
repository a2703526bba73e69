"""Shares of counts: how exact one is, and how far two distributions are apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

Z = 1.959964
"""Of the normal distribution, 95 % lie within so many standard deviations."""


def wilson(part: int, whole: int) -> tuple[float, float]:
    """95 % confidence interval of a share, low and high; `whole` is at least 1.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22 (1927) 209-212.
    """
    share = part / whole
    spread = 1 + Z**2 / whole
    middle = (share + Z**2 / (2 * whole)) / spread
    reach = Z * sqrt(share * (1 - share) / whole + Z**2 / (4 * whole**2)) / spread
    return max(0.0, middle - reach), min(1.0, middle + reach)


def stability_index(before: Sequence[int], now: Sequence[int]) -> float:
    """Population stability index (PSI) of two histograms with the same bins; 0 if they are alike.

    From 0.1 on, two distributions count as somewhat different, from 0.2 on as different. Half a
    count is added to each bin, so that an empty one does not make it infinite. Alike samples of m
    and n have about (bins - 1) (1/m + 1/n), so small ones prove nothing.

    References
    ----------
    Siddiqi, "Credit Risk Scorecards" (Wiley 2006), for the levels. Yurdakul, "Statistical
    properties of population stability index" (Western Michigan University 2018), for the
    expectation.
    """
    first, second = _smooth(before), _smooth(now)
    return sum((b - a) * log(b / a) for a, b in zip(first, second, strict=True))


def _smooth(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + 0.5 * len(counts)
    return [(count + 0.5) / total for count in counts]
