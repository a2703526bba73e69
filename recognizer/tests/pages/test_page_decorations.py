"""The page draws fainter what was set aside, and says so."""

from __future__ import annotations

from PIL import ImageDraw
from playwright.sync_api import Page, expect

from recognizer.tests.kit.browsing import UnitStroke, draw
from recognizer.tests.kit.drawings import encode, page_with
from recognizer.tests.kit.live import LiveSite

SEVEN: UnitStroke = [(0.3, 0.15), (0.7, 0.15), (0.45, 0.7)]
UNDERLINE: UnitStroke = [(0.25, 0.85), (0.5, 0.85), (0.75, 0.85)]

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


def test_a_circle_on_a_picture_is_veiled_and_named(site: LiveSite, page: Page) -> None:
    picture = page_with((7, 260, 160))
    ImageDraw.Draw(picture).ellipse((210, 110, 590, 490), outline=0, width=14)
    page.goto(site.url)
    page.locator("#file").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": encode(picture)}
    )
    expect(page.get_by_role("status").filter(has_text="Left out: the circle.")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "7")
    left = [217 / 800, (300 + 100) / 800, ".outline"]  # the picture is wider than high
    page.wait_for_function(f"(place) => ({ALPHA})(place) > 100", arg=left)
    assert page.evaluate(ALPHA, [0.5, 0.9, ".outline"]) == 0
