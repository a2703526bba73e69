"""POST /api/v1/drawings/: a drawing is read, kept and answered."""

from __future__ import annotations

import base64
import io
import uuid

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageDraw
from rest_framework.serializers import ModelSerializer

from recognizer.api.serializers import DrawingSerializer, ReviewSerializer
from recognizer.models import Drawing
from recognizer.services.drawings import recognition
from recognizer.services.drawings.remembering import Personal
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import (
    SEVEN,
    assert_problem,
    data_url,
    digits_of_one_face,
    encode,
    page_with,
    png_of,
)


@pytest.mark.parametrize("label", [None, 3, 10])
@pytest.mark.parametrize("kind", [DrawingSerializer, ReviewSerializer])
@pytest.mark.usefixtures("model")
def test_an_answer_is_what_its_fields_say(kind: type[DrawingSerializer], label: int | None) -> None:
    underline = [[x, 260.0] for x in range(30, 250, 20)]
    drawing = recognition.recognize(strokes=[*SEVEN, underline], visitor=uuid.uuid4()).drawing
    assert drawing.set_aside
    if label is not None:
        drawing = recognition.give_feedback(drawing, label=label)
    drawing.personal = Personal(7, True, 0.5, 0.25, [0.1] * 10, 0.5, 1, [uuid.uuid4()])
    drawing.found = (1, 2, 3, 4)
    for state in (drawing, Drawing.objects.get()):
        by_fields = ModelSerializer.to_representation(kind(), state)
        assert kind().to_representation(state) == by_fields


def test_a_data_url_is_read_and_kept(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"image": data_url(png_of(3))})
    assert answer.status_code == 201
    body = answer.json()
    assert list(body) == [
        "id",
        "created_at",
        "source",
        "prediction",
        "is_digit",
        "confidence",
        "strangeness",
        "probabilities",
        "model",
        "canonical",
        "label",
        "correct",
        "review",
        "license",
        "personal",
        "found",
        "set_aside",
    ]
    assert body["prediction"] == 3
    assert body["source"] == "api"
    assert body["model"] == 1
    assert body["label"] is None
    assert body["correct"] is None
    assert body["review"] == "unreviewed"
    assert sum(body["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert max(body["probabilities"]) == body["confidence"] == body["probabilities"][3]
    assert answer.headers["Location"] == f"{DRAWINGS}{body['id']}/"
    assert stranger.get(answer.headers["Location"]).json() == {
        **body,
        "found": None,
        "set_aside": None,
    }
    stored = Drawing.objects.get()
    assert str(stored.pk) == body["id"]
    assert stored.visitor is None


def test_the_preview_is_the_canonical_digit(stranger: Caller) -> None:
    preview = stranger.draw(8)["canonical"]
    png = base64.b64decode(preview.removeprefix("data:image/png;base64,"))
    image = Image.open(io.BytesIO(png))
    assert image.size == (28, 28)
    assert image.tobytes() == digits_of_one_face()[8].tobytes()


def test_base64_without_a_data_url_is_read(stranger: Caller) -> None:
    image = base64.b64encode(png_of(5)).decode()
    assert stranger.post(DRAWINGS, {"image": image}).json()["prediction"] == 5


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_base64_with_line_breaks_or_for_addresses_is_read(stranger: Caller, head: str) -> None:
    picture = png_of(5)
    for image in (
        base64.encodebytes(picture).decode().replace("\n", "\r\n"),
        base64.urlsafe_b64encode(picture).decode(),
        base64.urlsafe_b64encode(picture).decode().rstrip("="),
    ):
        assert stranger.post(DRAWINGS, {"image": head + image}).json()["prediction"] == 5


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "PNG", "GIF", "BMP"])
def test_an_uploaded_file_is_read(stranger: Caller, file_format: str) -> None:
    picture = encode(Image.open(io.BytesIO(png_of(4))).convert("RGB"), file_format)
    upload = SimpleUploadedFile("four", picture)
    answer = stranger.client.post(DRAWINGS, {"image": upload})
    assert answer.status_code == 201
    assert answer.json()["prediction"] == 4
    assert answer.json()["source"] == "upload"


def test_strokes_are_read_and_kept(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"strokes": SEVEN, "pen_width": 18, "source": "canvas"})
    assert answer.status_code == 201
    assert answer.json()["prediction"] == 7
    stored = Drawing.objects.get()
    assert stored.strokes == SEVEN
    assert stored.pen_width == 18
    assert stored.source == "canvas"


def test_strokes_beside_an_image_are_kept_and_the_image_is_read(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"image": data_url(png_of(2)), "strokes": SEVEN})
    assert answer.json()["prediction"] == 2
    assert Drawing.objects.get().strokes == SEVEN


def test_pixels_are_read(stranger: Caller) -> None:
    pixels = digits_of_one_face()[6].ravel().tolist()
    assert stranger.post(DRAWINGS, {"pixels": pixels}).json()["prediction"] == 6


@pytest.mark.parametrize("largest", [1, 1.0, 15, 16, 16.0])
def test_pixels_of_fewer_levels_are_read_by_their_range(stranger: Caller, largest: float) -> None:
    pixels = (digits_of_one_face()[6].ravel() * (largest / 255)).tolist()
    if isinstance(largest, int):
        pixels = [round(pixel) for pixel in pixels]
    assert stranger.post(DRAWINGS, {"pixels": pixels}).json()["prediction"] == 6
    inverted = [largest - pixel for pixel in pixels]
    batch = stranger.post("/api/v1/predictions/", {"pixels": [pixels, inverted, [0] * 784]})
    assert_problem(batch, 400, "blank-drawing", "pixels[2]")
    batch = stranger.post("/api/v1/predictions/", {"pixels": [pixels, inverted]})
    assert [each["prediction"] for each in batch.json()["predictions"]] == [6, 6]


