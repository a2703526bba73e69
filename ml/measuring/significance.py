"""Two models asked the same questions: which is better, and is that more than chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two models made of the same pictures.

    Parameters
    ----------
    n : int
        Pictures that both were asked about.
    first_right, second_right : int
        How many each dealt with rightly.
    only_first, only_second : int
        How many one dealt with rightly and the other did not.
    """

    n: int
    first_right: int
    second_right: int
    only_first: int
    only_second: int

    @property
    def loss(self) -> float:
        """Share of the pictures, -1 to 1, that the second model gets wrong beyond the first."""
        return (self.only_first - self.only_second) / self.n if self.n else 0.0

    @property
    def p_second_worse(self) -> float:
        """Probability, 0 to 1, of a loss like this if the second model were as good (one-sided)."""
        return mcnemar(self.only_first, self.only_second, alternative="greater")

    @property
    def p_different(self) -> float:
        """Probability, 0 to 1, of a difference like this if both were as good (two-sided)."""
        return mcnemar(self.only_first, self.only_second)

    def as_dict(self) -> dict[str, Any]:
        """Give plain values that JSON can hold.

        Returns
        -------
        dict
            The fields by name, and both probabilities.
        """
        return {
            **asdict(self),
            "p_second_worse": self.p_second_worse,
            "p_different": self.p_different,
        }


def compare(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> Comparison:
    """Count where two models differ.

    Parameters
    ----------
    first_right, second_right : ndarray
        (n,) bool, whether each model dealt with each picture rightly, in the same order.

    Returns
    -------
    Comparison
        The counts.

    Raises
    ------
    ValueError
        They were not asked about the same number of pictures.
    """
    if first_right.shape != second_right.shape:
        raise ValueError(f"{len(first_right)} and {len(second_right)} answers are no pairs")
    return Comparison(
        n=len(first_right),
        first_right=int(first_right.sum()),
        second_right=int(second_right.sum()),
        only_first=int((first_right & ~second_right).sum()),
        only_second=int((second_right & ~first_right).sum()),
    )


def mcnemar(only_first: int, only_second: int, alternative: str = "two-sided") -> float:
    """Test whether two models differ by more than chance: McNemar's test, exact.

    Where both are right or both are wrong, nothing can be learned of which is better. Of the other
    pictures, each model would win half if they were as good: a fair coin.

    Parameters
    ----------
    only_first, only_second : int
        How many pictures one model dealt with rightly and the other did not.
    alternative : str, optional
        ``two-sided``; or ``greater``, whether the first wins more often than a coin would.

    Returns
    -------
    float
        The p value, 0 to 1; 1 where the models do not differ at all.

    References
    ----------
    McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12 (1947) 153-157. Dietterich, "Approximate statistical tests for
    comparing supervised classification learning algorithms", Neural Computation 10 (1998), for why
    this one.
    """
    discordant = only_first + only_second
    if not discordant:
        return 1.0
    return float(binomtest(only_first, discordant, 0.5, alternative=alternative).pvalue)


def significant(p_values: Mapping[str, float], level: float) -> tuple[str, ...]:
    """Say which of several tests are significant, so that all together err as seldom as one.

    Parameters
    ----------
    p_values : mapping
        p values, 0 to 1, by the name of the test.
    level : float
        Largest probability, 0 to 1, of naming any test at all if there is nothing to be found.

    Returns
    -------
    tuple of str
        Names of the significant tests, the clearest first.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979) 65-70.
    """
    ordered = sorted(p_values, key=lambda name: p_values[name])
    found: list[str] = []
    for rank, name in enumerate(ordered):
        if p_values[name] > level / (len(ordered) - rank):
            break
        found.append(name)
    return tuple(found)
