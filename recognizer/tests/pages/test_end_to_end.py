"""The whole loop, as a person lives it: draw, correct, retrain, draw again."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from recognizer.tests.kit.browsing import UnitStroke, draw
from recognizer.tests.kit.live import LiveSite

# Eight, as it is written in Arabic: to readers of Western digits it is no eight.
EIGHT: list[UnitStroke] = [[(0.3, 0.8), (0.5, 0.2), (0.7, 0.8)]]
# The same by the same hand, a little lower, wider and less straight.
EIGHT_AGAIN: list[UnitStroke] = [
    [(0.24, 0.86), (0.38, 0.56), (0.5, 0.3), (0.63, 0.58), (0.74, 0.88)]
]

# A tenth of the usual exercise and of what measures: the loop is shown here, not how little it
# forgets. The gate sees what so short a training forgets, and has to be overruled.
RETRAIN = """
import functools
from django.core.management import call_command
from ml.measuring import holdouts
from recognizer.services.retraining import training
holdouts.PEN_HOLDOUT, holdouts.OTHER_HOLDOUT = 500, 300
training.TrainingOptions = functools.partial(
    training.TrainingOptions, jobs=1, replay_other_samples=800, holdout_share=0.1
)
call_command("retrain", "--quiet", "--json", "--replay", "0.1", "--force")
"""


def read_drawing(page: Page, strokes: list[UnitStroke]) -> dict[str, Any]:
    """Draw on an empty pad; return what the server said about the last stroke."""
    with page.expect_response("**/api/v1/drawings/") as response:
        draw(page, strokes)
    answer: dict[str, Any] = response.value.json()
    shown = str(answer["prediction"]) if answer["is_digit"] else "none"
    expect(page.locator("#answer")).to_have_attribute("data-digit", shown)
    return answer


def test_it_learns_from_a_correction(own_site: LiveSite, page: Page) -> None:
    page.goto(own_site.url)
    before = read_drawing(page, EIGHT)
    expect(page.locator("#version")).to_contain_text("model 1")
    assert before["prediction"] != 8, (
        "This shape no longer shows anything: it is read right at once."
    )

    with page.expect_response("**/feedback/") as response:
        page.keyboard.press("8")
    assert response.value.json()["label"] == 8
    printed = own_site.manage("shell", "--verbosity=0", "--command", RETRAIN)
    retrained = json.loads(printed.splitlines()[-1])
    page.get_by_role("button", name="Clear").click()
    after = read_drawing(page, EIGHT_AGAIN)
    expect(page.locator("#version")).to_contain_text("model 2")

    assert before["model"] == 1
    assert after["model"] == retrained["model"] == 2
    assert after["prediction"] == 8
