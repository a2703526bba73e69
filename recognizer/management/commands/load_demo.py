"""manage.py load_demo."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand, read_count
from recognizer.services.drawings import demo


class Command(ServiceCommand):
    help = (
        "Fill a new site with a demo: four weeks of drawings by twenty generated hands, answers, "
        "reviews, and a second version of the model that learned from the first two weeks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seed",
            type=read_count,
            default=demo.SEED,
            help="another seed gives other drawings (default: %(default)s)",
        )
        parser.add_argument(
            "--beside",
            action="store_true",
            help="load it into an archive that has drawings; the two are mixed, and the version "
            "that answers goes on to answer",
        )

    def run(self, **options: Any) -> None:
        made = demo.load_demo(
            seed=options["seed"],
            beside=options["beside"],
            report=lambda phase: self.stdout.write(f"{phase} ..."),
        )
        self.stdout.write(
            f"{made.drawings} drawings by {demo.HANDS} hands: {made.answered} answered, "
            f"{made.wrong_labels} of them wrong; {made.waiting} answers wait for a review, "
            f"{made.suspicious} of them look wrong. Model {made.second} learned from the first "
            f"two weeks of Model {made.first}. {made.outcome}\n"
            "Look at it (make run):\n"
            "  /about/          how often it reads right\n"
            "  /admin/          reviews, versions and training runs, for the staff:\n"
            "                   python manage.py createsuperuser makes an account\n"
            "  /api/v1/stats/   the counts"
        )
