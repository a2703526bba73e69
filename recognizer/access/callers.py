"""Authentication by API key, and the permission that its scopes give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from django.contrib.auth.models import AnonymousUser, User
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
    """Takes the place of a logged-in user: with the scope admin, has its owner's permissions."""

    def __init__(self, key: ApiKey) -> None:
        self.owner = key.owner if key.may_admin else None

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Ask for the permission now: the owner may have lost it since the key was made."""
        return self.owner is not None and self.owner.has_perm(perm)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer dk_…`: sets request.auth to the key, whatever cookies come along.

    Another site's page cannot send this header in a visitor's name, so no CSRF token is needed.
    Other schemes are ignored: a proxy before the site may use them.
    """

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
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


def user_of(request: Request) -> User:
    """Return who acts: the user, or the owner of a key whose permissions were asked for."""
    holder = request.user
    return cast(User, holder.owner if isinstance(holder, KeyHolder) else holder)


class HasScope(BasePermission):
    """Require the scope that the view names for an action, and for admin its permission.

    A view names them in `scopes`, by action or method; None is for any key. The scope admin is that
    of users with the view's `permission`. An action without an entry is for superusers alone, and
    an error of `manage.py check`.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Check the scope; OPTIONS, and methods that are answered with 405, need none."""
        action = action_of(request, view)
        if action is None:
            return True
        scopes: Mapping[str, ApiKey.Scope | None] = getattr(view, "scopes", {})
        scope = scopes.get(action, ApiKey.Scope.ADMIN)
        if isinstance(request.auth, ApiKey) and scope and not request.auth.allows(scope):
            raise MissingScope(scope)
        permission = getattr(view, "permission", "")
        self.message = f"This needs the permission “{permission}”."
        return scope != ApiKey.Scope.ADMIN or request.user.has_perm(permission)


def action_of(request: Request, view: APIView) -> str | None:
    """Return a view set's action, or the method of another view; None if neither is called."""
    method = (request.method or "").lower()
    if method == "options" or not hasattr(view, method):
        return None
    return str(getattr(view, "action", "get" if method == "head" else method))
