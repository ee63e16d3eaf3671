"""Django's view of operations."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Metrics, and the page Operations."""

    name = "apps.operations"
    verbose_name = "Operations"
