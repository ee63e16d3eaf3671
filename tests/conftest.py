"""What tests of every area share: people, clients, and a media folder of each test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from tests.graphql_client import GraphQLClient


@pytest.fixture(autouse=True)
def own_media_folder(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Keep a test's files to itself."""
    uses_database = request.node.get_closest_marker("django_db") or "db" in request.fixturenames
    if uses_database or "transactional_db" in request.fixturenames:
        settings: Settings = request.getfixturevalue("settings")
        settings.MEDIA_ROOT = tmp_path / "media"
        cache.clear()


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Return what makes a user, by the name alone. They have no password, whose hash would cost more than most tests do."""

    def make(name: str = "ada", **fields: object) -> User:
        return User.objects.create_user(f"{name}@example.com", None, name=name.title(), **fields)

    return make


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    """Somebody who owns things."""
    return make_user("ada")


@pytest.fixture
def grace(make_user: Callable[..., User]) -> User:
    """Somebody else."""
    return make_user("grace")


def signed_in(user: User) -> GraphQLClient:
    """Return a client with that user's session."""
    client = Client()
    client.force_login(user)
    return GraphQLClient(client)


@pytest.fixture
def as_ada(ada: User) -> GraphQLClient:
    """A client of Ada's."""
    return signed_in(ada)


@pytest.fixture
def as_grace(grace: User) -> GraphQLClient:
    """A client of Grace's."""
    return signed_in(grace)


@pytest.fixture
def as_nobody(db: None) -> GraphQLClient:
    """A client of somebody who is not signed in."""
    return GraphQLClient()
