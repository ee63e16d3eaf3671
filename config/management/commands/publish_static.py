"""`manage.py publish_static`: what nginx has under /static/, where it shares no folder with the web server (Kubernetes)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import static_files


class Command(BaseCommand):
    """Publish."""

    help = "Collect static files into STATIC_ROOT under names with a hash, and compress them, as a start of the web server does."
    requires_system_checks: list[str] = []

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        """Do it."""
        static_files.publish(settings.STATIC_ROOT)
