"""The archive in Django admin: thumbnails, filters, and decisions of a reviewer."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recognizer.models import NO_DIGIT, Drawing
from recognizer.services.drawings import recognition
from recognizer.tests.conftest import Caller
from recognizer.tests.kit.drawings import SEVEN

LIST = "/admin/recognizer/drawing/"


@pytest.fixture
def reviewer(staff: Caller) -> Client:
    """Return a member of the staff who may do everything, without the need for a token."""
    client = Client()
    client.force_login(User.objects.get(username="reviewer"))
    return client


@pytest.fixture
def archive(stranger: Caller) -> dict[str, Drawing]:
    """Store a right, a wrong and an unanswered drawing."""
    now = timezone.now()
    labels = {"right": 3, "wrong": 9, "open": None}
    drawings = {}
    for name, digit in {"right": 3, "wrong": 7, "open": 5}.items():
        drawing = Drawing.objects.get(pk=stranger.draw(digit, strokes=SEVEN)["id"])
        drawing.label = labels[name]
        drawing.feedback_at = now if drawing.label is not None else None
        drawing.save()
        drawings[name] = drawing
    return drawings


def listed(client: Client, **query: Any) -> set[str]:
    """Return the ids of the drawings on the list."""
    page = client.get(LIST, query)
    assert page.status_code == 200
    return {str(drawing.pk) for drawing in page.context["cl"].result_list}


def decide(client: Client, action: str, *drawings: Drawing, **fields: str) -> str:
    """Run an action on drawings and return the page that follows."""
    selected = [str(drawing.pk) for drawing in drawings]
    seen = re.findall('name="seen" value="(.*?)"', client.get(LIST).content.decode())
    body = {"action": action, "_selected_action": selected, "seen": seen, **fields}
    return client.post(LIST, body, follow=True).content.decode()


def test_each_filter_of_the_list_has_a_title_of_its_own(reviewer: Client) -> None:
    page = reviewer.get(LIST).content.decode()
    titles = re.findall(r"<summary>\s*(.*?)\s*</summary>", page)
    assert "By what people say" in titles
    assert len(titles) == len({*titles})


def test_the_list_shows_the_digit_the_answer_and_the_correction(
    reviewer: Client, archive: dict[str, Drawing]
) -> None:
    page = reviewer.get(LIST).content.decode()
    assert page.count('src="data:image/png;base64,') == 3
    assert re.search(r'class="field-answer">7<', page)
    assert re.search(r'class="field-label_and_check">9 <', page)
    assert re.search(r'class="field-confidence_percent">\d+\.\d%<', page)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"answer": "wrong"}, ["wrong"]),
        ({"answer": "right"}, ["right"]),
        ({"answer": "open"}, ["open"]),
        ({"queue": "unreviewed"}, ["right", "wrong"]),
        ({"queue": "suspicious"}, []),
        ({"queue": "whatever"}, []),
        ({"queue": "approved"}, []),
        ({"prediction__exact": "7"}, ["wrong"]),
        ({"label__exact": "9"}, ["wrong"]),
        ({"model__version__exact": "1"}, ["right", "wrong", "open"]),
        ({"source__exact": "api"}, ["right", "wrong", "open"]),
        ({"source__exact": "upload"}, []),
    ],
    ids=repr,
)
def test_the_list_is_narrowed(
    reviewer: Client, archive: dict[str, Drawing], query: dict[str, str], names: list[str]
) -> None:
    assert listed(reviewer, **query) == {str(archive[name].pk) for name in names}


@pytest.fixture
def suspicious(archive: dict[str, Drawing]) -> Drawing:
    """Return the wrong drawing, with the mark of the label check."""
    mark = {"suspicious_at": timezone.now(), "suspected_digit": 7, "suspected_share": 0.987}
    Drawing.objects.filter(pk=archive["wrong"].pk).update(**mark)
    return archive["wrong"]


def test_suspicious_labels_wait_in_a_queue_of_their_own(
    reviewer: Client, suspicious: Drawing
) -> None:
    assert listed(reviewer, queue="suspicious") == {str(suspicious.pk)}


def test_a_suspicious_label_is_shown_with_what_it_looks_like(
    reviewer: Client, suspicious: Drawing
) -> None:
    url = f"{LIST}{suspicious.pk}/change/"
    for page in (reviewer.get(LIST), reviewer.get(url)):
        assert page.content.decode().count("Suspicious: looks like 7 (98.7%)") == 1


def test_a_suspicious_label_that_is_approved_waits_no_longer(
    reviewer: Client, suspicious: Drawing
) -> None:
    decide(reviewer, "approve", suspicious, confirmed="all")
    assert listed(reviewer, queue="suspicious") == set()
    assert Drawing.objects.get(pk=suspicious.pk).label == 9


def test_a_suspicious_drawing_is_saved_with_another_label(
    reviewer: Client, suspicious: Drawing
) -> None:
    url = f"{LIST}{suspicious.pk}/change/"
    assert reviewer.post(url, form_of(reviewer, url, label="7")).status_code == 302
    drawing = Drawing.objects.get(pk=suspicious.pk)
    assert (drawing.label, drawing.review, drawing.suspicious_at) == (7, "approved", None)


@pytest.mark.parametrize(
    "query",
    [
        {"answer": "perhaps"},
        {"prediction__exact": "seven"},
        {"label__exact": "\x00"},
        {"model__version__exact": "9" * 40},
        {"p": "9" * 40},
        {"o": "-1.2.x"},
        {"image__exact": "1"},
    ],
    ids=repr,
)
def test_a_query_without_meaning_is_no_fault(
    reviewer: Client, archive: dict[str, Drawing], query: dict[str, str]
) -> None:
    assert reviewer.get(LIST, query).status_code in {200, 302, 400}


def count_queries(client: Client) -> tuple[int, str]:
    """Ask for the list; return how often it asks the database, and with what."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(LIST).status_code == 200
    return len(queries), "\n".join(query["sql"] for query in queries)


