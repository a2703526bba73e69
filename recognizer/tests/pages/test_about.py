"""GET /about/: how the recognizer works, in pictures."""

from __future__ import annotations

import base64
import html
import io
import re

import pytest
from django.utils import timezone
from PIL import Image

from ml import explanation
from recognizer.models import UNSUSPICIOUS, Drawing, TrainedModel
from recognizer.pages import sentences
from recognizer.services.drawings import statistics
from recognizer.services.versions import registry
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import digits_of_one_face
from recognizer.tests.kit.live import PROJECT


def text_of(caller: Caller, **headers: str) -> str:
    """Return what the page says."""
    answer = caller.client.get("/about/", headers=headers)
    assert answer.status_code == 200
    return html.unescape(" ".join(re.sub(r"<[^>]*>", "", answer.content.decode()).split()))


def pictures_of(caller: Caller) -> list[Image.Image]:
    """Return the pictures that travel inside the page."""
    page = caller.get("/about/").content.decode()
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    return [Image.open(io.BytesIO(base64.b64decode(picture))) for picture in found]


def test_it_shows_each_step_of_the_last_drawing(visitor: Caller) -> None:
    visitor.draw(1)
    visitor.draw(3)
    drawn, canonical, upright, *directions = pictures_of(visitor)
    assert max(drawn.size) > 28
    assert canonical.tobytes() == digits_of_one_face()[3].tobytes()
    assert upright.size == (28, 28)
    # Around the digit, which stands in the middle once more.
    assert [picture.size for picture in directions] == [(9, 9)] * 4 + [(28, 28)] + [(9, 9)] * 4
    assert "on your last drawing" in text_of(visitor)
    assert re.search(r"It reads 3 ?\w+( sure)?: \d+%\.", text_of(visitor))


def test_it_shows_an_example_to_whoever_drew_nothing(stranger: Caller, visitor: Caller) -> None:
    visitor.draw(3)
    assert "on an example" in text_of(stranger)
    assert len(pictures_of(stranger)) == 12
    assert Drawing.objects.count() == 1


def test_a_visit_covers_no_parts(
    stranger: Caller, visitor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.draw(3)
    stranger.get("/about/")  # the example's are remembered
    monkeypatch.delattr(explanation, "cover")
    assert 'id="inside-data"' in stranger.get("/about/").content.decode()
    assert 'id="inside-data"' not in visitor.get("/about/").content.decode()


def test_it_tells_eleven_shares_without_scripts(visitor: Caller) -> None:
    visitor.draw(3)
    page = visitor.get("/about/").content.decode()
    chart = page[page.index('<ol class="chart"') :].partition("</ol>")[0]
    words = html.unescape(re.sub(r"<[^>]*>", " ", chart)).split()
    assert words[::2] == [*"0123456789", "none"]
    assert int(words[7]) > 60
    assert re.search(r'id="inside"[^>]* hidden>', page)


def test_the_figures_are_those_of_the_model_that_answers(
    stranger: Caller, model: TrainedModel
) -> None:
    model.metrics["typefaces"] = {"n": 1234, "accuracy": 0.875}
    model.data["corrections"] = 4321
    model.save()
    text = text_of(stranger)
    assert "87.5 % of 1,234 digits of typefaces that it never saw" in text
    assert "4,321 corrections by people" in text
    assert 'href="/api/v1/models/1/"' in stranger.get("/about/").content.decode()


def test_it_begins_with_how_it_does_here(visitor: Caller) -> None:
    assert "No one has answered this month yet" in text_of(visitor)
    for label in (7, 7, 1):
        drawing = visitor.draw(7)
        visitor.put(f"{DRAWINGS}{drawing['id']}/feedback/", {"label": label})
    said = "Of the 3 drawings that people answered for this month, it read 66.6% right."
    assert said in text_of(visitor)
    Drawing.objects.filter(label=1).update(
        review="rejected", reviewed_at=timezone.now(), **UNSUSPICIOUS
    )
    assert "Of the 2 drawings that people answered for this month, it read 100.0%" in text_of(
        visitor
    )
    Drawing.objects.filter(label=7)[0].delete()
    said = "The only drawing that people answered for this month was read right."
    assert said in text_of(visitor)


def test_all_is_right_only_where_nothing_was_wrong(
    stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = {"labeled": 10_000, "correct": 9_996, "accuracy": 0.9996}
    monkeypatch.setattr(statistics, "count_this_month", lambda: month)
    assert "it read 99.9% right." in text_of(stranger)


def test_it_speaks_german(visitor: Caller) -> None:
    visitor.draw(3)
    assert "So funktioniert es" in text_of(visitor, **{"Accept-Language": "de"})


def test_without_a_model_it_still_says_who_learns(stranger: Caller, model: TrainedModel) -> None:
    TrainedModel.objects.update(active=False)
    registry.forget_model()
    text = text_of(stranger)
    assert "No model answers at the moment" in text
    assert "Who learns from what you draw" in text


def test_it_leads_to_the_pad_and_the_history_and_is_led_to(visitor: Caller) -> None:
    page = visitor.get("/about/").content.decode()
    assert 'href="/"' in page
    assert 'href="/history/"' in page
    assert 'href="/about/"' in visitor.get("/").content.decode()


def test_the_words_of_the_page_and_of_its_scripts_begin_at_the_same_shares() -> None:
    script = (PROJECT / "static" / "js" / "reading.js").read_text()

    for name in ("SURE_FROM", "UNSURE_BELOW"):
        assert f"const {name} = {getattr(sentences, name)};" in script


@pytest.mark.parametrize(
    ("digit", "probability", "strangeness", "said"),
    [
        (7, 1.0, 0.0, ("It reads 7", "Sure: over 99%.")),
        (7, 1.0, 0.3, ("It reads 7", "Fairly sure: 70%. Or it is no digit.")),
        (7, 0.8, 0.0, ("It reads 7", "Fairly sure: 80%. Second guess: 0.")),
        (7, 0.55, 0.0, ("It cannot tell 7 from 0", "7 is likelier: 55%.")),
        (7, 1.0, 0.54, ("It reads no digit", "")),
    ],
)
def test_words_come_before_percents(
    digit: int, probability: float, strangeness: float, said: tuple[str, str]
) -> None:
    probabilities = [1 - probability, *[0.0] * 9]
    probabilities[digit] = probability
    shares = sentences.share_of_each(probabilities, strangeness)

    is_digit = strangeness < 0.5
    assert sentences.describe_answer(digit, is_digit=is_digit, shares=shares) == said
