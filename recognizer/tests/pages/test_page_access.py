"""The page for everybody: axe-core, keys alone, targets, focus, colors, motion, every width."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from recognizer.tests.kit.browsing import (
    SEVEN,
    draw,
    expect_answer,
    lend,
    open_page,
    open_window,
    press,
)
from recognizer.tests.kit.live import LiveSite

# Everything that axe-core knows, what it leaves off by default too.
AXE_OPTIONS = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
# The other colors change nothing else.
COLORS_ALONE = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
MIN_TARGET = 44  # CSS pixels


def answered(page: Page) -> None:
    draw(page, SEVEN)
    expect_answer(page, 7)


def empty(page: Page) -> None:
    expect(page.locator("#hint")).to_be_visible()


def drawing(page: Page) -> None:
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 50, steps=4)


def drawing_by_keys(page: Page) -> None:
    page.locator("canvas").first.focus()
    for key in ("ArrowUp", "Space", "ArrowDown"):
        page.keyboard.press(key)


def agreed(page: Page) -> None:
    answered(page)
    press(page, "Yes, 7")
    expect(page.locator("#answer")).to_have_attribute("data-state", "right")


def corrected(page: Page) -> None:
    answered(page)
    press(page, "1")
    expect(page.locator("#answer")).to_have_attribute("data-state", "wrong")


def failed(page: Page) -> None:
    page.route("**/api/v1/drawings/", lambda route: route.fulfill(status=500, body="{}"))
    draw(page, SEVEN)
    expect(page.get_by_text("The server had a problem.")).to_be_visible()


def offline(page: Page) -> None:
    page.context.set_offline(True)
    draw(page, SEVEN)
    expect(page.get_by_text("You are offline.")).to_be_visible()


def in_history(page: Page) -> None:
    agreed(page)
    press(page, "Clear")
    corrected(page)
    page.get_by_role("link", name="History").click()
    expect(page.locator("#drawings li")).to_have_count(2)


def without_history(page: Page) -> None:
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Nothing here yet.")).to_be_visible()


def editing(page: Page) -> None:
    in_history(page)
    page.locator("#drawings li button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def in_german(page: Page) -> None:
    press(page, "Deutsch")
    expect(page.get_by_role("heading", level=1)).to_have_text("Zeichne eine Ziffer")
    answered(page)


def inside(page: Page) -> None:
    answered(page)
    page.get_by_text("Inside the model").click()
    page.get_by_role("slider", name="Hidden unit").press("ArrowRight")
    expect(page.get_by_text("Unit ").last).to_be_visible()


def presenting(page: Page) -> None:
    answered(page)
    page.keyboard.press("p")
    expect(page.get_by_role("link", name="Leave")).to_be_visible()


def about(page: Page) -> None:
    answered(page)
    page.get_by_role("link", name="How it works").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How it works")


def deleting_all(page: Page) -> None:
    in_history(page)
    press(page, "Delete all …")
    expect(page.get_by_text("Delete all your 2 drawings?")).to_be_visible()


def nowhere(page: Page) -> None:
    page.goto(f"{page.url}nowhere/")


def too_old(page: Page) -> None:
    page.context.clear_cookies()
    press(page, "Deutsch")
    expect(page.get_by_role("heading", level=1)).to_have_text("This form is too old")


def explained(page: Page) -> None:
    page.goto(f"{page.url}problems/blank-drawing/")


STATES = [
    empty,
    drawing,
    drawing_by_keys,
    answered,
    inside,
    presenting,
    agreed,
    corrected,
    failed,
    offline,
    in_history,
    without_history,
    editing,
    deleting_all,
    about,
    in_german,
    nowhere,
    too_old,
    explained,
]
Bring = Callable[[Page], None]


def bring_to(page: Page, site: LiveSite, state: Bring) -> None:
    page.goto(site.url)
    state(page)


@pytest.fixture(scope="module")
def still(browser: Browser) -> Iterator[Page]:
    """Return a window of those who want less motion."""
    with open_window(browser, reduced_motion="reduce") as window:
        yield window


@pytest.fixture(scope="module", params=STATES, ids=lambda state: state.__name__)
def page_in_state(request: pytest.FixtureRequest, site: LiveSite, still: Page) -> Iterator[Page]:
    """Return the page in a state; getting there takes longer than what the tests look at."""
    with lend(still, may_lack_answers=True) as page:
        bring_to(page, site, request.param)
        yield page


def violations(page: Page, options: dict[str, Any] = AXE_OPTIONS) -> list[str]:
    """Return what axe-core finds, each with the element at fault."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    answer = page.evaluate("options => axe.run(options)", options)
    found: list[dict[str, Any]] = answer["violations"]
    return [
        f"{violation['id']}: {node['html']} {node.get('failureSummary')}"
        for violation in found
        for node in violation["nodes"]
    ]


def small_targets(page: Page) -> list[str]:
    """Return what is too small for a finger, links within a sentence apart."""
    small: list[str] = page.locator("button, nav a, label, a.button, a.name").evaluate_all(
        """(elements, least) => elements
             .filter((element) => element.checkVisibility())
             .map((element) => [element.outerHTML, element.getBoundingClientRect()])
             .filter(([, box]) => box.width < least - 0.01 || box.height < least - 0.01)
             .map(([html, box]) => `${html}: ${box.width} x ${box.height}`)""",
        MIN_TARGET,
    )
    return small


def test_axe_finds_nothing(page_in_state: Page) -> None:
    page_in_state.set_viewport_size({"width": 1280, "height": 720})
    assert violations(page_in_state) == []
    page_in_state.emulate_media(color_scheme="dark")
    found = violations(page_in_state, COLORS_ALONE)
    page_in_state.emulate_media(color_scheme="light")
    assert found == []


