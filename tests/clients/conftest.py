"""The running system, and somebody with an account."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.stack import Stack
from tests.clients import node
from tests.running.client import Person
from tests.running.everything import everything


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything up and ready."""
    with everything(tmp_path_factory.mktemp("clients")) as running:
        yield running


@pytest.fixture
def account(stack: Stack, request: pytest.FixtureRequest) -> str:
    """Return the email address of somebody who owns nothing yet; the password is PASSWORD."""
    email = f"{abs(hash(request.node.name))}@example.com"
    with Person(stack) as person:
        person.sign_up(email)
    return email


@pytest.fixture
def surroundings(stack: Stack, account: str, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a client's program."""
    return node.surroundings(stack.url, account, tmp_path)
