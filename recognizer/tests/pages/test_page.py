"""The page in a real browser: what a visitor sees while drawing, answering and looking back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from recognizer.tests.kit.browsing import (
    FOUR,
    SEVEN,
    UnitStroke,
    draw,
    draw_by_touch,
    expect_answer,
    open_page,
    press,
)
from recognizer.tests.kit.live import LiveSite


@pytest.fixture
def pad(site: LiveSite, page: Page) -> Page:
    """Return the drawing page of a new visitor."""
    page.goto(site.url)
    return page


def test_it_answers_after_a_stroke(pad: Page) -> None:
    draw(pad, SEVEN)

    expect_answer(pad, 7)


def test_it_answers_anew_after_each_stroke(pad: Page) -> None:
    draw(pad, FOUR[:1])
    expect(pad.locator("#answer[data-digit]")).to_be_attached()
    draw(pad, FOUR[1:])

    expect_answer(pad, 4)


def test_it_shows_what_the_model_saw(pad: Page) -> None:
    draw(pad, SEVEN)

    seen = pad.get_by_alt_text("Your drawing as 28 by 28 pixels")
    expect(seen).to_be_visible()
    assert seen.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]


def test_it_shows_eleven_shares_that_make_a_hundred(pad: Page) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)

    shares = pad.locator("#bars li").evaluate_all(
        "items => items.map(item => Number(item.style.getPropertyValue('--share')))"
    )
    assert len(shares) == 11
    assert sum(shares) == pytest.approx(1, abs=0.001)
    assert shares.index(max(shares)) == 7


def test_undo_takes_the_last_stroke_back(pad: Page) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    press(pad, "Undo")

    expect(pad.locator("#answer[data-digit]")).not_to_be_attached()


def test_clear_takes_the_answer_away(pad: Page) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    press(pad, "Clear")

    expect(pad.locator("#answer[data-digit]")).not_to_be_attached()


def test_it_knows_where_and_how_large_does_not_matter(pad: Page) -> None:
    small = [[(0.7 + x / 5, 0.1 + y / 5) for x, y in stroke] for stroke in SEVEN]
    draw(pad, small)

    expect_answer(pad, 7)


def test_one_digit_makes_one_drawing_in_the_history(pad: Page, site: LiveSite) -> None:
    draw(pad, FOUR)
    expect_answer(pad, 4)
    pad.goto(f"{site.url}/history/")

    expect(pad.locator("#drawings li")).to_have_count(1)


def test_a_correction_is_kept_in_the_history(pad: Page, site: LiveSite) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    with pad.expect_response("**/feedback/"):
        press(pad, "1")
    pad.goto(f"{site.url}/history/?correct=false")

    expect(pad.locator("#drawings li")).to_have_count(1)


def test_an_answer_can_be_corrected_in_the_history(pad: Page, site: LiveSite) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    with pad.expect_response("**/feedback/"):
        press(pad, "1")
    pad.goto(f"{site.url}/history/")
    pad.locator("#drawings li button").click()
    dialog = pad.get_by_role("dialog")
    with pad.expect_response("**/feedback/") as response:
        dialog.get_by_role("button", name="Yes, 7", exact=True).click()

    assert response.value.json()["correct"] is True


def test_a_history_belongs_to_its_visitor(pad: Page, site: LiveSite, browser: Browser) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)

    with open_page(browser) as other:
        other.goto(f"{site.url}/")
        other.goto(f"{site.url}/history/")
        expect(other.get_by_text("Nothing here yet.")).to_be_visible()


def test_it_is_drawn_on_with_a_finger(site: LiveSite, browser: Browser) -> None:
    phone: dict[str, Any] = {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
    }
    with open_page(browser, **phone) as page:
        page.goto(site.url)
        draw_by_touch(page, SEVEN[0])
        expect_answer(page, 7)


SCRIBBLE: list[UnitStroke] = [
    [(0.2, 0.2), (0.8, 0.8), (0.2, 0.7), (0.9, 0.3), (0.5, 0.1), (0.1, 0.5), (0.9, 0.6)],
    [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1)],
]


def scribble(page: Page) -> None:
    draw(page, SCRIBBLE)
    expect(page.locator("#answer")).to_have_attribute("data-digit", "none")


def test_no_to_a_scribble_stores_that_it_is_no_digit(pad: Page) -> None:
    scribble(pad)
    expect(pad.locator("#answer")).to_contain_text("Is it a digit?")
    with pad.expect_response("**/feedback/") as response:
        press(pad, "No")

    assert response.value.json()["label"] == "none"
    assert response.value.json()["correct"] is True


def test_a_digit_that_was_taken_for_a_scribble_is_named(pad: Page) -> None:
    scribble(pad)
    press(pad, "Yes, it is a …")
    with pad.expect_response("**/feedback/") as response:
        press(pad, "4")

    assert response.value.json()["label"] == 4
    expect(pad.locator("#answer")).to_have_attribute("data-state", "wrong")


def test_a_digit_can_be_called_no_digit_by_a_key(pad: Page) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    pad.keyboard.press("x")

    expect(pad.locator("#answer")).to_contain_text("Thank you: it was no digit.")
    expect(pad.locator("#drawings li")).to_contain_text("7?")


def test_a_corrected_digit_is_read_right_the_next_time(pad: Page) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    press(pad, "1")
    note = pad.locator("#memory")
    expect(note).to_contain_text("Learned: it would now read 1 here.")

    draw(pad, SEVEN)

    expect_answer(pad, 1)
    expect(pad.locator("#answer")).to_contain_text("Learned from you; before, it read 7.")
    expect(note).to_contain_text("Without them it would have read 7.")
    press(pad, "Ask without them")
    expect_answer(pad, 7)


def test_the_visitors_answers_can_be_forgotten(pad: Page) -> None:
    draw(pad, SEVEN)
    press(pad, "1")
    draw(pad, SEVEN)
    expect_answer(pad, 1)

    press(pad, "Forget them")

    expect_answer(pad, 7)
    expect(pad.locator("#memory")).to_be_hidden()
    press(pad, "Clear")
    draw(pad, SEVEN)
    expect_answer(pad, 7)


def test_agreeing_with_a_learned_answer_stores_that_answer(pad: Page) -> None:
    draw(pad, SEVEN)
    press(pad, "1")
    draw(pad, SEVEN)
    with pad.expect_response("**/feedback/") as response:
        press(pad, "Yes, 1")

    assert response.value.json()["label"] == 1
    expect(pad.locator("#answer")).to_have_attribute("data-state", "right")


def test_a_learned_answer_that_is_confirmed_in_the_dialog_is_right(pad: Page) -> None:
    draw(pad, SEVEN)
    press(pad, "1")
    draw(pad, SEVEN)
    expect_answer(pad, 1)
    press(pad, "Yes, 1")
    expect(pad.locator("#drawings li")).to_have_count(2)
    pad.locator("#drawings button").first.click()
    dialog = pad.get_by_role("dialog")
    dialog.get_by_role("button", name="Yes, 1", exact=True).click()  # takes it back
    expect(dialog.get_by_role("status")).to_be_empty()
    dialog.get_by_role("button", name="Yes, 1", exact=True).click()

    expect(dialog.get_by_role("status")).to_have_text("Thank you: it was right.")


def test_a_drawing_that_was_read_without_the_memory_is_not_read_again_by_undo(pad: Page) -> None:
    draw(pad, SEVEN)
    press(pad, "1")
    draw(pad, SEVEN)
    expect_answer(pad, 1)
    press(pad, "Ask without them")
    expect_answer(pad, 7)
    press(pad, "Yes, 7")
    expect(pad.locator("#answer")).to_have_attribute("data-state", "right")
    draw(pad, SEVEN)
    expect(pad.locator("#answer")).to_have_attribute("data-state", "answered")
    press(pad, "Undo")
    press(pad, "Undo")

    expect(pad.locator("#answer")).to_have_attribute("data-state", "right")
