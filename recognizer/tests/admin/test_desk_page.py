"""The desk in a browser: keys, touch, two reviewers at once, and decisions that are not kept."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, expect

from recognizer.tests.kit.browsing import lend, open_page
from recognizer.tests.kit.drawings import SEVEN
from recognizer.tests.kit.live import LiveSite, connect

DESK = "/admin/recognizer/drawing/desk/"
# A password would be hashed for a third of a second each time.
ADD_REVIEWERS = """
import json
from django.contrib.auth.models import Group, User
from django.test import Client
sessions = {}
for name in ("ada", "ben"):
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name="Reviewer"))
    client = Client()
    client.force_login(user)
    sessions[name] = client.cookies["sessionid"].value
print(json.dumps(sessions))
"""
UNDECIDED = """
UPDATE recognizer_drawing SET label = 1, feedback_at = created_at, visitor = NULL,
    review = 'unreviewed', reviewer_id = NULL, reviewed_at = NULL
"""


@dataclass(frozen=True)
class Desk:
    """A site with two reviewers, and the sessions in which they are logged in."""

    site: LiveSite
    sessions: dict[str, str]
    """The key by the name."""

    def log_in(self, page: Page, name: str) -> None:
        """Give a browser the cookie of a reviewer."""
        cookie: Any = {"name": "sessionid", "value": self.sessions[name], "url": self.site.url}
        page.context.add_cookies([cookie])

    def change(self, statement: str) -> None:
        """Change the database behind the site's back."""
        with connect(self.site.environment["DATABASE_URL"]) as database:
            database.execute(statement)

    def states(self) -> set[tuple[int, str, int]]:
        """Return how many drawings have which label and review."""
        counted = "SELECT label, review, count(*) FROM recognizer_drawing GROUP BY label, review"
        return set(self.site.rows(counted))


@pytest.fixture(scope="module")
def full_desk(own_site: LiveSite) -> Desk:
    """Let sixteen different drawings of a 7, labeled 1, wait for two reviewers."""
    printed = own_site.manage("shell", "--verbosity=0", "--command", ADD_REVIEWERS)
    for number in range(16):
        own_site.draw_seven(strokes=[*SEVEN, [[0, 0], [20 * number, 30]]])
    return Desk(own_site, json.loads(printed))


@pytest.fixture
def desk(full_desk: Desk) -> Iterator[Desk]:
    """Return the desk with all that waits, and no decision."""
    for table in ("lease", "decision"):
        full_desk.change(f"DELETE FROM recognizer_{table}")
    full_desk.change(UNDECIDED)
    sessions = full_desk.site.rows("SELECT session_key, session_data FROM django_session")
    yield full_desk
    for key, kept in sessions:  # what could be undone
        is_own = f"WHERE session_key = '{key}'"
        full_desk.change(f"UPDATE django_session SET session_data = '{kept}' {is_own}")


@pytest.fixture
def page(desk: Desk, window: Page) -> Iterator[Page]:
    """Return the desk of the first reviewer."""
    with lend(window, may_lack_answers=True) as page:
        open_desk(page, desk)
        expect_keys(page)
        yield page


@contextmanager
def sit_down(browser: Browser, desk: Desk, name: str = "ada", **options: Any) -> Iterator[Page]:
    """Open the desk of a reviewer in a window of its own."""
    with open_page(browser, may_lack_answers=True, **options) as page:
        open_desk(page, desk, name)
        if options.get("java_script_enabled", True):
            expect_keys(page)
        yield page


def open_desk(page: Page, desk: Desk, name: str = "ada") -> None:
    """Open the desk of a reviewer."""
    desk.log_in(page, name)
    page.goto(f"{desk.site.url}{DESK}")


def top(page: Page) -> str:
    """Return the id of the drawing that is shown."""
    return page.locator(".desk-card:visible").get_attribute("data-id") or ""


def expect_done(page: Page, count: int) -> None:
    expect(page.locator("#progress")).to_have_js_property("value", count)


