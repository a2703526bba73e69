"""The page draws fainter what was set aside, and says so."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from recognizer.tests.kit.browsing import UnitStroke, draw
from recognizer.tests.kit.live import LiveSite

SEVEN: UnitStroke = [(0.3, 0.15), (0.7, 0.15), (0.45, 0.7)]
UNDERLINE: UnitStroke = [(0.25, 0.85), (0.5, 0.85), (0.75, 0.85)]

ALPHA = """([x, y]) => {
    const canvas = document.querySelector("#pad");
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
