"""Authentication of browsers: a random id in a signed cookie, or a log-in of the staff."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from recognizer.access.addresses import hash_site
from recognizer.models import ApiKey

COOKIE_NAME = "visitor"
COOKIE_SALT = "recognizer.visitor"
COOKIE_AGE_SECONDS = 365 * 24 * 60 * 60


def read_visitor(request: HttpRequest) -> uuid.UUID | None:
    """Return the visitor of the cookie; None without a cookie, or if it is forged."""
    value = request.get_signed_cookie(
        COOKIE_NAME, default=None, salt=COOKIE_SALT, max_age=COOKIE_AGE_SECONDS
    )
    try:
        return uuid.UUID(value) if value else None
    except ValueError:
        return None


def remember_visitor(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser an id, or renew its id for another year; only pages do this."""
    response.set_signed_cookie(
        COOKIE_NAME,
        str(read_visitor(request) or uuid.uuid4()),
        salt=COOKIE_SALT,
        max_age=COOKIE_AGE_SECONDS,
        path=settings.SESSION_COOKIE_PATH,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def visitor_of(request: object) -> uuid.UUID | None:
    """Return the visitor that the authentication found; each API key has its own."""
    match getattr(request, "auth", None):
        case uuid.UUID() as visitor:
            return visitor
        case ApiKey(visitor=visitor):
            return visitor
    return None


def network_of(request: Request) -> str:
    """Return the hash by which visitors of one network are told from others.

    It is empty for an API key: its holder alone answers for its labels.
    """
    return "" if isinstance(request.auth, ApiKey) else hash_site(request)


class VisitorAuthentication(BaseAuthentication):
    """Sets request.user to a logged-in user, and request.auth to the visitor.

    Another site's page could have sent a request that carries either cookie, so an unsafe one needs
    the CSRF token. A request without cookies acts in no visitor's name and needs no token.
    """

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, uuid.UUID | None]:
        plain: HttpRequest = request._request
        if COOKIE_NAME in plain.COOKIES or settings.SESSION_COOKIE_NAME in plain.COOKIES:
            SessionAuthentication().enforce_csrf(request)
        user = plain.user
        return user if user.is_active else AnonymousUser(), read_visitor(plain)
