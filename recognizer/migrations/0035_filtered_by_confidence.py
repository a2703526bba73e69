"""Lists in the order of confidence with a filter, which SQLite sorted all of."""

from importlib import import_module

from django.db import migrations, models

# The name of a migration begins with a digit, so that no import statement finds it.
AddMissingIndex = import_module('recognizer.migrations.0034_cheaper_inserts').AddMissingIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [('recognizer', '0034_cheaper_inserts')]

    operations = [
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('reviewed_at__isnull', False)), fields=['review', 'confidence', 'id'], name='drawing_reviewed_sure'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('label__isnull', False)), fields=['label', 'confidence', 'id'], name='drawing_labeled_sure'),
        ),
        AddMissingIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('source', 'canvas'), _negated=True), fields=['source', 'confidence', 'id'], name='drawing_sent_sure'),
        ),
    ]
