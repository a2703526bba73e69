"""Decisions about many drawings of the list: checked, confirmed, in portions, undone, found."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import Page, expect

from recognizer.admin import bulk_decisions, drawings
from recognizer.models import Decision, Drawing, Import
from recognizer.services.drawings import reviews
from recognizer.tests.conftest import DRAWINGS, Caller, make_member
from recognizer.tests.kit.drawings import data_url, png_of
from recognizer.tests.kit.live import LiveSite
from recognizer.tests.kit.small_training import answered

LIST = "/admin/recognizer/drawing/"
RIGHT, WRONG = 1, 6
"""Labels of drawings that all look like a 1."""


@pytest.fixture
def reviewer(model: Any) -> Client:
    client = Client()
    client.force_login(make_member("Reviewer"))
    return client


def run(client: Client, action: str, query: str = "", **fields: Any) -> str:
    """Run an action on all drawings of the list, or of a filter of it; return what follows."""
    chosen = [str(pk) for pk in Drawing.objects.values_list("pk", flat=True)[:100]]
    body = {"action": action, "_selected_action": chosen, **shown(), **fields}
    return client.post(LIST + query, body, follow=True).content.decode()


def shown() -> dict[str, Any]:
    """Return what the list sends back of what it shows now."""
    drawings = Drawing.objects.all()[:100]
    return {
        "seen": [bulk_decisions.write_state(drawing) for drawing in drawings],
        "shown_at": timezone.now().isoformat(),
    }


def states() -> list[tuple[int | None, str]]:
    return sorted(Drawing.objects.values_list("label", "review"))


def test_nothing_in_the_list_relabels_beside_an_action(reviewer: Client) -> None:
    answered(RIGHT)
    page = reviewer.get(LIST).content.decode()
    assert re.findall(r'<select name="(.*?)"', page) == ["action"]
    assert 'name="_save"' not in page


def test_before_an_approval_what_looks_wrong_is_shown_and_the_others_are_approved(
    reviewer: Client,
) -> None:
    answered(RIGHT, 43)
    answered(WRONG, 7)
    page = run(reviewer, "approve")
    assert "7 of these 50 look wrong." in page
    assert page.count("labeled 6, looks like 1") == 7
    assert "Approve the other 43" in page
    assert not Drawing.objects.filter(review="approved").exists()

    assert "43 approved." in run(reviewer, "approve", confirmed="others")
    assert states() == [(RIGHT, "approved")] * 43 + [(WRONG, "unreviewed")] * 7
    assert set(Drawing.objects.suspicious().values_list("label", flat=True)) == {WRONG}


def test_who_has_looked_approves_all(reviewer: Client) -> None:
    answered(WRONG, 3)
    assert "I have looked: approve all 3" in run(reviewer, "approve")
    run(reviewer, "approve", confirmed="all")
    assert states() == [(WRONG, "approved")] * 3
    assert not Drawing.objects.suspicious().exists()


@pytest.mark.parametrize(
    ("action", "title", "left"),
    [
        ("approve", "Approve 50 labels?", (RIGHT, "approved")),
        ("reject", "Reject 50 drawings?", (RIGHT, "rejected")),
    ],
)
def test_from_50_on_a_decision_is_confirmed_and_below_not(
    reviewer: Client, action: str, title: str, left: tuple[int, str]
) -> None:
    answered(RIGHT, 50)
    assert title in run(reviewer, action)
    assert states() == [(RIGHT, "unreviewed")] * 50
    Drawing.objects.filter(pk=Drawing.objects.values("pk")[:1]).delete()
    assert title not in run(reviewer, action)
    assert states() == [left] * 49


def test_relabeling_asks_for_the_label_and_then_approves_it(reviewer: Client) -> None:
    answered(WRONG, 2)
    assert "Relabel 2 drawings?" in run(reviewer, "relabel")
    for missing in ("", "11", "seven"):
        page = run(reviewer, "relabel", confirmed="all", label=missing)
        assert "Choose which digit it is" in page
    assert states() == [(WRONG, "unreviewed")] * 2
    assert "2 relabeled." in run(reviewer, "relabel", confirmed="all", label="1")
    assert states() == [(RIGHT, "approved")] * 2
    assert set(Decision.objects.values_list("old_label", "new_label")) == {(WRONG, RIGHT)}


def test_decisions_are_taken_back_to_unreviewed(reviewer: Client) -> None:
    answered(RIGHT, 2, review="rejected", reviewed_at=timezone.now())
    assert "2 put back to unreviewed." in run(reviewer, "reopen")
    assert states() == [(RIGHT, "unreviewed")] * 2


def test_the_message_leads_to_the_undo_and_so_does_the_history(reviewer: Client) -> None:
    drawings = answered(RIGHT, 3)
    page = run(reviewer, "reject")
    found = re.search(r'3 rejected\. <a href="(.*?)">Undo</a>', page)
    assert found is not None
    undo = found[1]
    assert undo in reviewer.get(f"{LIST}{drawings[0].pk}/history/").content.decode()
    assert "Undo the decision about 3 drawings?" in reviewer.get(undo).content.decode()
    assert states() == [(RIGHT, "rejected")] * 3
    assert "3 as before." in reviewer.post(undo, follow=True).content.decode()
    assert states() == [(RIGHT, "unreviewed")] * 3
    assert "Nothing is undone" in reviewer.post(undo, follow=True).content.decode()
    assert undo not in reviewer.get(f"{LIST}{drawings[0].pk}/history/").content.decode()


def test_who_may_not_review_undoes_nothing(reviewer: Client) -> None:
    answered(RIGHT)
    run(reviewer, "reject")
    group = Decision.objects.get().group
    trainer = Client()
    trainer.force_login(make_member("Trainer"))
    assert trainer.post(f"{LIST}undo/{group}/").status_code == 403
    assert reviewer.get(f"{LIST}undo/{uuid.uuid4()}/").status_code == 404
    assert states() == [(RIGHT, "rejected")]


def test_a_whole_filter_is_decided_in_portions_and_nothing_else(
    reviewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_decisions, "PORTION", 3)
    monkeypatch.setattr(bulk_decisions, "CONFIRMED_FROM", 4)
    answered(RIGHT, 7)
    answered(WRONG, 2)
    all_of_it = {"query": f"?label__exact={RIGHT}", "select_across": "1", **shown()}
    page = run(reviewer, "reject", **all_of_it)
    assert "The newest 3 are done first" in page
    for left in (4, 1):
        page = run(reviewer, "reject", **all_of_it, confirmed="all")
        assert "3 rejected." in page
        assert f"Reject {left} drawing" in page
    run(reviewer, "reject", **all_of_it, confirmed="all")
    assert states() == [(RIGHT, "rejected")] * 7 + [(WRONG, "unreviewed")] * 2


def test_what_left_the_filter_while_the_decision_was_taken_stays(
    reviewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(RIGHT, 2)
    decide = reviews.decide

    def overtaken(*arguments: Any, **named: Any) -> Any:
        Drawing.objects.update(review="rejected", reviewed_at=timezone.now())
        return decide(*arguments, **named)

    monkeypatch.setattr(reviews, "decide", overtaken)
    run(reviewer, "approve", "?queue=unreviewed")
    assert states() == [(RIGHT, "rejected")] * 2


@pytest.mark.parametrize("across", ["0", "1"], ids=["chosen", "the whole filter"])
@pytest.mark.parametrize(
    "change",
    [
        {"label": WRONG, "feedback_at": timezone.now},
        {"review": "rejected", "reviewed_at": timezone.now},
    ],
    ids=["answered", "reviewed"],
)
def test_a_drawing_that_changed_since_the_list_was_shown_is_left_out_and_told(
    reviewer: Client, change: dict[str, Any], across: str
) -> None:
    answered(RIGHT, 3)
    page = reviewer.get(LIST).content.decode()
    sent = {
        "seen": re.findall('name="seen" value="(.*?)"', page),
        "shown_at": re.findall('name="shown_at" value="(.*?)"', page)[0],
    }
    late = answered(RIGHT, source="upload") if across == "1" else []
    changed = Drawing.objects.exclude(pk__in=[one.pk for one in late])[0]
    values = {name: value() if callable(value) else value for name, value in change.items()}
    Drawing.objects.filter(pk=changed.pk).update(**values)
    told = "2 are not as the page showed them" if late else "1 is not as the page showed it"
    done = run(reviewer, "approve", confirmed="all", select_across=across, **sent)
    assert told in done
    assert "2 approved." in done
    changed.refresh_from_db()
    assert changed.review == values.get("review", "unreviewed")


def test_an_open_drawing_whose_ink_changed_since_the_list_was_shown_is_not_relabeled(
    reviewer: Client,
) -> None:
    answered(RIGHT)
    Drawing.objects.update(label=None, feedback_at=None)
    before = shown()
    Drawing.objects.update(canonical=bytes(784))
    for across in ("0", "1"):
        page = run(reviewer, "relabel", confirmed="all", label="1", select_across=across, **before)
        assert "1 is not as the page showed it" in page
    assert states() == [(None, "unreviewed")]


def draw_on(stranger: Caller, pk: str, digit: int = 1) -> None:
    stranger.post(DRAWINGS, {"image": data_url(png_of(digit)), "id": pk})


def take_back(stranger: Caller, pk: str) -> None:
    stranger.put(f"{DRAWINGS}{pk}/feedback/", {"label": None})


@pytest.mark.parametrize(("label", "change"), [(None, draw_on), (7, take_back)])
def test_of_a_whole_filter_what_its_author_changed_meanwhile_stays_beyond_the_page_too(
    reviewer: Client,
    stranger: Caller,
    label: int | None,
    change: Callable[[Caller, str], None],
) -> None:
    ids = [str(uuid.uuid4()) for _ in range(2)]
    for pk in ids:
        draw_on(stranger, pk, 7)
        if label is not None:
            stranger.put(f"{DRAWINGS}{pk}/feedback/", {"label": label})
    draw_on(stranger, ids[1], 7)  # sent again, and the same
    before = {**shown(), "seen": []}
    change(stranger, ids[0])
    page = run(reviewer, "reject", select_across="1", **before)
    assert "1 is not as the page showed it" in page
    assert "1 rejected." in page
    assert Drawing.objects.get(pk=ids[0]).review == "unreviewed"


def test_of_a_whole_filter_what_another_reviewer_put_back_meanwhile_stays(reviewer: Client) -> None:
    drawings = answered(RIGHT, 2, review="rejected", reviewed_at=timezone.now())
    before = {**shown(), "seen": []}
    other = make_member("Reviewer", "second")
    reviews.decide(Drawing.objects.filter(pk=drawings[0].pk), other, "unreviewed")
    page = run(reviewer, "approve", select_across="1", **before)
    assert "1 is not as the page showed it" in page
    assert states() == [(RIGHT, "approved"), (RIGHT, "unreviewed")]


def test_the_queries_of_a_decision_do_not_grow_with_the_drawings(reviewer: Client) -> None:
    counts = []
    for count in (2, 40):
        Drawing.objects.all().delete()
        answered(RIGHT, count)
        with CaptureQueriesContext(connection) as queries:
            run(reviewer, "approve")
        counts.append(len(queries))
    assert counts[1] <= counts[0]


def test_our_own_pages_and_messages_speak_german(reviewer: Client) -> None:
    answered(WRONG, 2)
    reviewer.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert "2 von diesen 2 sehen falsch aus." in run(reviewer, "approve")
    page = run(reviewer, "reject")
    found = re.search(r'2 abgelehnt\. <a href="(.*?)">Rückgängig</a>', page)
    assert found is not None
    assert "rückgängig machen?" in reviewer.get(found[1]).content.decode()


def listed(client: Client, **query: str) -> set[uuid.UUID]:
    page = client.get(LIST, query)
    assert page.status_code == 200
    return {drawing.pk for drawing in page.context["cl"].result_list}


def test_a_list_is_counted_no_further_than_it_is_paged(
    reviewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawings, "MOST_LISTED", 2)
    answered(RIGHT, 4)
    page = reviewer.get(LIST)
    assert "There are more than 2 drawings" in page.text
    assert page.context["cl"].result_count == 3
    Drawing.objects.filter(pk__in=Drawing.objects.values("pk")[:2]).delete()
    assert "There are more than" not in reviewer.get(LIST).text


def test_drawings_are_found_by_import_hand_and_day(reviewer: Client) -> None:
    came_with = Import.objects.create(name="lesson-7b.csv")
    visitor, network = uuid.uuid4(), uuid.uuid4().hex
    old = timezone.now() - timedelta(days=30)
    chosen = {
        "import": answered(RIGHT, imported_with=came_with)[0],
        "visitor": answered(RIGHT, visitor=visitor)[0],
        "network": answered(RIGHT, network=network)[0],
        "old": answered(RIGHT, created_at=old)[0],
    }
    found = {name: {drawing.pk} for name, drawing in chosen.items()}
    day = f"{timezone.localtime(old):%Y-%m-%d}"
    assert listed(reviewer, **{"import": str(came_with.pk)}) == found["import"]
    assert listed(reviewer, hand=str(visitor)) == found["visitor"]
    assert listed(reviewer, hand=network) == found["network"]
    assert listed(reviewer, day=day) == listed(reviewer, q=day) == found["old"]
    assert len(listed(reviewer, day="week")) == 3
    for term, name in [
        (str(visitor), "visitor"),
        (str(visitor)[:8], "visitor"),
        (network[:10], "network"),
        (str(chosen["old"].pk), "old"),
        ("Lesson-7", "import"),
    ]:
        assert listed(reviewer, q=term) == found[name], term
    for nothing in ("no such thing", "abcdef123456", "2026-02-31"):
        assert listed(reviewer, q=nothing) == set()
    page = reviewer.get(LIST).content.decode()
    assert f"?hand={visitor}" in page
    assert "lesson-7b.csv" in page


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="asks SQLite for its plan")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"q": str(uuid.UUID(int=7))}, "drawing_of_visitor"),
        ({"hand": "ab" * 16}, "drawing_of_network"),
        ({"import": "1"}, "drawing_imported"),
        ({"day": "2026-11-28"}, "drawing_listed"),
        ({"queue": "approved"}, "drawing_reviewed"),
        ({"source__exact": "import"}, "drawing_sent"),
    ],
    ids=str,
)
def test_searches_and_filters_use_an_index(
    reviewer: Client, query: dict[str, str], index: str
) -> None:
    hand = uuid.UUID(query["q"]) if "q" in query else None
    day = timezone.now() if "day" not in query else timezone.make_aware(datetime(2026, 11, 28, 9))
    came_with = Import.objects.create(pk=1, name="lesson")
    answered(
        RIGHT, visitor=hand, network=query.get("hand", ""), imported_with=came_with, created_at=day
    )
    with CaptureQueriesContext(connection) as queries:
        reviewer.get(LIST, query)
    rows = next(one["sql"] for one in queries if '"canonical"' in one["sql"])
    with connection.cursor() as cursor:
        plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {rows}").fetchall())
    assert f"SEARCH recognizer_drawing USING INDEX {index}" in plan


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="asks SQLite for its plan")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"answer__exact": "10"}, "drawing_no_digit"),
        ({"answer": "wrong"}, "drawing_misread"),
        ({"queue": "suspicious"}, "drawing_doubted"),
        ({"queue": "unreviewed"}, "drawing_waiting"),
        ({"source__exact": "canvas"}, "drawing_listed"),
    ],
    ids=str,
)
def test_a_filter_is_read_in_the_order_of_an_index(
    reviewer: Client, query: dict[str, str], index: str
) -> None:
    answered(RIGHT)
    with CaptureQueriesContext(connection) as queries:
        reviewer.get(LIST, query)
    counted = next(one["sql"] for one in queries if "COUNT" in one["sql"] and "LIMIT" in one["sql"])
    with connection.cursor() as cursor:
        plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {counted}").fetchall())
    assert f"SCAN recognizer_drawing USING INDEX {index}" in plan.replace("COVERING ", "")
    assert "TEMP B-TREE" not in plan


SUSPECT = """
    UPDATE recognizer_drawing SET label = 10, feedback_at = created_at,
        suspicious_at = created_at, suspected_digit = 10, suspected_share = 0.99
    WHERE source = 'api' RETURNING id
"""
"""Makes the longest cells: a label “no digit”, and what contradicts it."""


def test_nothing_of_the_list_is_wider_than_1280_pixels(site: LiveSite, page: Page) -> None:
    for _ in range(3):
        site.draw_seven()
    site.rows(SUSPECT)
    make = "from django.contrib.auth.models import User; User.objects.create_superuser"
    site.manage("shell", "-c", f"{make}('wide', password='wide enough')")
    page.goto(f"{site.url}{LIST}?source__exact=api")  # what other tests drew is left out
    page.get_by_label("Username").fill("wide")
    page.get_by_label("Password").fill("wide enough")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("columnheader", name="Drawn")).to_be_visible()
    page.wait_for_load_state()  # before that, not everything has its width
    widths = page.evaluate(
        """() => [document.documentElement, document.querySelector(".results")].map(
            (each) => each.scrollWidth - each.clientWidth)"""
    )
    assert widths == [0, 0]
    page.get_by_role("columnheader", name="Drawn").get_by_role("link").first.click()
    assert "o=" in page.url
