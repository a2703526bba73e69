"""Lists in the order of confidence with a filter, which SQLite sorted all of."""
from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations, models

# The name of a migration begins with a digit, so that no import statement finds it.
AddMissingIndex = import_module('recognizer.migrations.0034_cheaper_inserts').AddMissingIndex


class AddAnalyzedIndex(AddMissingIndex):  # type: ignore[misc, valid-type]
    """Where ANALYZE was run, SQLite takes an index that it knows nothing of for the best one."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        connection = schema_editor.connection
        if connection.vendor != 'sqlite':
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
            if cursor.fetchone():
                cursor.execute('PRAGMA analysis_limit = 0')  # a sample would mislead it
                cursor.execute(f'ANALYZE "{self.index.name}"')


class Migration(migrations.Migration):
    atomic = False

    dependencies = [('recognizer', '0034_cheaper_inserts')]

    operations = [
        AddAnalyzedIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('reviewed_at__isnull', False)), fields=['review', 'confidence', 'id'], name='drawing_reviewed_sure'),
        ),
        AddAnalyzedIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('label__isnull', False)), fields=['label', 'confidence', 'id'], name='drawing_labeled_sure'),
        ),
        AddAnalyzedIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('source', 'canvas'), _negated=True), fields=['source', 'confidence', 'id'], name='drawing_sent_sure'),
        ),
    ]