def expect_keys(page: Page) -> None:
    """Wait until the page's script listens: what is pressed before is lost."""
    expect(page.locator("body[data-keys]")).to_be_visible()


def dismiss_dialogs(page: Page) -> list[str]:
    """Dismiss the browser's dialogs; return the list to which their types are added."""
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", dismiss)
    return asked


def test_keys_decide_and_undo(desk: Desk, page: Page) -> None:
    first = top(page)
    for key in ("a", "Enter", "7", "x", "r", "Space"):
        before = top(page)
        page.keyboard.press(key)
        assert top(page) != before  # at once
    expect_done(page, 5)
    assert desk.states() == {
        *((1, "approved", 2), (7, "approved", 1), (10, "approved", 1)),
        *((1, "rejected", 1), (1, "unreviewed", 11)),
    }
    for left in range(4, -1, -1):
        page.keyboard.press("Backspace")
        expect_done(page, left)
    assert top(page) == first
    assert desk.states() == {(1, "unreviewed", 16)}
    page.keyboard.press("Backspace")
    expect(page.get_by_text("There is nothing left to undo.")).to_be_visible()


def test_what_one_hand_drew_is_approved_and_rejected_together(desk: Desk, page: Page) -> None:
    desk.change(f"UPDATE recognizer_drawing SET visitor = '{uuid.uuid4().hex}'")
    open_desk(page, desk)
    expect_keys(page)
    page.keyboard.press("v")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(16)
    for box in page.get_by_role("checkbox").all()[4:]:
        box.uncheck()
    page.get_by_role("button", name="Approve the labels of the chosen").click()
    expect(page.get_by_text("4 drawings are approved.")).to_be_visible()
    assert desk.states() == {(1, "approved", 4), (1, "unreviewed", 12)}
    expect_keys(page)
    page.keyboard.press("v")
    page.get_by_role("button", name="Reject the chosen").click()
    expect(page.get_by_text("12 drawings are rejected.")).to_be_visible()
    assert desk.states() == {(1, "approved", 4), (1, "rejected", 12)}
    expect_keys(page)
    page.keyboard.press("Backspace")
    expect_done(page, 4)  # the page loads again, since it had no card
    expect_keys(page)
    page.keyboard.press("Backspace")
    expect_done(page, 0)
    assert desk.states() == {(1, "unreviewed", 16)}


def test_back_shows_the_one_before_to_decide_again(desk: Desk, page: Page) -> None:
    first = top(page)
    page.keyboard.press("a")
    second = top(page)
    page.keyboard.press("ArrowLeft")
    assert top(page) == first
    page.keyboard.press("r")
    assert top(page) == second
    expect_done(page, 2)
    assert desk.states() == {(1, "rejected", 1), (1, "unreviewed", 15)}


def test_a_key_that_is_held_down_decides_once(desk: Desk, page: Page) -> None:
    for _ in range(5):
        page.keyboard.down("r")
    page.keyboard.up("r")
    expect_done(page, 1)
    assert desk.states() == {(1, "rejected", 1), (1, "unreviewed", 15)}


def test_two_reviewers_get_different_drawings_and_finish_all(browser: Browser, desk: Desk) -> None:
    cards = "[...document.querySelectorAll('.desk-card')].map((card) => card.dataset.id)"
    with sit_down(browser, desk) as page, sit_down(browser, desk, "ben") as other:
        own, others = set(page.evaluate(cards)), set(other.evaluate(cards))
        assert len(own) == 12
        assert len(others) == 4
        assert not own & others
        for _ in range(4):
            other.keyboard.press("a")
        for _ in range(12):
            page.keyboard.press("7")
        for each in (page, other):
            expect(each.get_by_text("Nothing waits for you.")).to_be_visible()
        assert desk.states() == {(1, "approved", 4), (7, "approved", 12)}


