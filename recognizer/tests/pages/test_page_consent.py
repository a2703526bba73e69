"""The line that asks whether drawings may be published, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from recognizer.tests.kit.browsing import SEVEN, draw, expect_answer, lend, press
from recognizer.tests.kit.live import LiveSite, serve, wait_until

LINE = "Other people may use my drawings"
LICENSES = "SELECT license FROM recognizer_drawing ORDER BY created_at"


@pytest.fixture(scope="module")
def licensed(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with serve(tmp_path_factory.mktemp("site"), DATASET_LICENSE="CC-BY-4.0") as site:
        yield site


def test_only_what_is_drawn_after_the_consent_has_it_and_unchecking_takes_all_back(
    licensed: LiveSite, window: Page
) -> None:
    with lend(window) as page:
        page.goto(licensed.url)
        box = page.get_by_label(LINE)
        expect(box).not_to_be_checked()
        draw(page, SEVEN)
        expect_answer(page, 7)
        box.check()
        expect(page.get_by_text("It holds for what you draw from now on.")).to_be_visible()
        press(page, "Clear")
        draw(page, SEVEN)
        expect_answer(page, 7)
        wait_until(lambda: licensed.rows(LICENSES) == [("",), ("CC-BY-4.0",)])

        page.reload()
        expect(box).to_be_checked()
        page.goto(f"{licensed.url}/history/")
        expect(page.get_by_text("You let other people use 1 of them.")).to_be_visible()
        page.goto(licensed.url)
        box.uncheck()
        expect(page.get_by_text("Taken back: 1 drawing is left out")).to_be_visible()
        assert licensed.rows(LICENSES) == [("",), ("",)]


def test_the_history_takes_back_what_a_page_with_lost_storage_no_longer_knows(
    licensed: LiveSite, window: Page
) -> None:
    with lend(window) as page:
        page.goto(licensed.url)
        page.get_by_label(LINE).check()
        draw(page, SEVEN)
        expect_answer(page, 7)
        page.evaluate("localStorage.clear()")
        page.goto(f"{licensed.url}/history/")
        page.get_by_role("button", name="Take that back").click()
        expect(page.get_by_text("You let other people use")).to_have_count(0)
        assert {row[0] for row in licensed.rows(LICENSES)} == {""}


def test_a_withdrawal_that_does_not_arrive_leaves_the_box_checked(
    licensed: LiveSite, window: Page
) -> None:
    with lend(window, may_lack_answers=True) as page:
        page.goto(licensed.url)
        box = page.get_by_label(LINE)
        box.check()
        page.route("**/license/", lambda route: route.abort())
        box.click()
        expect(page.get_by_text("nothing has changed")).to_be_visible()
        expect(box).to_be_checked()


def test_a_site_without_a_license_asks_nobody(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    expect(page.get_by_label(LINE)).to_have_count(0)
