"""What the tests of the accounts share: people, the addresses they come from, and browsers."""

import functools
import random
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.db import connection

from apps.accounts.models import User
from config.celery import app
from tests.accounts.browser import PASSWORD, Browser

QUICK_KIBIBYTES = 1024  # a hundredth of what Django has a hash take


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a hash of a password cost little: nearly all tests here would do nothing but hash."""
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", QUICK_KIBIBYTES)


@pytest.fixture
def real_hashes(quick_hashes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it cost what it costs in production."""
    monkeypatch.undo()


def new_address() -> str:
    """Return a network address that no other test counts attempts under."""
    return f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"


@pytest.fixture
def address() -> str:
    return new_address()


@pytest.fixture
def new_browser() -> Callable[[], Browser]:
    return lambda: Browser(address=new_address())


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()


@functools.cache
def password_hash() -> str:
    """Return a hash of the password, made once: it is meant to be slow."""
    return make_password(PASSWORD)


def make_person(name: str) -> User:
    """Make somebody with an address of their own and the password."""
    email = f"{name}-{uuid.uuid4().hex}@example.com"
    return User.objects.create(email=email, name=name.title(), password=password_hash())


@pytest.fixture
def ada(db: None) -> User:
    return make_person("ada")


@pytest.fixture
def grace(db: None) -> User:
    return make_person("grace")


@pytest.fixture
def queued() -> Callable[[], list[tuple[str, list[Any]]]]:
    """Return what takes the waiting tasks out of the broker: (name, arguments) of each."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.queue_purge("celery")

    def take() -> list[tuple[str, list[Any]]]:
        with app.connection_for_read() as connection:
            channel: Any = connection.default_channel
            messages = list(iter(lambda: channel.basic_get("celery", no_ack=True), None))
        return [(message.headers["task"], message.decode()[0]) for message in messages]

    return take


@pytest.fixture
def wait_for_blocked() -> Callable[[int], None]:
    """Return what waits until so many other connections wait for a lock."""

    def wait(count: int) -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0] >= count:
                    return
            time.sleep(0.02)
        raise AssertionError(f"fewer than {count} connections wait for a lock")

    return wait
