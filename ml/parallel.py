"""How work is handed to processes, here or on other machines, so that it can be done again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from joblib import delayed


def repeatable(function: Callable[..., Any], *arguments: Any) -> Any:
    """Describe a call that joblib's workers make, and make again if one of them dies.

    The arguments travel inside the function. Arrays that travel beside it are put by Dask into
    the memory of one worker beforehand, and are lost for ever when that worker dies; so every
    process that is asked gets all that it needs, which is one chunk.

    Parameters
    ----------
    function : callable
        What to call; importable by its name.
    *arguments : object
        What to call it with.

    Returns
    -------
    tuple
        What `joblib.Parallel` takes.
    """
    return delayed(partial(function, *arguments))()
