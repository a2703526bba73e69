"""API keys in the admin: made, shown once, revoked."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from recognizer.models import ApiKey, ApiKeyQuerySet
from recognizer.services.site import api_keys

FACTS = ["prefix", "state", "owner", "created_at", "last_used_at", "revoked_at", "visitor"]


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    actions = ["revoke"]
    list_display = ["name", "prefix", "scope_names", "state", "last_used_at", "expires_at"]
    search_fields = ["name", "prefix"]
    fields = [
        "name",
        ("may_predict", "may_read", "may_feedback", "may_admin"),
        "rate",
        "expires_at",
    ]
    readonly_fields = FACTS

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Show the facts of a key once it exists."""
        return [*self.fields, *FACTS] if obj else self.fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a revoked key still names the owner of its drawings."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Save; the text of a new key exists only during this request.

        Who adds the scope admin gives their own permissions, never those of somebody else.
        """
        if not change or (obj.may_admin and "may_admin" in form.changed_data):
            obj.owner = cast(User, request.user)
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.text = api_keys.issue_key(obj)  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key this once, without a redirect, which would have to store it."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"API key of {obj}",
            "opts": ApiKey._meta,
            "text": obj.text,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "recognizer/key_page.html", context)

    @admin.display(description="scopes")
    def scope_names(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="state")
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return "revoked"
        if key.expires_at is not None and key.expires_at <= timezone.now():
            return "expired"
        return "valid"

    @admin.action(description="Revoke selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: ApiKeyQuerySet) -> None:
        count = api_keys.revoke_keys(queryset)
        self.message_user(request, f"{count} revoked.", messages.SUCCESS)
