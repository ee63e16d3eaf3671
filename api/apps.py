"""Django's view of the GraphQL server."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Holds GraphiQL's page and its assets."""

    name = "api"
