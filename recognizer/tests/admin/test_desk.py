"""The desk as a form: its order, its leases, its decisions, and who may use it."""

from __future__ import annotations

import re
import threading
import uuid
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recognizer.admin import desk as desk_page
from recognizer.models import Decision, Drawing, Lease, TrainedModel
from recognizer.services import waiting
from recognizer.services.drawings import recognition, reviews
from recognizer.tests.conftest import make_member
from recognizer.tests.kit.drawings import digits_of_one_face, png_of
from recognizer.tests.kit.small_training import answered

DESK = "/admin/recognizer/drawing/desk/"
BY_SCRIPT = {"Accept": "application/json"}
APPROVED = Drawing.Review.APPROVED
CHOICE = r'name="chosen"\s+value="(.*?)"'


@pytest.fixture
def reviewer(model: TrainedModel) -> User:
    return make_member("Reviewer")


@pytest.fixture
def desk(reviewer: User) -> Client:
    """Return the browser of a reviewer."""
    return log_in(reviewer)


def log_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def wait(label: int | None = 1, **values: Any) -> Drawing:
    """Store a drawing like no other one, which the model reads as a 1, by a visitor of its own."""
    noise = np.random.default_rng(Drawing.objects.count()).integers(0, 255, 784, np.uint8)
    feedback_at = None if label is None else timezone.now()
    own = {"canonical": noise.tobytes(), "visitor": uuid.uuid4(), "feedback_at": feedback_at}
    (drawing,) = answered(label, **{"confidence": 0.99, **own, **values})  # type: ignore[arg-type]
    return drawing


def cards(client: Client, query: str = "") -> list[Drawing]:
    """Return the drawings on a desk, the top one first."""
    page = client.get(DESK + query)
    assert page.status_code == 200
    return [card["drawing"] for card in page.context["cards"]]


