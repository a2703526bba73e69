"""Fewer indexes that each drawing writes to; those of filters hold what is filtered by as well."""

import time
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PAUSE_SECONDS = 0.5
"""Time for those who wait for SQLite's write lock: they look ten times a second."""


INDEXES = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = %s",
    "postgresql": "SELECT 1 FROM pg_indexes WHERE indexname = %s AND schemaname = current_schema()",
}
"""By vendor. Django's introspection would parse all of SQLite's tables again, for each index."""


def _is_there(schema_editor: Any, name: str) -> bool:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(INDEXES[connection.vendor], [name])
        return cursor.fetchone() is not None


class AddMissingIndex(migrations.AddIndex):
    """Is a transaction of its own, between which others write; goes on after an interruption."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if _is_there(schema_editor, self.index.name):
            return
        began = time.monotonic()
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        if time.monotonic() - began > 1:
            time.sleep(PAUSE_SECONDS)


class RemoveOldIndex(migrations.RemoveIndex):
    """Goes on after an interruption."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if _is_there(schema_editor, self.name):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('recognizer', '0033_sent_files'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # First what is added, so that no list is without its index meanwhile.
    operations = [
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(fields=['created_at', 'id', 'source', 'model', 'prediction', 'is_digit', 'label', 'review', 'confidence', 'answer'], name='drawing_listed'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('source', 'canvas'), _negated=True), fields=['source', 'created_at', 'id', 'answer', 'label', 'review', 'reviewed_at', 'suspicious_at'], name='drawing_sent'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('is_digit', False)), fields=['created_at', 'id', 'source', 'label', 'review', 'reviewed_at', 'answer'], name='drawing_no_digit'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('reviewed_at__isnull', False)), fields=['review', 'created_at', 'id', 'answer', 'label', 'source'], name='drawing_reviewed'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('label__isnull', False), ('reviewed_at', None)), fields=['created_at', 'id', 'answer', 'label', 'source', 'reviewed_at'], name='drawing_waiting'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('label__isnull', False)), fields=['label', 'created_at', 'id', 'answer', 'review', 'source', 'reviewed_at', 'feedback_at'], name='drawing_labeled_as'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('label__isnull', False), models.Q(('label', models.F('answer')), _negated=True)), fields=['created_at', 'id', 'answer', 'label', 'review', 'source', 'reviewed_at'], name='drawing_misread'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('suspicious_at__isnull', False)), fields=['created_at', 'id', 'source', 'answer', 'label', 'review'], name='drawing_doubted'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('reviewer__isnull', False)), fields=['reviewer'], name='drawing_of_reviewer'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(fields=['model', 'created_at', 'id'], name='drawing_of_model'),
        ),
        # Altering the column would write SQLite's whole table again.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='drawing',
                    name='reviewer',
                    field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    'DROP INDEX IF EXISTS "recognizer_drawing_reviewer_id_ac1a227c"',
                    'CREATE INDEX "recognizer_drawing_reviewer_id_ac1a227c" '
                    'ON "recognizer_drawing" ("reviewer_id")',
                ),
            ],
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_newest',
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_by_model',
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_by_source',
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_labeled',
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_suspicious',
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_by_answer',
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_by_review',
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_wrong',
        ),
        RemoveOldIndex(
            model_name='drawing',
            name='drawing_counted',
        ),
    ]
