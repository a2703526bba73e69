"""How much the archive may still take, on a real file."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from recognizer.services.drawings import recognition, room
from recognizer.tests.kit.drawings import SEVEN

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("model")
def test_an_archive_is_full_at_exactly_the_size_that_it_may_have(settings: Settings) -> None:
    for _ in range(3):
        recognition.recognize(strokes=SEVEN)
        size = room.archive_bytes()
        settings.MAX_ARCHIVE = size
        with pytest.raises(room.ArchiveFull):
            room.check_room()
        settings.MAX_ARCHIVE = size + 1
        room.check_room()


@pytest.mark.usefixtures("model")
def test_what_was_deleted_makes_room(settings: Settings) -> None:
    ids = [recognition.recognize(strokes=SEVEN).drawing for _ in range(30)]
    settings.MAX_ARCHIVE = room.archive_bytes()
    with pytest.raises(room.ArchiveFull):
        room.check_room()
    for drawing in ids:
        recognition.delete_drawing(drawing)
    settings.MAX_ARCHIVE = room.archive_bytes() + 1
    room.check_room()
