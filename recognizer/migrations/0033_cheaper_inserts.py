"""Fewer indexes that each drawing writes to; those of filters hold what is filtered by as well."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recognizer', '0032_counted_without_rows'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # First what is added: from the first index on that is removed, PostgreSQL keeps readers out.
    operations = [
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(fields=['-created_at', '-id', 'source', 'model', 'prediction', 'is_digit', 'label', 'review', 'confidence', 'answer'], name='drawing_listed'),
        ),
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('source', 'canvas'), _negated=True), fields=['source', '-created_at', '-id', 'answer', 'label', 'review', 'suspicious_at'], name='drawing_sent'),
        ),
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('is_digit', False)), fields=['-created_at', '-id', 'source', 'label', 'review'], name='drawing_no_digit'),
        ),
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('reviewed_at__isnull', False)), fields=['review', '-created_at', '-id', 'answer', 'label', 'source'], name='drawing_reviewed'),
        ),
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('label__isnull', False), ('reviewed_at', None)), fields=['-created_at', '-id', 'answer', 'label', 'source', 'reviewed_at'], name='drawing_waiting'),
        ),
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('label__isnull', False)), fields=['label', '-created_at', '-id', 'answer', 'review', 'source', 'feedback_at'], name='drawing_labeled_as'),
        ),
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('label__isnull', False), models.Q(('label', models.F('answer')), _negated=True)), fields=['-created_at', '-id', 'answer', 'label', 'review', 'source'], name='drawing_misread'),
        ),
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('suspicious_at__isnull', False)), fields=['-created_at', '-id', 'source', 'answer', 'label', 'review'], name='drawing_doubted'),
        ),
        migrations.AddIndex(
            model_name='drawing',
            index=models.Index(condition=models.Q(('reviewer__isnull', False)), fields=['reviewer'], name='drawing_of_reviewer'),
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
        migrations.RemoveIndex(
            model_name='drawing',
            name='drawing_newest',
        ),
        migrations.RemoveIndex(
            model_name='drawing',
            name='drawing_by_source',
        ),
        migrations.RemoveIndex(
            model_name='drawing',
            name='drawing_labeled',
        ),
        migrations.RemoveIndex(
            model_name='drawing',
            name='drawing_suspicious',
        ),
        migrations.RemoveIndex(
            model_name='drawing',
            name='drawing_by_answer',
        ),
        migrations.RemoveIndex(
            model_name='drawing',
            name='drawing_by_review',
        ),
        migrations.RemoveIndex(
            model_name='drawing',
            name='drawing_wrong',
        ),
        migrations.RemoveIndex(
            model_name='drawing',
            name='drawing_counted',
        ),
    ]
