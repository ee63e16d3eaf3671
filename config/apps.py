"""Django's view of the configuration package: it registers the system checks."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Registers the checks of the environment."""

    name = "config"
    label = "slipway_config"

    def ready(self) -> None:
        """Import the checks, which register themselves, and the task queue, so that tasks find it; begin to tell."""
        from config import celery, checks, telemetry  # noqa: F401

        telemetry.begin()
