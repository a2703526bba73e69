"""The page draws fainter what was set aside, and says so."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageOps
from playwright.sync_api import Page, expect

from recognizer.tests.kit.browsing import UnitStroke, draw
from recognizer.tests.kit.drawings import encode, page_with
from recognizer.tests.kit.live import LiveSite

SEVEN: UnitStroke = [(0.3, 0.15), (0.7, 0.15), (0.45, 0.7)]
UNDERLINE: UnitStroke = [(0.25, 0.85), (0.5, 0.85), (0.75, 0.85)]

ON_THE_CIRCLE = (217 / 800, (300 + 100) / 800)
"""Of the sheet: the picture is wider than high."""

ALPHA = """([x, y, name = "#pad"]) => {
    const canvas = document.querySelector(name);
    const at = [Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1];
    return canvas.getContext("2d").getImageData(...at).data[3];
}"""


def test_an_underline_is_drawn_fainter_and_named_until_the_next_stroke(
    site: LiveSite, page: Page
) -> None:
    page.goto(site.url)
    draw(page, [SEVEN, UNDERLINE])
    expect(page.get_by_role("status").filter(has_text="Left out: the underline.")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "7")
    assert 50 < page.evaluate(ALPHA, [0.5, 0.85]) < 150
    assert page.evaluate(ALPHA, [0.5, 0.15]) == 255
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "7")
    expect(page.locator("#answer")).not_to_contain_text("Left out")


VEILED = """([x, y]) => {  // the color that is seen, of the picture below and the veil on it
    const [veil, picture] = [document.querySelector(".outline"), document.querySelector(".sent")];
    const canvas = new OffscreenCanvas(veil.width, veil.height);
    const context = canvas.getContext("2d");
    const scale = veil.width / picture.naturalWidth;
    const below = (veil.height - picture.naturalHeight * scale) / 2;
    context.drawImage(picture, 0, below, veil.width, picture.naturalHeight * scale);
    context.drawImage(veil, 0, 0);
    return [...context.getImageData(x * veil.width, y * veil.height, 1, 1).data];
}"""


@pytest.mark.parametrize(
    ("paper", "pen"), [((240, 232, 210), (40, 40, 90)), ((30, 60, 45), (235, 235, 230))]
)
def test_a_veil_has_the_color_of_the_paper(
    site: LiveSite, page: Page, paper: tuple[int, ...], pen: tuple[int, ...]
) -> None:
    picture = ImageOps.colorize(page_with((7, 260, 160)), pen, paper)
    ImageDraw.Draw(picture).ellipse((210, 110, 590, 490), outline=pen, width=14)
    page.goto(site.url)
    page.locator("#file").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": encode(picture)}
    )
    expect(page.get_by_role("status").filter(has_text="Left out: the circle.")).to_be_visible()
    page.wait_for_function(f"(place) => ({ALPHA})(place) > 100", arg=[*ON_THE_CIRCLE, ".outline"])
    corner = [215 / 800, (115 + 100) / 800]  # of the veil, outside of the circle
    assert page.evaluate(VEILED, corner)[:3] == pytest.approx(paper, abs=3)
    veiled = page.evaluate(VEILED, ON_THE_CIRCLE)[:3]
    assert all(min(a, b) < c < max(a, b) for a, b, c in zip(paper, pen, veiled, strict=True))


def test_a_circle_on_a_picture_is_veiled_and_named(site: LiveSite, page: Page) -> None:
    picture = page_with((7, 260, 160))
    ImageDraw.Draw(picture).ellipse((210, 110, 590, 490), outline=0, width=14)
    page.goto(site.url)
    page.locator("#file").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": encode(picture)}
    )
    expect(page.get_by_role("status").filter(has_text="Left out: the circle.")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "7")
    page.wait_for_function(f"(place) => ({ALPHA})(place) > 100", arg=[*ON_THE_CIRCLE, ".outline"])
    assert page.evaluate(ALPHA, [0.5, 0.9, ".outline"]) == 0


def test_the_veil_on_a_transparent_picture_has_the_color_of_the_sheet(
    site: LiveSite, page: Page
) -> None:
    mask = page_with((7, 260, 160))
    ImageDraw.Draw(mask).ellipse((210, 110, 590, 490), outline=0, width=14)
    picture = Image.new("RGBA", mask.size, (20, 40, 120, 0))
    picture.putalpha(ImageOps.invert(mask))
    page.goto(site.url)
    page.locator("#file").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": encode(picture)}
    )
    expect(page.get_by_role("status").filter(has_text="Left out: the circle.")).to_be_visible()
    page.wait_for_function(f"(place) => ({ALPHA})(place) > 100", arg=[*ON_THE_CIRCLE, ".outline"])
    assert page.evaluate(VEILED, [215 / 800, (115 + 100) / 800])[:3] == [255, 255, 255]
