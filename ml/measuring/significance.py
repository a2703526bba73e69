"""Two models asked about the same pictures: which is better, and is that more than chance."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Answers of two models to the same pictures."""

    n: int
    """Pictures that both were asked about."""
    first_right: int
    second_right: int
    """Right answers of each."""
    only_first: int
    only_second: int
    """Pictures that one model got right and the other did not."""

    @property
    def loss(self) -> float:
        """Share of the pictures, -1 to 1, that the second model gets wrong beyond the first."""
        return (self.only_first - self.only_second) / self.n if self.n else 0.0

    @property
    def p_second_worse(self) -> float:
        """Probability of at least this loss if the second model were as good (one-sided)."""
        return mcnemar(self.only_first, self.only_second, alternative="greater")

    @property
    def p_different(self) -> float:
        """Probability of at least this difference if both were as good (two-sided)."""
        return mcnemar(self.only_first, self.only_second)

    def as_dict(self) -> dict[str, Any]:
        """The fields by name and both probabilities, as plain values for JSON."""
        return {
            **asdict(self),
            "p_second_worse": self.p_second_worse,
            "p_different": self.p_different,
        }


def compare(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> Comparison:
    """Count where two models differ: (n,) bool, whether each got each picture right.

    Different lengths are a ValueError.
    """
    if first_right.shape != second_right.shape:
        raise ValueError(f"{len(first_right)} and {len(second_right)} answers cannot be paired")
    return Comparison(
        n=len(first_right),
        first_right=int(first_right.sum()),
        second_right=int(second_right.sum()),
        only_first=int((first_right & ~second_right).sum()),
        only_second=int((second_right & ~first_right).sum()),
    )


def mcnemar(only_first: int, only_second: int, alternative: str = "two-sided") -> float:
    """P value of McNemar's exact test, whether two models differ by more than chance.

    Pictures that both get right or both get wrong do not show which is better. Of the other
    pictures, each model would win half if they were as good: a fair coin. `alternative` is
    ``two-sided``, or ``greater``: does the first win more often than a coin?

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


def significant(p_values: Mapping[Name, float], level: float) -> tuple[Name, ...]:
    """Names of the significant tests, the smallest p value first, with Holm's correction.

    `level` is the largest probability of naming any test if all null hypotheses are true. Holm, "A
    simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
    (1979) 65-70.
    """
    ordered = sorted(p_values, key=lambda name: p_values[name])
    found: list[Name] = []
    for rank, name in enumerate(ordered):
        if p_values[name] > level / (len(ordered) - rank):
            break
        found.append(name)
    return tuple(found)
