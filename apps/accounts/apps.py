"""Django's view of the accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sessions, access tokens."""

    name = "apps.accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Begin to tell the shared cache of writes."""
        from apps.accounts import purging

        purging.listen()
