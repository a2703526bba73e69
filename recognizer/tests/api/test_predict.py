"""POST /predict: the original contract."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from recognizer.models import Drawing
from recognizer.tests.conftest import Caller
from recognizer.tests.kit.drawings import assert_problem, data_url, png_of


@pytest.mark.parametrize("digit", range(10))
def test_the_answer_is_the_digit_as_text(stranger: Caller, digit: int) -> None:
    answer = stranger.post("/predict", {"image": data_url(png_of(digit))})
    assert answer.status_code == 200
    assert answer.json() == {"predictedValue": str(digit)}


def test_the_drawing_is_kept(stranger: Caller) -> None:
    stranger.post("/predict", {"image": data_url(png_of(7))})
    drawing = Drawing.objects.get()
    assert (drawing.prediction, drawing.source, drawing.visitor) == (7, "api", None)


def test_the_drawing_of_a_browser_is_its_own(visitor: Caller) -> None:
    visitor.post("/predict", {"image": data_url(png_of(7))})
    drawing = Drawing.objects.get()
    assert drawing.source == "canvas"
    assert drawing.visitor is not None


def test_a_file_is_read_too(stranger: Caller) -> None:
    upload = SimpleUploadedFile("seven.png", png_of(7))
    assert stranger.client.post("/predict", {"image": upload}).json() == {"predictedValue": "7"}


def test_it_is_only_posted_to(stranger: Caller) -> None:
    assert_problem(stranger.get("/predict"), 405, "method-not-allowed")
