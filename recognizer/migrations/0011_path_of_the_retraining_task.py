from django.db import migrations

# The module of the task was moved; rows that a version before enqueued still name the old one.
OLD = "recognizer.services.schedule.retrain_in_background"
NEW = "recognizer.services.retraining.schedule.retrain_in_background"


def rename(old, new):
    def rename_rows(apps, schema_editor):
        tasks = apps.get_model("django_tasks_database", "DBTaskResult").objects
        tasks.filter(task_path=old).update(task_path=new)

    return rename_rows


class Migration(migrations.Migration):
    dependencies = [
        ("recognizer", "0010_forget_request_keys"),
        ("django_tasks_database", "0021_conditional_partial_index_ordering"),
    ]

    operations = [migrations.RunPython(rename(OLD, NEW), rename(NEW, OLD))]