def test_a_longer_list_costs_no_more_queries_and_never_the_long_columns(
    reviewer: Client, archive: dict[str, Drawing]
) -> None:
    few, _ = count_queries(reviewer)
    for _ in range(20):
        copied = archive["wrong"]
        copied.pk = uuid.uuid4()
        copied.save(force_insert=True)
    many, sql = count_queries(reviewer)
    assert many == few
    assert '"image"' not in sql
    assert '"strokes"' not in sql


def test_a_reviewer_approves_labels(reviewer: Client, archive: dict[str, Drawing]) -> None:
    page = decide(reviewer, "approve", *archive.values(), confirmed="all")
    assert "2 approved." in page
    assert "1 without a label" in page
    wrong, unanswered = (Drawing.objects.get(pk=archive[name].pk) for name in ("wrong", "open"))
    assert (wrong.review, str(wrong.reviewer)) == ("approved", "reviewer")
    assert wrong.reviewed_at is not None
    assert unanswered.review == "unreviewed"


def test_a_reviewer_rejects_drawings(reviewer: Client, archive: dict[str, Drawing]) -> None:
    assert "2 rejected." in decide(reviewer, "reject", archive["wrong"], archive["open"])
    assert Drawing.objects.trainable().count() == 1
    rejected = Drawing.objects.get(pk=archive["open"].pk)
    assert str(rejected.reviewer) == "reviewer"


def test_a_decision_can_be_changed(reviewer: Client, archive: dict[str, Drawing]) -> None:
    decide(reviewer, "reject", archive["wrong"])
    decide(reviewer, "approve", archive["wrong"], confirmed="all")
    assert Drawing.objects.get(pk=archive["wrong"].pk).review == "approved"


