"""Work for joblib's processes, here or on other machines, that can be repeated if one dies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from joblib import delayed


def repeatable(function: Callable[..., Any], *arguments: Any) -> Any:
    """Describe a call for `joblib.Parallel` that can be made again if its worker dies.

    The arguments travel inside the function: Dask puts arrays that travel beside it into the memory
    of one worker beforehand, and they are lost with that worker. So each call brings all that it
    needs, which is one chunk.
    """
    return delayed(partial(function, *arguments))()
