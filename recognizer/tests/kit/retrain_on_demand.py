"""Forks a small retraining for each line it reads: everything is imported once, and a kill is real.

python -m recognizer.tests.kit.retrain_on_demand TYPEFACES LETTERS

Says "forked" with the process, what the retraining says of its progress, and "ended" at its end.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django

FEW = {
    "pen_samples": 20,
    "replay_pen_samples": 20,
    "other_samples": 20,
    "replay_other_samples": 20,
}
"""Less than small: each pen is a step, so that most kills would hit the writing of pens."""


def retrain() -> None:
    """Train on little, telling each step."""
    from recognizer.services.retraining import training
    from recognizer.tests.kit.small_training import SMALL

    options = training.RetrainOptions(
        training=training.TrainingOptions(**SMALL | FEW)  # type: ignore[arg-type]
    )
    training.retrain(options, lambda progress: say(f"step {progress.phase}"))


def say(line: str) -> None:
    """Write a line at once, so that a kill leaves none or a whole one."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main() -> None:
    """Wait for lines."""
    # A pool and its connections would stay open in the parent, with the locks of a killed child.
    os.environ["DATABASE_POOL"] = "0"
    django.setup()
    from django.conf import settings
    from django.db import connections

    from ml.measuring import holdouts
    from recognizer.services.versions import registry

    settings.BASE_DATASET, settings.LETTERS_DATASET = map(Path, sys.argv[1:])
    holdouts.PEN_HOLDOUT, holdouts.OTHER_HOLDOUT = 20, 20  # type: ignore[misc]
    registry.active_model()
    connections.close_all()
    for _ in sys.stdin:
        if not (pid := os.fork()):
            try:
                retrain()
            finally:
                os._exit(0)
        say(f"forked {pid}")
        os.waitpid(pid, 0)
        say("ended")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
    main()
