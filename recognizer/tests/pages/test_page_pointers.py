"""Drawing in a real browser: mouse, finger and pen by its own input, screens of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from recognizer.tests.kit.browsing import (
    DESKTOP,
    FOUR,
    SEVEN,
    UnitStroke,
    draw,
    expect_answer,
    lend,
    open_page,
    open_window,
    press,
)
from recognizer.tests.kit.live import LiveSite

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
MOVES_BETWEEN_POINTS = 4


class Hand:
    """Fingers and a pen over the canvas, as the browser gets them; places in the unit square."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        box = page.locator("canvas").first.bounding_box()
        assert box is not None
        self._box = box

    def touch(self, kind: str, *fingers: tuple[float, float]) -> None:
        """Send a touchStart, touchMove, touchEnd or touchCancel with the fingers that are down."""
        points = [{**self._place(finger), "id": index} for index, finger in enumerate(fingers)]
        self._send("Touch", {"type": kind, "touchPoints": points})

    def pen(self, kind: str, place: tuple[float, float], force: float) -> None:
        """Send a mousePressed, mouseMoved or mouseReleased of a pen, pressed so hard (0 to 1)."""
        buttons = 0 if kind == "mouseReleased" else 1
        button = "none" if kind == "mouseMoved" and force == 0 else "left"
        self._send(
            "Mouse",
            {
                "type": kind,
                "button": button,
                "buttons": buttons,
                "clickCount": 1,
                "pointerType": "pen",
                "force": force,
                **self._place(place),
            },
        )

    def write_by_touch(self, stroke: UnitStroke) -> None:
        """Draw one stroke with a finger."""
        self.touch("touchStart", stroke[0])
        for place in between(stroke):
            self.touch("touchMove", place)
        self.touch("touchEnd")

    def write_by_pen(self, stroke: UnitStroke, force: float) -> None:
        """Draw one stroke with a pen."""
        self.pen("mousePressed", stroke[0], force)
        for place in between(stroke):
            self.pen("mouseMoved", place, force)
        self.pen("mouseReleased", stroke[-1], 0)

    def _place(self, place: tuple[float, float]) -> dict[str, float]:
        return {
            "x": self._box["x"] + place[0] * self._box["width"],
            "y": self._box["y"] + place[1] * self._box["height"],
        }

    def _send(self, kind: str, event: dict[str, Any]) -> None:
        self._session.send(f"Input.dispatch{kind}Event", event)


def between(stroke: UnitStroke) -> list[tuple[float, float]]:
    """Return places on the way from point to point."""
    return [
        (
            start[0] + (end[0] - start[0]) * step / MOVES_BETWEEN_POINTS,
            start[1] + (end[1] - start[1]) * step / MOVES_BETWEEN_POINTS,
        )
        for start, end in pairwise(stroke)
        for step in range(1, MOVES_BETWEEN_POINTS + 1)
    ]


@pytest.fixture(scope="module")
def phone_window(browser: Browser) -> Iterator[Page]:
    """Return a window of a phone, which the tests share."""
    with open_window(browser, **PHONE) as window:
        yield window


@pytest.fixture
def phone(phone_window: Page) -> Iterator[Page]:
    """Return a page of a phone without cookies."""
    with lend(phone_window) as page:
        yield page


def count_strokes_sent(page: Page, site: LiveSite) -> list[int]:
    """Return a list that grows by the number of strokes of each request."""
    counts: list[int] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/drawings/"):
            counts.append(len((request.post_data_json or {}).get("strokes", [])))

    page.on("request", note)
    page.goto(site.url)
    return counts


def inked(page: Page) -> float:
    """Return the share of the canvas that is covered by ink."""
    share: float = page.locator("#pad").evaluate(
        """(pad) => {
          const { data } = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height);
          let ink = 0;
          for (let index = 3; index < data.length; index += 4) ink += data[index] / 255;
          return ink / (pad.width * pad.height);
        }"""
    )
    return share