def decide(client: Client, decision: object, drawing: Drawing | None = None) -> str:
    """Send the form of a card, and return the page that follows."""
    body = {"decision": str(decision), **(shown(drawing) if drawing else {})}
    body["group"] = last_group(client) if decision == "undo" else ""
    answer = client.post(DESK, body, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def last_group(client: Client) -> str:
    """Return what the page says is undone next."""
    return str(client.get(DESK).context["group"])


def shown(drawing: Drawing) -> dict[str, str]:
    """Return what the card of a drawing sends with a decision."""
    seen = reviews.seal(drawing.label, bytes(drawing.canonical))
    return {"drawing": str(drawing.pk), "seen": seen}


def state_of(drawing: Drawing) -> tuple[int | None, str]:
    drawing.refresh_from_db()
    return drawing.label, drawing.review


def test_the_doubtful_come_first(desk: Client) -> None:
    rest = wait(confidence=0.95)
    border = wait(confidence=0.94, strangeness=0.45)
    unsure = wait(confidence=0.5, probabilities=[0.5, 0.2] + [0.0375] * 8)
    close = wait(confidence=0.6, probabilities=[0.6, 0.35] + [0.00625] * 8)
    contradicted = wait(7, confidence=0.97)
    mark: dict[str, Any] = {
        "suspicious_at": timezone.now(),
        "suspected_digit": 2,
        "suspected_share": 0.98,
    }
    suspicious = wait(**mark)
    wait(None)

    assert cards(desk) == [suspicious, contradicted, close, unsure, border, rest]


def test_an_approved_label_that_all_contradict_comes_once_more(desk: Client) -> None:
    drawing = wait()
    reviews.decide(Drawing.objects.all(), make_member("Reviewer"), APPROVED)
    mark = {"suspicious_at": timezone.now(), "suspected_digit": 2, "suspected_share": 0.98}
    Drawing.objects.update(**mark)
    assert cards(desk) == [drawing]
    decide(desk, 1, drawing)
    assert cards(desk) == []
    assert state_of(drawing) == (1, "approved")


def test_a_card_shows_the_nearest_labeled_digits(desk: Client, reviewer: User) -> None:
    shapes = digits_of_one_face()
    for digit in range(10):
        wait(digit, canonical=shapes[digit].tobytes())
    reviews.decide(Drawing.objects.all(), reviewer, APPROVED)
    wait(1, canonical=np.roll(shapes[3], 1, axis=1).tobytes())

    (card,) = desk.get(DESK).context["cards"]

    assert len(card["nearest"]) == 6
    assert card["nearest"][0]["label"] == "3"


def test_nothing_on_a_card_is_certain(desk: Client) -> None:
    wait(6, confidence=0.9997)
    page = desk.get(DESK).content.decode()
    assert "over 99% sure" in page
    assert "100%" not in page


@pytest.mark.parametrize(
    ("label", "is_marked", "highlighted"),
    [(1, False, ["1 is right"]), (3, False, []), (3, True, ["It is 1"])],
    ids=["agreed", "contradicted", "marked"],
)
def test_a_label_that_is_contradicted_is_not_offered_as_what_to_press(
    desk: Client, label: int, is_marked: bool, highlighted: list[str]
) -> None:
    mark = {"suspicious_at": timezone.now(), "suspected_digit": 1, "suspected_share": 0.9}
    wait(label, **(mark if is_marked else {}))
    page = desk.get(DESK).content.decode()
    buttons = re.findall(r'class="button primary"[^>]*>\s*(.*?)\s*<kbd', page)
    assert buttons == highlighted
    assert ('<p class="doubt">' in page) == (label != 1)


def test_the_second_queue_has_the_unanswered_of_which_the_model_is_unsure(desk: Client) -> None:
    wait(confidence=0.5)
    wait(None, confidence=0.9)
    less, more = wait(None, confidence=0.6), wait(None, confidence=0.4)

    assert cards(desk, "?queue=unsure") == [more, less]


@pytest.mark.parametrize("alike", ["visitor", "canonical"])
def test_near_copies_do_not_follow_each_other(desk: Client, alike: str) -> None:
    values = {"visitor": uuid.uuid4(), "canonical": bytes(range(196)) * 4}
    shared: dict[str, Any] = {alike: values[alike]}
    same = [wait(confidence=0.5, **shared).pk for _ in range(2)]
    for _ in range(4):
        wait(confidence=0.7)

    places = [place for place, drawing in enumerate(cards(desk)) if drawing.pk in same]

    assert places[1] - places[0] > waiting.APART


def test_copies_follow_each_other_when_nothing_else_waits(desk: Client) -> None:
    visitor = uuid.uuid4()
    for _ in range(3):
        wait(visitor=visitor)
    assert len(cards(desk)) == 3


@pytest.mark.parametrize(
    ("decision", "after"),
    [
        *(("1", (1, "approved")), ("7", (7, "approved")), ("10", (10, "approved"))),
        *(("reject", (1, "rejected")), ("skip", (1, "unreviewed"))),
    ],
)
def test_a_form_decides_and_the_next_card_follows(
    desk: Client, decision: str, after: tuple[int, str]
) -> None:
    first, second = wait(confidence=0.5), wait(confidence=0.9)
    assert cards(desk)[0] == first

    page = decide(desk, decision, first)

    assert state_of(first) == after
    assert f'data-id="{second.pk}"' in page
    assert f'data-id="{first.pk}"' not in page


def test_a_reviewer_gives_an_unanswered_drawing_its_label(desk: Client) -> None:
    drawing = wait(None, confidence=0.5)
    decide(desk, 4, drawing)
    assert state_of(drawing) == (4, "approved")


def test_twenty_decisions_are_undone_the_latest_first(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk_page.UNDO_DEPTH == 20
    monkeypatch.setattr(desk_page, "UNDO_DEPTH", 4)
    drawings = [wait() for _ in range(6)]
    for drawing in drawings:
        decide(desk, 7, drawing)

    for drawing in reversed(drawings[2:]):
        assert f'data-id="{drawing.pk}"' in decide(desk, "undo")
        assert state_of(drawing) == (1, "unreviewed")

    assert "There is nothing left to undo." in decide(desk, "undo")
    assert state_of(drawings[1]) == (7, "approved")


def test_a_decision_that_the_visitor_overtook_is_not_undone_but_the_one_before(
    desk: Client,
) -> None:
    first, second = wait(), wait()
    decide(desk, 7, first)
    decide(desk, 7, second)
    recognition.give_feedback(second, label=3)

    assert "stays as it is" in decide(desk, "undo")
    decide(desk, "undo")

    assert state_of(second) == (3, "unreviewed")
    assert state_of(first) == (1, "unreviewed")


def test_an_undo_that_is_sent_twice_undoes_one_decision(desk: Client) -> None:
    first, second = wait(), wait()
    decide(desk, 7, first)
    decide(desk, 7, second)
    group = last_group(desk)
    sent = {"decision": "undo", "group": group}

    answers = [desk.post(DESK, sent, headers=BY_SCRIPT).json() for _ in range(2)]

    assert state_of(second) == (1, "unreviewed")
    assert state_of(first) == (7, "approved")
    assert [answer["card"] for answer in answers] == [str(second.pk)] * 2
    assert answers[1]["group"] not in {"", group}
    decide(desk, "undo")
    assert state_of(first) == (1, "unreviewed")


def test_a_decision_whose_request_broke_off_is_undone_when_it_was_sent_again(
    desk: Client, reviewer: User
) -> None:
    drawing = wait()
    cards(desk)
    reviews.decide(Drawing.objects.all(), reviewer, APPROVED, label=7)  # no session was kept
    decide(desk, 7, drawing)
    decide(desk, "undo")
    assert state_of(drawing) == (1, "unreviewed")


@pytest.mark.parametrize("decision", [1, "reject"])
def test_a_label_that_its_visitor_changed_meanwhile_is_shown_before_it_is_decided(
    desk: Client, decision: object
) -> None:
    drawing = wait(1, confidence=0.9)
    wait(1, confidence=0.5)
    cards(desk)
    changed = recognition.give_feedback(drawing, label=3)

    page = decide(desk, decision, drawing)

    assert "It has changed meanwhile." in page
    assert re.findall(r'data-id="(.*?)"', page)[0] == str(drawing.pk)  # on top again
    assert state_of(drawing) == (3, "unreviewed")
    decide(desk, 3, changed)
    assert state_of(drawing) == (3, "approved")


def test_ink_that_was_replaced_meanwhile_is_shown_before_it_is_decided(desk: Client) -> None:
    visitor, pk = uuid.uuid4(), uuid.uuid4()
    recognition.recognize(image=png_of(1), visitor=visitor, id=pk)
    Drawing.objects.update(confidence=0.5)
    (seen,) = cards(desk, "?queue=unsure")
    recognition.recognize(image=png_of(4), visitor=visitor, id=pk)

    body = {"decision": "1", "queue": "unsure", **shown(seen)}
    refused = desk.post(DESK, body, headers=BY_SCRIPT)

    assert refused.status_code == 409
    assert refused.json()["reason"].startswith("It has changed meanwhile.")
    now = Drawing.objects.get()
    assert f'value="{shown(now)["seen"]}"' in refused.json()["fresh"]
    assert (now.label, now.review) == (None, "unreviewed")
    decide(desk, 4, now)
    assert state_of(now) == (4, "approved")


def test_two_reviewers_never_get_the_same_card(desk: Client) -> None:
    for _ in range(20):
        wait()
    other = log_in(make_member("Reviewer"))

    own, others = cards(desk), cards(other)

    assert len(own) == 12
    assert len(others) == 8
    assert not {drawing.pk for drawing in own} & {drawing.pk for drawing in others}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_the_same_moment_one_gets_the_drawing(
    bundle: Any, model: TrainedModel
) -> None:
    ids = [wait().pk for _ in range(30)]
    reviewers = [make_member("Reviewer") for _ in range(4)]
    start, got = threading.Barrier(len(reviewers)), []

    def ask(reviewer: User) -> None:
        start.wait()
        got.append(waiting.lease(reviewer, ids))
        connections.close_all()

    threads = [threading.Thread(target=ask, args=[each]) for each in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(map(len, got)) == len(set().union(*got)) == len(ids)


def test_a_lease_ends_after_two_minutes_and_work_renews_it(desk: Client) -> None:
    first, second = wait(confidence=0.5), wait()
    cards(desk)
    other = log_in(make_member("Reviewer"))
    assert cards(other) == []
    soon = timezone.now() + timedelta(seconds=5)
    Lease.objects.update(ends=soon)
    decide(desk, 1, first)
    assert Lease.objects.get(drawing=second).ends > soon + timedelta(seconds=60)

    Lease.objects.update(ends=timezone.now())

    assert cards(other) == [second]


def test_work_in_one_queue_does_not_renew_the_leases_of_the_other(desk: Client) -> None:
    answer = wait()
    first, second = (wait(None, confidence=0.5) for _ in range(2))
    assert cards(desk) == [answer]
    unsure = {"queue": "unsure"}
    assert desk.get(f"{DESK}cards/", unsure).context["cards"]
    soon = timezone.now() + timedelta(seconds=5)
    Lease.objects.update(ends=soon)

    held = {"held": [str(first.pk), str(second.pk)]}
    sent = {"decision": "3", **shown(first), **unsure, **held}
    assert desk.post(DESK, sent, headers=BY_SCRIPT).status_code == 200
    desk.get(f"{DESK}cards/", unsure | {"held": [str(second.pk)]})

    ends = dict(Lease.objects.values_list("drawing", "ends"))
    assert ends.pop(second.pk) > soon
    assert ends == {answer.pk: soon}


def test_opening_a_queue_gives_back_what_lay_on_the_desk(desk: Client) -> None:
    answer, unsure = wait(), wait(None, confidence=0.5)
    assert cards(desk) == [answer]
    assert cards(desk, "?queue=unsure") == [unsure]
    assert cards(log_in(make_member("Reviewer"))) == [answer]


def test_a_card_on_the_desk_of_another_is_not_decided(desk: Client) -> None:
    drawing = wait()
    cards(desk)
    other = log_in(make_member("Reviewer"))
    assert "Another reviewer has decided about it" in decide(other, 7, drawing)
    assert state_of(drawing) == (1, "unreviewed")


def test_what_another_reviewer_decided_meanwhile_stays(desk: Client, reviewer: User) -> None:
    drawing = wait()
    cards(desk)
    reviews.decide(Drawing.objects.all(), make_member("Reviewer"), Drawing.Review.REJECTED)

    assert "Another reviewer has decided about it" in decide(desk, 7, drawing)

    assert state_of(drawing) == (1, "rejected")


def test_a_reviewer_decides_again_about_a_drawing(desk: Client) -> None:
    drawing = wait()
    decide(desk, 7, drawing)
    decide(desk, "reject", drawing)
    assert state_of(drawing) == (7, "rejected")
    decide(desk, "undo")
    assert state_of(drawing) == (7, "approved")


def test_a_deleted_drawing_says_so(desk: Client) -> None:
    drawing = wait()
    cards(desk)
    gone = Drawing(pk=drawing.pk, canonical=drawing.canonical)
    drawing.delete()
    assert "This drawing is deleted." in decide(desk, 7, gone)


def test_the_script_hears_the_reason_and_the_progress(desk: Client) -> None:
    drawing, other = wait(), wait()
    body = {"decision": "7", **shown(drawing)}

    kept = desk.post(DESK, body, headers=BY_SCRIPT).json()
    Lease.objects.create(
        drawing=other, reviewer=make_member("Reviewer"), ends=timezone.now() + timedelta(minutes=1)
    )
    refused = desk.post(DESK, body | shown(other), headers=BY_SCRIPT)

    group = str(Decision.objects.get().group)
    assert kept == {"card": "", "group": group, "text": "1 of 2 done", "done": 1, "all": 2}
    assert refused.status_code == 409
    assert refused.json()["reason"].startswith("Another reviewer")
    assert refused.json()["group"] == group


def test_the_next_cards_are_none_that_the_page_holds(desk: Client) -> None:
    for _ in range(20):
        wait()
    held = [str(drawing.pk) for drawing in cards(desk)]

    page = desk.get(f"{DESK}cards/", {"held": held[6:]})

    fresh = {str(card["drawing"].pk) for card in page.context["cards"]}
    assert len(fresh) == 12
    assert not fresh & set(held[6:])


def test_the_progress_tells_how_long_it_still_takes(desk: Client, reviewer: User) -> None:
    for _ in range(7):
        wait()
    drawings = cards(desk)
    for drawing in drawings[:4]:
        decide(desk, 1, drawing)
    session = desk.session
    session["desk"] |= {"began": (timezone.now() - timedelta(hours=1)).isoformat()}
    session.save()
    for number, decision in enumerate(Decision.objects.order_by("id")):
        later = timezone.now() - timedelta(minutes=9) + timedelta(seconds=40 * number)
        Decision.objects.filter(pk=decision.pk).update(decided_at=later)

    page = desk.get(DESK).content.decode()

    assert "4 of 7 done · 40 s each · about 2 min left" in page


def test_what_is_decided_together_counts_as_one_step_of_the_pace(
    model: TrainedModel, reviewer: User
) -> None:
    now = timezone.now()
    for minutes in (6, 4, 2):
        for _ in range(10):
            wait()
        waits = Drawing.objects.unreviewed().values("pk")
        group = reviews.decide(Drawing.objects.filter(pk__in=waits), reviewer, APPROVED).group
        at = now - timedelta(minutes=minutes)
        Decision.objects.filter(group=group).update(decided_at=at)

    progress = waiting.measure_progress(reviewer, now - timedelta(hours=1), waiting.ANSWERS)

    assert (progress.done, progress.seconds_each) == (30, 120)


def test_at_the_end_a_trainer_sees_what_a_retraining_learns_and_its_button(desk: Client) -> None:
    decide(desk, 7, wait())
    trainer = log_in(make_member("Reviewer", "Trainer"))
    sentence = "A retraining would learn from 1 label that was approved since the last one."
    action = 'action="/admin/recognizer/trainingrun/retrain/"'

    own, trainers = (" ".join(each.get(DESK).content.decode().split()) for each in (desk, trainer))

    assert sentence in own
    assert action not in own
    assert sentence in trainers
    assert action in trainers


def test_skipped_ones_come_again_when_the_reviewer_asks_for_them(desk: Client) -> None:
    drawing = wait()
    page = " ".join(decide(desk, "skip", drawing).split())
    assert "Show 1 skipped drawing" in page
    assert f'data-id="{drawing.pk}"' in decide(desk, "again")


def test_others_of_a_hand_are_decided_together_and_undone_together(desk: Client) -> None:
    hand = uuid.uuid4()
    drawings = [wait(7, visitor=hand) for _ in range(3)]
    stranger = wait(7)
    page = desk.get(f"{DESK}hand/{drawings[0].pk}/")
    assert {card["drawing"].pk for card in page.context["cards"]} == {one.pk for one in drawings}
    recognition.give_feedback(drawings[2], label=8)

    body = {"decision": "reject", "chosen": re.findall(CHOICE, page.content.decode())}
    answer = desk.post(f"{DESK}hand/{drawings[0].pk}/", body, follow=True)

    assert "2 drawings are rejected." in answer.content.decode()
    reviewed = [state_of(drawing)[1] for drawing in [*drawings, stranger]]
    assert reviewed == ["rejected", "rejected", "unreviewed", "unreviewed"]
    decide(desk, "undo")
    assert state_of(drawings[0]) == (7, "unreviewed")


def test_of_a_hand_no_label_is_approved_that_came_while_the_decision_was_taken(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing, decide = wait(7), reviews.decide

    def overtaken(*arguments: Any) -> reviews.Decided:
        recognition.give_feedback(drawing, label=3)
        return decide(*arguments)

    page = desk.get(f"{DESK}hand/{drawing.pk}/").content.decode()
    monkeypatch.setattr(reviews, "decide", overtaken)
    body = {"decision": "approve", "chosen": re.findall(CHOICE, page)}
    desk.post(f"{DESK}hand/{drawing.pk}/", body)

    assert state_of(drawing) == (3, "unreviewed")


@pytest.mark.parametrize("address", ["", "cards/", f"hand/{uuid.UUID(int=7)}/"])
def test_only_the_permission_to_change_drawings_opens_the_desk(
    model: TrainedModel, address: str
) -> None:
    looker = make_member()
    looker.user_permissions.add(Permission.objects.get(codename="view_drawing"))
    assert log_in(looker).get(DESK + address).status_code == 403
    assert log_in(looker).post(DESK, {"decision": "undo"}).status_code == 403
    assert Client().get(DESK + address).headers["Location"].startswith("/admin/login/")


def test_a_decision_needs_the_csrf_token(reviewer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(reviewer)
    drawing = wait()
    answer = client.post(DESK, {"decision": "7", "drawing": str(drawing.pk)})
    assert answer.status_code == 403
    assert state_of(drawing) == (1, "unreviewed")


@pytest.mark.parametrize(
    "body",
    [
        *({"decision": "11"}, {"decision": "-1"}, {"decision": ""}),
        *({"drawing": "seven"}, {"queue": "longest"}),
    ],
    ids=repr,
)
def test_what_no_form_sends_is_refused(desk: Client, body: dict[str, str]) -> None:
    drawing = wait()
    sent = {"decision": "7", **shown(drawing), **body}
    assert desk.post(DESK, sent).status_code == 400
    assert state_of(drawing) == (1, "unreviewed")


def test_the_desk_speaks_german(desk: Client) -> None:
    wait()
    page = desk.get(DESK, headers={"Accept-Language": "de"}).content.decode()
    assert '<html lang="de">' in page
    assert "Ablehnen" in page
    body = {"decision": "undo"}
    headers = BY_SCRIPT | {"Accept-Language": "de"}
    refused = desk.post(DESK, body, headers=headers).json()
    assert refused["reason"] == "Es gibt nichts mehr rückgängig zu machen."


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite tells its plan in these words")
@pytest.mark.parametrize("queue", [waiting.ANSWERS, waiting.UNSURE], ids=str)
def test_every_part_of_a_queue_is_read_in_the_order_of_an_index(
    model: TrainedModel, queue: waiting.Queue
) -> None:
    for part in queue.parts():
        plan = part.exclude(pk__in=[uuid.uuid4()]).values_list("pk", "canonical")[:48].explain()
        assert re.search("USING INDEX drawing_(to_review|doubted|unsure)", plan), plan
        assert "TEMP B-TREE" not in plan


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite tells its plan in these words")
def test_answers_that_wait_are_counted_by_indexes(model: TrainedModel) -> None:
    with CaptureQueriesContext(connection) as queries:
        waiting.ANSWERS.count()
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}").fetchall())
            assert re.search("COVERING INDEX|INDEX drawing_doubted", plan), plan


@pytest.mark.parametrize(("queue", "label"), [("answers", 7), ("unsure", None)])
def test_a_queue_is_counted_no_further_than_is_said(
    desk: Client, monkeypatch: pytest.MonkeyPatch, queue: str, label: int | None
) -> None:
    monkeypatch.setitem(waiting.MOST_COUNTED, queue, 3)
    for number in range(1, 5):
        wait(label=label, confidence=0.3 + number / 100)
        waits = "more than 2 left" if number > 2 else f"0 of {number} done"
        assert waits in desk.get(DESK, {"queue": queue}).content.decode()
    other = "unsure" if queue == "answers" else "answers"
    assert "0 of 0 done" in desk.get(DESK, {"queue": other}).content.decode()


def test_a_longer_queue_costs_no_more_queries(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        wait(7)
    desk.get(DESK)
    with django_assert_max_num_queries(40):
        desk.get(DESK)
