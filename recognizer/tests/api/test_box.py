"""The box around the digit on a picture: what was found, and what a caller marks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from ml.tests.kit.drawings import encode
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import assert_problem, data_url, page_with

PAGE = page_with((3, 20, 300), (7, 500, 20))


def read(caller: Caller, picture: bytes, box: object) -> dict[str, object]:
    answer = caller.post(DRAWINGS, {"image": data_url(picture), "box": box})
    assert answer.status_code == 201, answer.content
    body: dict[str, object] = answer.json()
    return body


def inside(found: Any, box: list[int]) -> bool:
    left, top, right, bottom = found
    is_within: bool = box[0] <= left and box[1] <= top and right <= box[2] and bottom <= box[3]
    return is_within and bool(right - left > 50 and bottom - top > 100)


def test_only_what_is_inside_of_the_box_is_read(stranger: Caller) -> None:
    for digit, box in ((3, [20, 300, 300, 580]), (7, [500.5, 20.25, 780, 300])):
        body = read(stranger, encode(PAGE), box)
        assert body["prediction"] == digit
        assert inside(body["found"], [round(side) for side in box])


@pytest.mark.parametrize("box", ["500,20,780,300", "[500, 20, 780, 300]", " 500 , 20,780.0,3e2 "])
def test_a_form_has_the_box_as_text(stranger: Caller, box: str) -> None:
    upload = SimpleUploadedFile("page.png", encode(PAGE))
    answer = stranger.client.post(DRAWINGS, {"image": upload, "box": box})
    assert answer.json()["prediction"] == 7


def test_a_box_is_in_pixels_of_a_large_picture_as_it_is_seen(stranger: Caller) -> None:
    turned = PAGE.resize((4000, 3000)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned back
    body = read(stranger, encode(turned, "JPEG", exif=exif), [2500, 100, 3900, 1500])
    assert body["prediction"] == 7
    assert inside(body["found"], [2500, 100, 3900, 1500])


def test_what_was_found_is_told_without_a_box_too(stranger: Caller) -> None:
    picture = page_with((4, 500, 300))
    body = read(stranger, encode(picture.convert("RGB"), "WEBP"), None)
    assert inside(body["found"], [500, 300, 780, 580])
    stored = stranger.get(f"{DRAWINGS}{body['id']}/").json()
    assert stored["found"] is None


@pytest.mark.parametrize(
    ("box", "detail"),
    [
        ([1, 2, 3], "four numbers"),
        ([1, 2, 3, "4"], "four numbers"),
        ([1, 2, 3, True], "four numbers"),
        ({"left": 1}, "four numbers"),
        ("1,2,3", "four numbers"),
        ("a,b,c,d", "four numbers"),
        ([0, 0, 801, 600], "inside of the picture, which has 800 x 600"),
        ([-1, 0, 80, 60], "inside of the picture"),
        ([300, 20, 20, 300], "inside of the picture"),
        ("nan,0,80,60", "inside of the picture"),
        ([20, 20, 24, 300], "at least 8 pixels"),
    ],
)
def test_a_box_that_is_none_is_refused(stranger: Caller, box: object, detail: str) -> None:
    if isinstance(box, str):
        upload = SimpleUploadedFile("page.png", encode(PAGE))
        answer = stranger.client.post(DRAWINGS, {"image": upload, "box": box})
    else:
        answer = stranger.post(DRAWINGS, {"image": data_url(encode(PAGE)), "box": box})
    slug = "invalid-request" if detail == "four numbers" else "invalid-box"
    assert_problem(answer, 400, slug, "box")
    assert detail in answer.json()["detail"]


def test_a_box_that_is_too_small_is_told_in_pixels_of_the_picture_as_it_was_sent(
    stranger: Caller,
) -> None:
    picture = data_url(encode(PAGE.resize((4000, 3000))))
    answer = stranger.post(DRAWINGS, {"image": picture, "box": [100, 100, 118, 1000]})
    assert "at least 24 pixels" in answer.json()["detail"]  # it is reduced to a third


def test_a_box_without_an_image_is_refused(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"pixels": [0] * 784, "box": [0, 0, 28, 28]})
    assert_problem(answer, 400, "invalid-request", "box")


def test_an_empty_box_is_blank(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"image": data_url(encode(PAGE)), "box": [20, 20, 300, 200]})
    assert_problem(answer, 400, "blank-drawing", "image")