def test_a_decision_that_was_not_kept_brings_its_drawing_back(desk: Desk, page: Page) -> None:
    def refuse(route: Route) -> None:
        route.abort() if route.request.method == "POST" else route.continue_()

    first = top(page)
    page.route(f"**{DESK}", refuse)
    page.keyboard.press("r")
    expect(page.get_by_text("this decision was not kept")).to_be_visible()
    assert top(page) == first
    page.unroute(f"**{DESK}")
    page.keyboard.press("r")
    expect_done(page, 1)
    assert desk.states() == {(1, "rejected", 1), (1, "unreviewed", 15)}


def test_an_undo_whose_answer_is_lost_is_pressed_again(desk: Desk, page: Page) -> None:
    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
        route.abort()

    for _ in range(2):
        page.keyboard.press("r")
    expect_done(page, 2)
    page.route(f"**{DESK}", lose)
    page.keyboard.press("Backspace")
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    page.unroute(f"**{DESK}")
    page.keyboard.press("Backspace")
    expect_done(page, 1)
    assert desk.states() == {(1, "rejected", 1), (1, "unreviewed", 15)}


def test_a_link_is_followed_when_all_decisions_are_kept(browser: Browser, desk: Desk) -> None:
    def delay(route: Route) -> None:
        if route.request.method == "POST":
            time.sleep(0.3)
        route.continue_()

    with sit_down(browser, desk) as page:
        asked = dismiss_dialogs(page)
        page.route(f"**{DESK}", delay)
        for _ in range(4):
            page.keyboard.press("r")
        page.get_by_role("link", name="Unanswered but unsure").click()
        page.wait_for_url("**/desk/?queue=unsure")
        assert desk.states() == {(1, "rejected", 4), (1, "unreviewed", 12)}
        assert asked == []


def test_leaving_by_other_means_asks_while_a_decision_is_on_its_way(
    browser: Browser, desk: Desk
) -> None:
    with sit_down(browser, desk) as page:
        asked = dismiss_dialogs(page)
        page.route(f"**{DESK}", lambda route: None)  # no answer comes
        page.keyboard.press("r")
        page.close(run_before_unload=True)
        page.wait_for_timeout(300)
        assert asked == ["beforeunload"]
        page.unroute_all(behavior="ignoreErrors")


def test_a_card_that_changed_meanwhile_comes_back_as_it_is_now(desk: Desk, page: Page) -> None:
    first = top(page)
    like = f"lower(replace(CAST(id AS TEXT), '-', '')) = '{first.replace('-', '')}'"
    desk.change(f"UPDATE recognizer_drawing SET label = 3 WHERE {like}")
    page.keyboard.press("r")
    expect(page.get_by_text("It has changed meanwhile.")).to_be_visible()
    expect(page.get_by_text("Visitor says 3.")).to_be_visible()
    assert top(page) == first
    page.keyboard.press("a")
    expect_done(page, 1)
    assert desk.states() == {(3, "approved", 1), (1, "unreviewed", 15)}


def test_keys_open_what_there_is_to_see(desk: Desk, page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("#inside [data-part=told]")).to_have_text(re.compile("Sure|sure"))
    page.keyboard.press("r")  # a key for the dialog decides nothing
    page.keyboard.press("Escape")
    assert desk.states() == {(1, "unreviewed", 16)}


def test_without_scripts_a_form_decides(browser: Browser, desk: Desk) -> None:
    with sit_down(browser, desk, java_script_enabled=False) as page:
        first = top(page)
        page.get_by_role("button", name="Reject").click()
        assert top(page) != first
        assert desk.states() == {(1, "rejected", 1), (1, "unreviewed", 15)}
        page.get_by_role("button", name="Undo the last decision").click()
        assert top(page) == first
        assert desk.states() == {(1, "unreviewed", 16)}


def test_a_finger_finds_every_button_on_a_phone(browser: Browser, desk: Desk) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    with sit_down(browser, desk, **phone) as page:
        boxes = [one.bounding_box() for one in page.locator("main button:visible").all()]
        assert len(boxes) >= 18
        assert all(box and box["width"] >= 44 and box["height"] >= 44 for box in boxes)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        first = top(page)
        page.get_by_role("button", name="No digit").tap()
        assert top(page) != first
        expect_done(page, 1)
