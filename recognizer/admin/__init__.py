"""Django's admin, where the staff review drawings and look after models.

`ModelAdmin[Drawing]` is possible because django-tasks makes Django's classes generic.
"""

from __future__ import annotations

from django.contrib import admin

from recognizer.admin.drawings import DrawingAdmin
from recognizer.admin.keys import ApiKeyAdmin
from recognizer.admin.training_runs import TrainingRunAdmin
from recognizer.admin.versions import TrainedModelAdmin

__all__ = ["ApiKeyAdmin", "DrawingAdmin", "TrainedModelAdmin", "TrainingRunAdmin"]

admin.site.site_header = admin.site.site_title = "Digit recognizer"
