"""Django's view of the health answers."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    """Liveness and readiness."""

    name = "apps.health"
