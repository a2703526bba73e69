"""What a page says about an answer; static/js/reading.js says the same in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from recognizer.models import NO_DIGIT

SURE_FROM: Final = 0.95
UNSURE_BELOW: Final = 0.6


def share_of_each(probabilities: Sequence[float], strangeness: float) -> list[float]:
    """Return how likely each digit is, and, last, that it is none; together 1."""
    return [*(share * (1 - strangeness) for share in probabilities), strangeness]


def describe_answer(
    digit: int, *, is_digit: bool, shares: Sequence[float], own: int | None = None
) -> tuple[str, str]:
    """Return a sentence, and what stands below it: how sure that is.

    ``own`` is the model's own answer, which the visitor's answers may have changed.
    """
    if not is_digit:
        return _("It reads no digit"), ""
    share = shares[digit]
    other = max((each for each in range(11) if each != digit), key=shares.__getitem__)
    values = {"digit": digit, "other": other, "share": tell_share(share), "own": own}
    if share < UNSURE_BELOW:
        torn = (
            _("A %(digit)s, or no digit?")
            if other == NO_DIGIT
            else _("It cannot tell %(digit)s from %(other)s")
        )
        return torn % values, _("%(digit)s is likelier: %(share)s.") % values
    if own == NO_DIGIT:
        sure = _("Learned from you; before, it read no digit.")
    elif own not in (None, digit):
        sure = _("Learned from you; before, it read %(own)s.")
    elif share >= SURE_FROM:
        sure = _("Sure: %(share)s.")
    elif other == NO_DIGIT:
        sure = _("Fairly sure: %(share)s. Or it is no digit.")
    else:
        sure = _("Fairly sure: %(share)s. Second guess: %(other)s.")
    return _("It reads %(digit)s") % values, sure % values


def short_percent(share: float) -> str:
    """Return a share as it stands over a bar; nothing is certain or impossible."""
    return "<1" if share < 0.01 else str(min(round(100 * share), 99))


def tell_share(share: float) -> str:
    """Return how sure an answer is, in percent; nothing is certain."""
    if share >= 0.995:
        return _("over 99%")
    return _("%(percent)s%%") % {"percent": number_format(round(100 * share))}