def test_a_mouse_draws(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    draw(page, SEVEN)

    expect_answer(page, 7)


def test_only_the_first_button_of_a_mouse_draws(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    page.locator("#pad").hover()
    page.mouse.down(button="middle")
    page.mouse.move(0, 0)
    page.mouse.up(button="middle")

    assert inked(page) == 0


def test_a_finger_draws_and_the_page_stays_where_it_is(site: LiveSite, phone: Page) -> None:
    phone.goto(site.url)
    Hand(phone).write_by_touch([(0.5, 0.1), (0.5, 0.95)])
    expect_answer(phone, 1)

    assert phone.evaluate("scrollY") == 0


def test_a_pen_draws_as_wide_as_it_is_pressed(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    hand = Hand(page)
    hand.write_by_pen(SEVEN[0], force=0.2)
    expect_answer(page, 7)
    light = inked(page)
    press(page, "Clear")
    hand.write_by_pen(SEVEN[0], force=0.9)
    expect_answer(page, 7)

    assert inked(page) > 1.5 * light


def test_a_second_finger_withdraws_the_stroke(site: LiveSite, phone: Page) -> None:
    counts = count_strokes_sent(phone, site)
    hand = Hand(phone)
    first = [SEVEN[0][0], *between(SEVEN[0])]
    hand.touch("touchStart", first[0])
    hand.touch("touchMove", first[1])
    hand.touch("touchStart", first[1], (0.9, 0.9))
    for place in first[1:]:
        hand.touch("touchMove", place, (0.9, 0.8))
    hand.touch("touchEnd")
    expect(phone.locator("#hint")).to_be_visible()
    assert inked(phone) == 0
    hand.write_by_touch(SEVEN[0])
    expect_answer(phone, 7)

    assert counts == [1]


def test_a_touch_just_after_the_pen_is_a_palm(site: LiveSite, phone: Page) -> None:
    counts = count_strokes_sent(phone, site)
    hand = Hand(phone)
    hand.write_by_pen(SEVEN[0], force=0.7)
    hand.touch("touchStart", (0.9, 0.9))
    hand.touch("touchMove", (0.7, 0.9))
    hand.touch("touchEnd")
    expect_answer(phone, 7)

    assert counts == [1]


def test_the_eraser_end_of_a_pen_erases_a_stroke_and_the_barrel_button_does_nothing(
    site: LiveSite, page: Page
) -> None:
    page.goto(site.url)
    draw(page, FOUR)
    expect_answer(page, 4)
    ink = inked(page)
    # By events of the page: the protocol of the browser knows no eraser.
    press_pen = """([button, buttons]) => {
        const pad = document.querySelector("#pad");
        const box = pad.getBoundingClientRect();
        const place = {
            clientX: box.left + 0.6 * box.width, clientY: box.top + 0.8 * box.height,
        };
        for (const type of ["pointerdown", "pointermove", "pointerup"])
            pad.dispatchEvent(new PointerEvent(type, {
                ...place, button, buttons, pointerId: 9, pointerType: "pen", isPrimary: true,
                bubbles: true,
            }));
    }"""
    page.evaluate(press_pen, [2, 2])
    assert inked(page) == ink
    page.evaluate(press_pen, [5, 32])
    assert 0 < inked(page) < ink
    press(page, "Undo")

    assert inked(page) == ink
    expect_answer(page, 4)


def test_a_hand_beside_the_pen_leaves_no_mark(site: LiveSite, phone: Page) -> None:
    counts = count_strokes_sent(phone, site)
    hand = Hand(phone)
    hand.touch("touchStart", (0.9, 0.9))
    hand.touch("touchMove", (0.92, 0.95))
    hand.write_by_pen(SEVEN[0], force=0.7)
    hand.touch("touchEnd")
    expect_answer(phone, 7)

    assert counts == [1]
    assert phone.locator("#answer").get_attribute("data-digit") == "7"


def test_a_hand_that_comes_while_the_pen_is_down_leaves_no_mark(
    site: LiveSite, phone: Page
) -> None:
    counts = count_strokes_sent(phone, site)
    hand = Hand(phone)
    first, *others = [SEVEN[0][0], *between(SEVEN[0])]
    hand.pen("mousePressed", first, 0.7)
    for index, place in enumerate(others):
        hand.pen("mouseMoved", place, 0.7)
        if index == 4:
            hand.touch("touchStart", (0.9, 0.9))
    hand.pen("mouseReleased", others[-1], 0)
    hand.touch("touchEnd")
    expect_answer(phone, 7)

    assert counts == [1]


def test_a_finger_that_the_system_takes_away_leaves_its_ink(site: LiveSite, phone: Page) -> None:
    phone.goto(site.url)
    hand = Hand(phone)
    hand.touch("touchStart", SEVEN[0][0])
    for place in between(SEVEN[0]):
        hand.touch("touchMove", place)
    hand.touch("touchCancel")

    expect_answer(phone, 7)


def test_a_stroke_goes_on_outside_of_the_canvas(site: LiveSite, page: Page) -> None:
    counts = count_strokes_sent(page, site)
    draw(page, [[(0.5, 0.1), (0.5, 0.9), (-0.2, 0.9), (0.5, 0.5)]])
    expect(page.locator("#answer[data-digit]")).to_be_attached()

    assert counts == [1]


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_the_ink_is_as_sharp_as_the_screen(ratio: int, site: LiveSite, browser: Browser) -> None:
    with open_page(browser, device_scale_factor=ratio) as page:
        page.goto(site.url)
        draw(page, SEVEN)
        expect_answer(page, 7)
        pixels, css = page.locator("#pad").evaluate("pad => [pad.width, pad.clientWidth]")

        assert pixels == pytest.approx(css * ratio, abs=1)


def test_another_screen_keeps_the_drawing(site: LiveSite, browser: Browser) -> None:
    with open_page(browser, viewport=DESKTOP) as page:
        page.goto(site.url)
        draw(page, SEVEN)
        expect_answer(page, 7)
        ink = inked(page)
        width = page.locator("#pad").evaluate("pad => pad.width")
        session = page.context.new_cdp_session(page)
        # A pixel wider, for Chromium tells a page of another screen only with another window;
        # the canvas itself stays as large as it was.
        metrics = {"width": 1281, "height": 800, "deviceScaleFactor": 3, "mobile": False}
        session.send("Emulation.setDeviceMetricsOverride", metrics)
        page.wait_for_function("width => pad.width === 3 * width", arg=width)

        assert inked(page) == pytest.approx(ink, rel=0.02)
        expect_answer(page, 7)


def test_a_turned_phone_keeps_the_drawing(site: LiveSite, phone: Page) -> None:
    phone.goto(site.url)
    Hand(phone).write_by_touch(SEVEN[0])
    expect_answer(phone, 7)
    ink = inked(phone)
    width = phone.locator("#pad").evaluate("pad => pad.width")
    phone.set_viewport_size({"width": 844, "height": 390})
    phone.wait_for_function("width => pad.width !== width", arg=width)

    assert inked(phone) == pytest.approx(ink, rel=0.03)
    Hand(phone).write_by_touch([(0.4, 0.5), (0.7, 0.5)])
    expect_answer(phone, 7)


def test_buttons_undo_and_redo_strokes(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    draw(page, FOUR)
    expect_answer(page, 4)
    ink = inked(page)
    press(page, "Undo")
    assert 0 < inked(page) < ink
    press(page, "Undo")
    assert inked(page) == 0
    press(page, "Redo")
    press(page, "Redo")

    assert inked(page) == ink
    expect_answer(page, 4)


def test_a_new_stroke_ends_what_could_be_redone(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    draw(page, FOUR)
    press(page, "Undo")
    draw(page, FOUR[1:])

    expect(page.get_by_role("button", name="Redo")).to_have_attribute("aria-disabled", "true")


def test_a_wider_pen_leaves_more_ink(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    amounts = []
    for name in ("Pen: medium", "Pen: thick", "Pen: thin"):
        expect(page.locator("#pen")).to_have_accessible_name(name)
        draw(page, SEVEN)
        amounts.append(inked(page))
        press(page, "Clear")
        press(page, name)

    medium, thick, thin = amounts
    assert thin < medium < thick
    assert thick > 2 * thin
