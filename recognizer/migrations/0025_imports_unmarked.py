from django.db import migrations

from recognizer.services.touching import unwatch


def drop_triggers(apps, schema_editor):
    unwatch(schema_editor.connection.alias)


class Migration(migrations.Migration):

    dependencies = [
        ('recognizer', '0024_findings'),
    ]

    operations = [
        # They are made again after all migrations, and leave imports out.
        migrations.RunPython(drop_triggers, drop_triggers),
    ]
