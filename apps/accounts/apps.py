"""Django's view of the accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sessions, access tokens."""

    name = "apps.accounts"
    verbose_name = "Accounts"
