"""What the page took for ink on a picture, and the box that marks the digit instead."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from recognizer.tests.kit.browsing import (
    MOVES_BETWEEN_POINTS,
    draw_by_touch,
    expect_answer,
    lend,
    open_page,
    press,
)
from recognizer.tests.kit.drawings import encode, page_with
from recognizer.tests.kit.live import LiveSite

TWO = encode(page_with((3, 20, 300), (7, 500, 20)))
CORNERS = [(0.6, 0.14), (0.99, 0.51)]
"""Around the 7, in shares of the sheet: the picture is wider than high, and lies in its middle."""


def send(page: Page, site: LiveSite, picture: bytes = TWO, *, is_answered: bool = True) -> Locator:
    """Choose a picture, and return what is drawn over it to mark a box."""
    page.goto(site.url)
    page.locator("#file").set_input_files(
        {"name": "page.png", "mimeType": "image/png", "buffer": picture}
    )
    expect(page.locator("#mark")).to_be_visible()
    if is_answered:
        expect(page.locator("#answer:not([aria-busy]), #notice[data-open]").first).to_be_attached()
    return page.locator(".marking")


def drag(page: Page, corners: list[tuple[float, float]]) -> None:
    box = page.locator("#sheet").bounding_box()
    assert box is not None
    (x1, y1), (x2, y2) = (
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners
    )
    page.mouse.move(x1, y1)
    page.mouse.down()
    page.mouse.move(x2, y2, steps=MOVES_BETWEEN_POINTS)
    page.mouse.up()


def outlined(page: Page) -> list[float]:
    """Return the box around the outline, in shares of the sheet: left, top, right, bottom."""
    page.wait_for_function(
        """() => {
            const canvas = document.querySelector(".outline");
            if (!canvas?.width) return false;
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.width);
            return data.some((value) => value > 0);
        }"""
    )
    box: list[float] = page.evaluate(
        """() => {
            const canvas = document.querySelector(".outline");
            const side = canvas.width;
            const { data } = canvas.getContext("2d").getImageData(0, 0, side, side);
            const box = [1, 1, 0, 0];
            for (let index = 3; index < data.length; index += 4) {
                if (data[index] === 0) continue;
                const [x, y] = [(index >> 2) % side, Math.floor((index >> 2) / side)];
                box[0] = Math.min(box[0], x / side);
                box[1] = Math.min(box[1], y / side);
                box[2] = Math.max(box[2], x / side);
                box[3] = Math.max(box[3], y / side);
            }
            return box;
        }"""
    )
    return box


def test_the_ink_that_was_read_is_outlined_on_the_picture(page: Page, site: LiveSite) -> None:
    send(page, site, encode(page_with((7, 500, 20))))
    expect_answer(page, 7)
    left, top, right, bottom = outlined(page)
    assert 0.65 < left < 0.78 < right < 0.95
    assert 0.15 < top < 0.25 < 0.38 < bottom < 0.5


def test_a_box_is_marked_with_a_mouse(page: Page, site: LiveSite) -> None:
    send(page, site)
    press(page, "Mark the digit")
    drag(page, CORNERS)
    expect_answer(page, 7)
    assert outlined(page)[0] > 0.6
    press(page, "Undo")
    expect(page.locator("#answer[data-digit='7']")).not_to_be_attached()


def test_a_box_is_marked_with_a_finger(browser: Browser, site: LiveSite) -> None:
    phone = {"width": 390, "height": 664}
    with open_page(
        browser, may_lack_answers=True, viewport=phone, has_touch=True, is_mobile=True
    ) as page:
        marking = send(page, site)
        page.get_by_role("button", name="Mark the digit").tap()
        expect(marking).to_be_visible()
        draw_by_touch(page, CORNERS)
        expect_answer(page, 7)
        expect(marking).to_be_hidden()


def test_a_box_is_marked_with_keys(page: Page, site: LiveSite) -> None:
    marking = send(page, site)
    page.locator("#mark").press("Enter")
    expect(marking).to_be_focused()
    for key, times in (("ArrowRight", 5), ("ArrowUp", 4), ("Shift+ArrowDown", 1)):
        for _ in range(times):
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect_answer(page, 7)
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_have_attribute("data-state", "right")


def test_a_tight_box_around_a_thin_digit_is_sent(window: Page, site: LiveSite) -> None:
    with lend(window, may_lack_answers=True) as page:
        send(page, site)
        press(page, "Mark the digit")
        with page.expect_request(lambda request: request.method == "POST") as asked:
            drag(page, [(0.8, 0.2), (0.802, 0.45)])
        sent = asked.value.post_data_json
        assert sent is not None
        left, top, right, bottom = sent["box"]
        assert (right - left, bottom - top > 100) == (8, True)


def test_an_answer_that_comes_late_leaves_the_marking_alone(page: Page, site: LiveSite) -> None:
    held: list[Route] = []
    page.route(f"{site.url}/api/v1/drawings/", lambda route: held.append(route))
    marking = send(page, site, encode(page_with((4, 100, 100))), is_answered=False)
    press(page, "Mark the digit")
    expect(marking).to_be_focused()
    page.keyboard.press("ArrowRight")
    place = page.locator(".mark-box").get_attribute("style")
    for route in held:
        route.continue_()
    page.unroute_all()
    expect_answer(page, 4)
    expect(marking).to_be_focused()
    assert page.locator(".mark-box").get_attribute("style") == place
    page.keyboard.press("ArrowLeft")
    assert page.locator(".mark-box").get_attribute("style") != place


def test_the_keys_of_the_page_rest_while_a_box_is_marked(page: Page, site: LiveSite) -> None:
    marking = send(page, site, encode(page_with((4, 100, 100))))
    expect_answer(page, 4)
    press(page, "Mark the digit")
    for key in ("4", "n", "p", "ArrowRight"):
        page.keyboard.press(key)
    expect(marking).to_be_focused()
    expect(page.locator("#voice")).to_have_text("left 24%, top 20%, right 84%, bottom 80%")
    page.keyboard.press("Escape")
    expect(page.locator("#answer")).to_have_attribute("data-state", "answered")
    assert page.url == f"{site.url}/"


def test_the_buttons_on_the_pad_do_not_cover_each_other(browser: Browser, site: LiveSite) -> None:
    with open_page(browser, locale="de") as page:
        send(page, site, encode(page_with((4, 100, 100))))
        page.evaluate("document.getElementById('go-on').hidden = false")
        for width, height in [(375, 553), (320, 454), (667, 331)]:
            page.set_viewport_size({"width": width, "height": height})
            sheet, mark, go_on = (
                page.locator(it).bounding_box() for it in ("#sheet", "#mark", "#go-on")
            )
            assert sheet is not None
            assert mark is not None
            assert go_on is not None
            is_beside = mark["x"] + mark["width"] <= go_on["x"]
            assert is_beside or mark["y"] + mark["height"] <= go_on["y"], width
            for each in (mark, go_on):
                assert sheet["x"] <= each["x"], width
                assert each["x"] + each["width"] <= sheet["x"] + sheet["width"], width


@pytest.mark.parametrize("how", ["Escape", "tap"])
def test_marking_can_be_left_without_a_box(page: Page, site: LiveSite, how: str) -> None:
    marking = send(page, site, encode(page_with((4, 100, 100))))
    expect_answer(page, 4)
    press(page, "Mark the digit")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    if how == "tap":
        marking.click()
    else:
        page.keyboard.press("Escape")
    expect(marking).to_be_hidden()
    expect(page.get_by_role("button", name="Mark the digit")).to_be_focused()
    expect_answer(page, 4)
    assert "POST" not in sent


def test_a_marked_box_outlasts_a_reload(page: Page, site: LiveSite) -> None:
    send(page, site)
    press(page, "Mark the digit")
    drag(page, CORNERS)
    expect_answer(page, 7)
    page.reload()
    expect_answer(page, 7)
    assert outlined(page)[0] > 0.6
