"""Add the groups of the staff, and find out who made the API keys."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations

ADDITION = 1
GROUPS = {
    "Reviewer": ["view_drawing", "change_drawing"],
    "Trainer": [
        "view_drawing",
        "view_trainedmodel",
        "change_trainedmodel",
        "view_trainingrun",
        "add_trainingrun",
    ],
    "Operator": [
        "view_metrics",
        "view_drawing",
        "delete_drawing",
        "view_trainedmodel",
        "change_trainedmodel",
        "view_trainingrun",
        "view_apikey",
        "add_apikey",
        "change_apikey",
    ],
}


def add_groups(apps: Any, schema_editor: Any) -> None:
    """Add each group with its permissions; one that the site has already stays as it is."""
    using = schema_editor.connection.alias
    # Django creates permissions after all migrations; in a new database there are none yet.
    config = apps.get_app_config("recognizer")
    config.models_module = True  # without it, an app counts as one without models
    create_permissions(config, verbosity=0, using=using, apps=apps)
    groups = apps.get_model("auth", "Group").objects.using(using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    own = permissions.filter(content_type__app_label="recognizer")
    for name, codenames in GROUPS.items():
        group, is_new = groups.get_or_create(name=name)
        if is_new:
            group.permissions.set(own.filter(codename__in=codenames))


def find_owners(apps: Any, schema_editor: Any) -> None:
    """Give each key to the user who made it, according to the admin's log."""
    using = schema_editor.connection.alias
    entries = apps.get_model("admin", "LogEntry").objects.using(using)
    made = entries.filter(
        content_type__app_label="recognizer", content_type__model="apikey", action_flag=ADDITION
    )
    keys = apps.get_model("recognizer", "ApiKey").objects.using(using).filter(owner=None)
    for key, user in made.values_list("object_id", "user_id"):
        keys.filter(pk=key).update(owner_id=user)


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("recognizer", "0012_key_owners"),
    ]

    operations = [
        migrations.RunPython(add_groups, migrations.RunPython.noop),
        migrations.RunPython(find_owners, migrations.RunPython.noop),
    ]