def form_of(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """Return the fields of the form on a page, some of them changed."""
    context = client.get(url).context
    form = context["adminform"].form
    return {name: form[name].value() or "" for name in form.fields} | changes


def test_a_label_that_a_reviewer_sets_is_approved(
    reviewer: Client, archive: dict[str, Drawing]
) -> None:
    url = f"{LIST}{archive['open'].pk}/change/"
    answer = reviewer.post(url, form_of(reviewer, url, label="4"))
    assert answer.status_code == 302
    drawing = Drawing.objects.get(pk=archive["open"].pk)
    assert (drawing.label, drawing.review, str(drawing.reviewer)) == (4, "approved", "reviewer")
    assert drawing.feedback_at is not None


def test_an_answer_that_came_after_the_form_was_shown_stays(
    reviewer: Client, archive: dict[str, Drawing]
) -> None:
    url = f"{LIST}{archive['right'].pk}/change/"
    shown = form_of(reviewer, url)
    recognition.give_feedback(archive["right"], label=8)
    reviewer.post(url, shown)
    page = reviewer.post(url, {**shown, "review": "approved"}, follow=True).content.decode()
    assert "It was changed meanwhile; look again." in page
    late = Drawing.objects.get(pk=archive["right"].pk)
    assert (late.label, late.review) == (8, "unreviewed")


def test_a_label_for_ink_that_changed_after_the_form_was_shown_is_not_stored(
    reviewer: Client, archive: dict[str, Drawing]
) -> None:
    url = f"{LIST}{archive['open'].pk}/change/"
    shown = form_of(reviewer, url, label="5")
    Drawing.objects.filter(pk=archive["open"].pk).update(canonical=bytes(784))
    page = reviewer.post(url, shown, follow=True).content.decode()
    assert "It was changed meanwhile; look again." in page
    assert Drawing.objects.get(pk=archive["open"].pk).label is None


def test_a_form_that_was_refused_is_mended_and_sent_again(
    reviewer: Client, archive: dict[str, Drawing]
) -> None:
    url = f"{LIST}{archive['open'].pk}/change/"
    page = reviewer.post(url, form_of(reviewer, url, review="approved")).content.decode()
    seen = re.findall('name="seen" value="(.*?)"', page)
    reviewer.post(url, {"label": "5", "review": "approved", "seen": seen})
    assert Drawing.objects.get(pk=archive["open"].pk).label == 5


def test_nothing_is_approved_without_a_label(reviewer: Client, archive: dict[str, Drawing]) -> None:
    url = f"{LIST}{archive['open'].pk}/change/"
    page = reviewer.post(url, form_of(reviewer, url, review="approved"))
    assert "Only a drawing with a label can be approved." in page.content.decode()


def test_a_reviewer_says_that_it_is_no_digit(reviewer: Client, archive: dict[str, Drawing]) -> None:
    url = f"{LIST}{archive['open'].pk}/change/"
    assert '<option value="10">no digit</option>' in reviewer.get(url).content.decode()
    reviewer.post(url, form_of(reviewer, url, label="10"))
    drawing = Drawing.objects.get(pk=archive["open"].pk)
    assert (drawing.label, drawing.review) == (NO_DIGIT, "approved")


@pytest.mark.parametrize("label", ["11", "seven", "-1"])
def test_a_label_that_is_no_answer_is_refused(
    reviewer: Client, archive: dict[str, Drawing], label: str
) -> None:
    url = f"{LIST}{archive['open'].pk}/change/"
    assert reviewer.post(url, form_of(reviewer, url, label=label)).status_code == 200
    assert Drawing.objects.get(pk=archive["open"].pk).label is None


def test_the_page_of_a_drawing_shows_it_as_drawn(
    reviewer: Client, archive: dict[str, Drawing]
) -> None:
    page = reviewer.get(f"{LIST}{archive['wrong'].pk}/change/").content.decode()
    assert 'alt="The drawing as drawn"' in page
    assert 'alt="The drawing as 28 by 28 pixels"' in page
    assert '<th scope="row">Probability</th>' in page


def test_a_reviewer_deletes_drawings(reviewer: Client, archive: dict[str, Drawing]) -> None:
    reviewer.post(f"{LIST}{archive['open'].pk}/delete/", {"post": "yes"})
    assert "Delete 1 drawing for good?" in decide(reviewer, "delete_selected", archive["wrong"])
    decide(reviewer, "delete_selected", archive["wrong"], confirmed="all")
    assert [drawing.pk for drawing in Drawing.objects.all()] == [archive["right"].pk]


def test_drawings_are_not_added_by_hand(reviewer: Client) -> None:
    assert reviewer.get(f"{LIST}add/").status_code == 403


def test_who_may_only_look_decides_nothing(archive: dict[str, Drawing]) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_drawing"))
    client = Client()
    client.force_login(looker)
    assert listed(client) == {str(drawing.pk) for drawing in archive.values()}
    decide(client, "reject", archive["wrong"])
    assert not Drawing.objects.filter(review="rejected").exists()


def test_visitors_are_sent_to_the_log_in(visitor: Caller) -> None:
    answer = visitor.get(LIST)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


def test_a_log_in_never_leads_to_another_site(db: None, django_user_model: Any) -> None:
    django_user_model.objects.create_superuser("boss", password="a long one")
    body = {"username": "boss", "password": "a long one", "next": "//elsewhere.example/"}
    answer = Client().post("/admin/login/", body)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/"


def test_the_history_of_a_drawing_shows_who_decided_what(
    reviewer: Client, archive: dict[str, Drawing]
) -> None:
    url = f"{LIST}{archive['wrong'].pk}/"
    reviewer.post(f"{url}change/", form_of(reviewer, f"{url}change/", label="4"))

    page = " ".join(reviewer.get(f"{url}history/").content.decode().split())

    assert page.count('<th scope="row">') == 1
    assert reviewer.get(f"{LIST}nothing/history/").status_code == 302
    assert "<td>reviewer</td> <td> 9 → 4 </td> <td> Unreviewed → Approved </td>" in page
