"""What tests of every area share: people, clients, and a media folder of each test's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings
from pytest_django import Settings
from xdist.scheduler import LoadScopeScheduling

from api import gcra
from apps.accounts.models import User
from config.postgresql import base, beside
from tests.asgi_client import Client
from tests.graphql_client import GraphQLClient
from tests.sharing import ByFolder, rank

# The same examples in every run, however slow the machine: what is found at random is found in somebody else's run.
settings.register_profile("suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with those that take longest, where several processes share the run."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Return what shares a run out among several processes."""
    return ByFolder(config, log)


@pytest.fixture(autouse=True)
def own_folder_and_connection(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Keep a test's files to itself, and its requests to its transaction, which other connections don't see."""
    uses_database = request.node.get_closest_marker("django_db") or "db" in request.fixturenames
    if uses_database or "transactional_db" in request.fixturenames:
        own: Settings = request.getfixturevalue("settings")
        own.MEDIA_ROOT = tmp_path / "media"
        own.DATABASE_LOOP_CONNECTIONS = 0
        cache.clear()


@pytest.fixture(autouse=True)
def no_server_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every server tried at once: an earlier test may have seen it away a moment ago."""
    for each in (gcra.breaker, base.breaker, beside.breaker):
        monkeypatch.setattr(each, "_closed_at", 0.0)


@pytest.fixture
def client() -> Client:
    """Return a browser that nobody is signed in with."""
    return Client()


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
