"""Sheets: the stroke after a verdict begins another drawing, and nothing drawn is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from recognizer.tests.kit.browsing import (
    FOUR,
    SEVEN,
    UnitStroke,
    draw,
    expect_answer,
    open_page,
    press,
)
from recognizer.tests.kit.drawings import png_of
from recognizer.tests.kit.live import LiveSite

ONE: list[UnitStroke] = [[(0.5, 0.2), (0.5, 0.8)]]
BAR: list[UnitStroke] = [[(0.38, 0.55), (0.68, 0.55)]]


def expect_state(page: Page, state: str) -> None:
    expect(page.locator("#answer")).to_have_attribute("data-state", state)


@pytest.fixture
def answered(site: LiveSite, page: Page) -> Page:
    """Return the page with a 7 that was confirmed."""
    page.goto(site.url)
    draw(page, SEVEN)
    expect_answer(page, 7)
    page.keyboard.press("Enter")
    expect_state(page, "right")
    return page


def test_the_stroke_after_a_verdict_begins_another_drawing(answered: Page, site: LiveSite) -> None:
    draw(answered, ONE)
    expect_answer(answered, 1)
    answered.goto(f"{site.url}/history/")

    expect(answered.locator("#drawings li")).to_have_count(2)


def test_an_answered_drawing_can_be_continued(answered: Page) -> None:
    press(answered, "Go on with it")
    draw(answered, BAR)

    expect_answer(answered, 7)
    expect_state(answered, "answered")


def test_undo_turns_back_to_the_answered_drawing_and_its_verdict(answered: Page) -> None:
    draw(answered, ONE)
    expect_answer(answered, 1)
    press(answered, "Undo")
    press(answered, "Undo")

    expect_answer(answered, 7)
    expect_state(answered, "right")


def test_clear_is_undone(answered: Page) -> None:
    press(answered, "Clear")
    expect(answered.locator("#hint")).to_be_visible()
    press(answered, "Undo")

    expect_answer(answered, 7)


def test_a_chosen_answer_is_taken_back_by_pressing_it_again(answered: Page) -> None:
    yes = answered.get_by_role("button", name="Yes, 7")
    expect(yes).to_have_attribute("aria-pressed", "true")
    yes.click()
    expect_state(answered, "answered")

    expect(yes).to_have_attribute("aria-pressed", "false")


def test_back_and_reload_bring_the_drawing_back(answered: Page) -> None:
    press(answered, "Go on with it")
    draw(answered, BAR)
    expect_answer(answered, 7)
    answered.get_by_role("link", name="History").click()
    expect(answered.locator("#drawings li")).to_have_count(2)
    answered.go_back()
    expect_answer(answered, 7)
    answered.reload()
    expect_answer(answered, 7)
    press(answered, "Clear")
    answered.reload()

    expect(answered.locator("#hint")).to_be_visible()


def test_a_drawing_deleted_in_the_history_does_not_come_back(answered: Page) -> None:
    answered.get_by_role("link", name="History").click()
    answered.locator("#drawings li button").click()
    press(answered, "Delete")
    press(answered, "Delete for good?")
    expect(answered.locator("#drawings li")).to_have_count(0)
    answered.get_by_role("link", name="Draw", exact=True).click()

    expect(answered.locator("#hint")).to_be_visible()


def test_a_click_on_a_picture_leaves_it_and_a_stroke_over_it_is_undone(
    site: LiveSite, page: Page
) -> None:
    page.goto(site.url)
    page.get_by_label("Choose an image").set_input_files(
        {"name": "digit.png", "mimeType": "image/png", "buffer": png_of(4)}
    )
    expect_answer(page, 4)
    picture = page.get_by_alt_text("The picture that you sent")
    page.locator("#pad").click()
    expect(picture).to_be_visible()
    draw(page, SEVEN)
    expect_answer(page, 7)
    expect(picture).to_be_hidden()
    press(page, "Undo")
    press(page, "Undo")

    expect(picture).to_be_visible()
    expect_answer(page, 4)


def test_the_keys_are_listed(answered: Page) -> None:
    answered.keyboard.press("?")

    expect(answered.locator("#keys")).to_be_visible()


def test_a_drawing_deleted_in_the_strip_does_not_come_back_by_undo(answered: Page) -> None:
    draw(answered, FOUR)
    expect_answer(answered, 4)
    answered.locator("#drawings button").first.click()
    press(answered, "Delete")
    press(answered, "Delete for good?")
    expect(answered.locator("#drawings li")).to_have_count(0)
    for _ in FOUR:
        press(answered, "Undo")

    expect(answered.locator("#undo")).to_have_attribute("aria-disabled", "true")
    expect(answered.locator("#answer")).to_have_attribute("data-state", "empty")


def test_the_focus_of_a_button_that_goes_moves_to_what_is_left(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    draw(page, FOUR[1:])  # the upright stroke
    expect_answer(page, 1)
    draw(page, FOUR[:1])
    expect_answer(page, 4)
    page.get_by_role("button", name="1", exact=True).focus()
    page.keyboard.press("Control+z")
    expect_answer(page, 1)
    expect(page.get_by_role("button", name="Yes, 1")).to_be_focused()

    page.keyboard.press("Control+z")
    expect(page.locator("#answer")).to_have_attribute("data-state", "empty")
    expect(page.locator("#pad")).to_be_focused()


def test_it_draws_where_the_browser_stores_nothing(site: LiveSite, browser: Browser) -> None:
    with open_page(browser) as page:
        page.add_init_script(
            """for (const name of ["sessionStorage", "localStorage"])
                 Object.defineProperty(window, name, {
                   get() { throw new DOMException("It is blocked.", "SecurityError"); },
                 });"""
        )
        page.goto(site.url)
        draw(page, SEVEN)
        expect_answer(page, 7)
        press(page, "Yes, 7")
        expect(page.locator("#drawings li")).to_have_count(1)
        page.reload()

        expect(page.locator("#hint")).to_be_visible()
        expect(page.locator("#drawings li")).to_have_count(1)