def test_it_fits_every_window(page_in_state: Page) -> None:
    for width, height in [(320, 568), (390, 844), (844, 390), (768, 1024), (3840, 2160)]:
        page_in_state.set_viewport_size({"width": width, "height": height})
        assert page_in_state.evaluate("document.documentElement.scrollWidth") <= width
        assert small_targets(page_in_state) == [], width


def test_text_twice_as_large_fits(site: LiveSite, browser: Browser) -> None:
    # What a browser does at 200 %: half as many CSS pixels, each twice as large.
    viewport = {"width": 640, "height": 400}
    with open_page(browser, viewport=viewport, device_scale_factor=2) as page:
        bring_to(page, site, in_german)

        assert page.evaluate("document.documentElement.scrollWidth") <= 640
        expect(page.get_by_role("button", name="Ja, 7", exact=True)).to_be_visible()


@pytest.mark.parametrize("bring", [answered, corrected, in_history, editing])
def test_the_focus_is_seen_wherever_it_is(bring: Bring, site: LiveSite, page: Page) -> None:
    bring_to(page, site, bring)
    page.locator("body").evaluate("body => document.activeElement.blur()")
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => {
              const element = document.activeElement;
              if (element === document.body || element === document.documentElement) return null;
              const ring = getComputedStyle(element.closest("label") ?? element);
              const isSeen = ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 2;
              return [element.outerHTML, isSeen];
            }"""
        )
        if focused is None or [focused[0], True] in seen:
            break
        seen.append(focused)

    assert len(seen) > 3
    assert [html for html, is_seen in seen if not is_seen] == []


def test_a_digit_is_drawn_and_answered_by_keys_alone(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    while page.evaluate("document.activeElement.id") != "pad":
        page.keyboard.press("Tab")
    # A one: from the middle up, pen down, straight down.
    for key in ["ArrowUp"] * 7 + ["Space"] + ["ArrowDown"] * 13 + ["Space"]:
        page.keyboard.press(key)
    expect_answer(page, 1)
    page.keyboard.press("Enter")

    expect(page.get_by_text("Thank you: it was right.")).to_be_visible()


def test_the_cursor_is_announced(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    page.locator("#pad").press("ArrowUp")
    voice = page.locator("#voice")

    expect(voice).to_have_text(re.compile(r"^row \d+, column \d+$"))
    page.keyboard.press("Space")
    expect(voice).to_have_text("Pen down")


def test_keys_answer(site: LiveSite, page: Page) -> None:
    bring_to(page, site, answered)
    for key, state in [
        ("3", "wrong"),
        ("7", "right"),
        ("3", "wrong"),
        ("Delete", "answered"),
        ("Enter", "right"),
    ]:
        page.keyboard.press(key)

        expect(page.locator("#answer")).to_have_attribute("data-state", state)


def test_keys_undo_and_redo(site: LiveSite, page: Page) -> None:
    bring_to(page, site, answered)
    page.keyboard.press("Control+z")
    expect(page.locator("#hint")).to_be_visible()
    page.keyboard.press("Control+Shift+z")

    expect_answer(page, 7)


def test_a_drawing_is_deleted_by_keys_alone(site: LiveSite, page: Page) -> None:
    bring_to(page, site, in_history)
    page.locator("#drawings li button").first.focus()
    page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.dataset.part") != "delete":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")

    expect(page.locator("#drawings li")).to_have_count(1)


def test_the_ink_is_seen_in_forced_colors(site: LiveSite, browser: Browser) -> None:
    with open_page(browser, forced_colors="active") as page:
        bring_to(page, site, answered)
        ink, paper = page.locator("#pad").evaluate(
            """(pad) => {
              const context = pad.getContext("2d");
              const place = [0.5 * pad.width, 0.25 * pad.height, 1, 1];
              return [
                `rgb(${[...context.getImageData(...place).data.slice(0, 3)].join(", ")})`,
                getComputedStyle(document.body).backgroundColor,
              ];
            }"""
        )
        assert ink != paper
        for name in ("Yes, 7", "No digit", "Clear"):
            button = page.get_by_role("button", name=name, exact=True)
            assert button.evaluate("button => getComputedStyle(button).borderStyle") == "solid"


def test_a_struck_digit_and_a_disabled_button_are_told_in_forced_colors(
    site: LiveSite, browser: Browser
) -> None:
    with open_page(browser, forced_colors="active") as page:
        bring_to(page, site, corrected)
        # A background would be painted over, and would erase the digit.
        strike = "written => parseFloat(getComputedStyle(written, '::after').borderTopWidth)"
        assert page.locator(".written").evaluate(strike) > 1
        color = "button => getComputedStyle(button).color"
        undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
        assert undo.evaluate(color) != redo.evaluate(color)


def test_nothing_moves_for_those_who_want_less_motion(site: LiveSite, still: Page) -> None:
    with lend(still) as page:
        bring_to(page, site, agreed)
        moving = page.locator("body *").evaluate_all(
            """(elements) => elements.filter((element) =>
                 ["", "::before", "::after"].some((part) => {
                   const style = getComputedStyle(element, part || null);
                   const lasts = parseFloat(style.transitionDuration) > 0;
                   return lasts || style.animationName !== "none";
                 })).map((element) => element.outerHTML)"""
        )

        assert moving == []


def test_the_answer_is_read_out(site: LiveSite, page: Page) -> None:
    bring_to(page, site, answered)

    expect(page.get_by_role("status").filter(has_text="It reads 7")).to_be_visible()
