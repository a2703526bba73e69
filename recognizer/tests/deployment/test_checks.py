"""manage.py check: a site that could not keep a model, or left a view open, is told before."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import include, path
from pytest_django import Settings
from rest_framework.decorators import action, api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from recognizer.models import ApiKey
from recognizer.tests.conftest import make_key


class Forgotten(APIView):
    def get(self, request: Request) -> Response:
        return Response()

    post = get


class Half(APIView):
    scopes = {"get": None}

    def get(self, request: Request) -> Response:
        return Response()

    put = get


class Several(ViewSet):
    scopes = {"list": ApiKey.Scope.READ}

    def list(self, request: Request) -> Response:
        return Response()

    @action(detail=False)
    def extra(self, request: Request) -> Response:
        return Response()


@api_view(["GET"])
def function(request: Request) -> Response:
    return Response()


router = SimpleRouter()
router.register("several", Several, basename="several")
urlpatterns = [
    path("forgotten/", Forgotten.as_view()),
    path("again/", include([path("forgotten/", Forgotten.as_view())])),
    path("half/", Half.as_view()),
    path("function/", function),
    path("", include(router.urls)),
    path("", include("digitsite.urls")),
]
FORGOTTEN = ["forgotten", "again/forgotten", "function", "several/extra"]

E002 = "recognizer.E002"


def problems() -> list[str]:
    """Return what the checks of this app say."""
    return [str(found.id) for found in run_checks() if str(found.id).startswith("recognizer.")]


def test_a_folder_that_is_not_there_yet_is_fine(settings: Settings, tmp_path: Path) -> None:
    settings.ARTIFACTS_DIR = tmp_path / "not" / "yet"
    assert problems() == []


def test_a_file_in_the_way_is_an_error(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.ARTIFACTS_DIR = tmp_path / "file" / "artifacts"
    assert problems() == ["recognizer.E001"]


@pytest.mark.urls(__name__)
def test_an_operation_without_a_scope_is_an_error_that_names_it() -> None:
    found = {error.msg.removeprefix(f"{__name__}.") for error in run_checks() if error.id == E002}
    assert found == {
        "Forgotten names no scope for get.",
        "Forgotten names no scope for post.",
        "Half names no scope for put.",
        "Several names no scope for extra.",
        "function names no scope for get.",
    }


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", FORGOTTEN)
def test_what_names_no_scope_is_closed_to_all_but_the_staff(address: str, db: None) -> None:
    keys = {scope: make_key(scope)[1] for scope in ApiKey.Scope.values}
    answers = {
        scope: Client().get(f"/{address}/", headers={"Authorization": f"Bearer {key}"}).status_code
        for scope, key in keys.items()
    }
    assert answers == {"predict": 403, "feedback": 403, "read": 403, "admin": 200}
    assert Client().get(f"/{address}/").status_code == 403


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", FORGOTTEN)
def test_what_names_no_scope_is_open_to_the_staff(address: str, admin_client: Client) -> None:
    assert admin_client.get(f"/{address}/").status_code == 200


@pytest.mark.urls(__name__)
def test_what_names_its_scope_is_as_open_as_it_says(db: None) -> None:
    assert Client().get("/half/").status_code == 200
    assert Client().get("/several/").status_code == 200
    assert Client().put("/half/").status_code == 403