def test_pixels_of_another_range_are_refused_with_the_ranges(stranger: Caller) -> None:
    for pixels, reach in (([-1, 1] * 392, "-1 to 1"), ([0, 65535] * 392, "0 to 65535")):
        answer = stranger.post(DRAWINGS, {"pixels": pixels})
        assert_problem(answer, 400, "invalid-pixels", "pixels")
        assert f"from {reach}. Send them from 0 to 255; from 0 to 16" in answer.json()["detail"]


def test_null_counts_as_absent(stranger: Caller) -> None:
    body = {"image": None, "strokes": SEVEN, "pixels": None, "pen_width": None}
    assert stranger.post(DRAWINGS, body).status_code == 201


def test_the_drawing_as_drawn_is_served_as_a_small_png(stranger: Caller) -> None:
    image = encode(Image.open(io.BytesIO(png_of(4, size=1500))))
    drawing = stranger.post(DRAWINGS, {"image": data_url(image)}).json()
    answer = stranger.get(f"{DRAWINGS}{drawing['id']}/image/")
    assert answer.headers["Content-Type"] == "image/png"
    assert "private" in answer.headers["Cache-Control"]
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (280, 280)
    assert picture.getpixel((0, 0)) == 255


@pytest.mark.parametrize("side", [100, 240, 280])
def test_ink_that_fits_is_served_with_the_very_pixels(stranger: Caller, side: int) -> None:
    cross = Image.new("L", (side, side), 255)
    ImageDraw.Draw(cross).line([(0, 0), (side, side)], 0, 9)
    ImageDraw.Draw(cross).line([(side // 2, 0), (side // 2, side)], 64, 9)
    drawing = stranger.post(DRAWINGS, {"image": data_url(encode(cross))}).json()
    answer = stranger.get(f"{DRAWINGS}{drawing['id']}/image/")
    page = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert max(page.shape) == min(round(1.3 * side), 280)
    start = (page.shape[0] - side) // 2
    ink = page[start : start + side, start : start + side]
    np.testing.assert_array_equal(ink, np.asarray(cross))


def test_what_a_camera_wrote_into_a_picture_is_not_kept(stranger: Caller) -> None:
    exif = Image.Exif()
    exif[0x010E] = "at home"
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png_of(4))).save(buffer, "PNG", exif=exif)
    assert b"at home" in buffer.getvalue()
    stranger.post(DRAWINGS, {"image": data_url(buffer.getvalue())})
    assert b"at home" not in bytes(Drawing.objects.get().image)


def test_without_a_model_the_answer_names_the_command(db: None) -> None:
    answer = Client().post(
        DRAWINGS, {"image": data_url(png_of(1))}, content_type="application/json"
    )
    assert_problem(answer, 503, "no-model")
    assert "manage.py register_bundled_model" in answer.json()["detail"]
    assert answer.headers["Retry-After"] == "60"
    assert not Drawing.objects.exists()


def test_the_vote_of_a_caller_is_not_taken(stranger: Caller) -> None:
    drawing = stranger.draw(7, label=3, review="approved", prediction=1, visitor=str(uuid.uuid4()))
    assert (drawing["label"], drawing["review"], drawing["prediction"]) == (None, "unreviewed", 7)
    assert Drawing.objects.get().visitor is None


def test_an_underline_is_named_and_not_read(stranger: Caller) -> None:
    seven = [[20, 20], [40, 20], [60, 20], [45, 60], [35, 100]]
    underline = [[10, 115], [40, 116], [70, 114]]
    plain = stranger.post(DRAWINGS, {"strokes": [seven]}).json()
    lined = stranger.post(DRAWINGS, {"strokes": [seven, underline]}).json()
    assert lined["set_aside"] == [{"kind": "underline", "box": [10, 114, 70, 116], "strokes": [1]}]
    assert lined["canonical"] == plain["canonical"]
    assert plain["set_aside"] == []


def test_a_circled_digit_in_an_uploaded_picture_is_read_without_its_circle(
    stranger: Caller,
) -> None:
    page = page_with((7, 300, 200))
    bare = stranger.post(DRAWINGS, {"image": data_url(encode(page))}).json()
    ImageDraw.Draw(page).ellipse((250, 150, 630, 530), outline=0, width=14)
    upload = SimpleUploadedFile("seven.png", encode(page))
    circled = stranger.client.post(DRAWINGS, {"image": upload}).json()
    assert circled["set_aside"] == [{"kind": "circle", "box": [250, 150, 631, 531], "strokes": []}]
    for name in ("prediction", "is_digit", "canonical", "found"):
        assert circled[name] == bare[name]
    assert (circled["prediction"], bare["set_aside"]) == (7, [])


def test_one_picture_and_a_batch_set_the_same_aside(stranger: Caller) -> None:
    page = page_with((4, 300, 200))
    ImageDraw.Draw(page).line((370, 450, 510, 450), 0, 12)
    image = data_url(encode(page))
    one = stranger.post(DRAWINGS, {"image": image}).json()
    (batched,) = stranger.post("/api/v1/predictions/", {"images": [image]}).json()["predictions"]
    assert [each["kind"] for each in one["set_aside"]] == ["underline"]
    assert batched["probabilities"] == pytest.approx(one["probabilities"], abs=1e-5)
