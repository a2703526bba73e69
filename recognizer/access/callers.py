"""Programs that ask with an API key, and what a key lets its holder do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from recognizer.models import ApiKey
from recognizer.problems.kinds import MissingScope
from recognizer.services.site import api_keys

if TYPE_CHECKING:  # it imports this module, by the name in the settings
    from rest_framework.views import APIView

SCHEME = b"bearer"


class KeyHolder(AnonymousUser):
    """Stands where a logged-in user would: staff if the key has the scope admin."""

    def __init__(self, key: ApiKey) -> None:
        self.is_staff = key.may_admin  # type: ignore[assignment]


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer dk_…`: sets request.auth to the key, whatever cookies come along.

    A foreign page cannot send this header in a visitor's name, so no CSRF token is asked for.
    Other schemes are left to whatever stands before the site.
    """

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        """Read the header."""
        scheme, _, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != SCHEME:
            return None
        try:
            key = api_keys.find_key(text.strip().decode("latin-1"))
        except api_keys.InvalidKey as error:
            raise AuthenticationFailed(str(error)) from error
        return KeyHolder(key), key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that goes with a 401."""
        return 'Bearer error="invalid_token"'


class HasScope(BasePermission):
    """A key needs the scope that the view names for what is done; admin is for the staff, too.

    A view names them in `scopes`, by action or method; None is for any key. What it does not name
    is for the staff alone, and an error of `manage.py check`.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Let pass who may; what is not done at all (OPTIONS, 405) is for everybody."""
        action = action_of(request, view)
        if action is None:
            return True
        scopes: Mapping[str, ApiKey.Scope | None] = getattr(view, "scopes", {})
        scope = scopes.get(action, ApiKey.Scope.ADMIN)
        if not isinstance(request.auth, ApiKey):
            return scope != ApiKey.Scope.ADMIN or bool(request.user.is_staff)
        if scope is not None and not request.auth.allows(scope):
            raise MissingScope(scope)
        return True


def action_of(request: Request, view: APIView) -> str | None:
    """Return what is to be done: a view set's action, another view's method."""
    method = (request.method or "").lower()
    if method == "options" or not hasattr(view, method):
        return None
    return str(getattr(view, "action", "get" if method == "head" else method))
