"""The whole system, in a temporary folder."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded.processes import Child
from embedded.stack import ROOT, Stack, web_command
from embedded.state import free_port
from tests.running.client import wait_for
from tests.running.everything import everything


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything up and ready. Who kills something in it starts it again."""
    small = {"REQUEST_MAX_BYTES": "3000000", "MEDIA_MAX_BYTES": "2000000"}
    told = {"LOG_FORMAT": "json", "EMAIL_URL": "consolemail://"}
    with everything(tmp_path_factory.mktemp("running"), **small, **told) as running:
        yield running


@dataclass(frozen=True)
class Web:
    """One web server."""

    url: str
    process_id: int


@pytest.fixture(scope="package")
def unlimited(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web server more in the stack, daphne, which lets a client ask for any amount; it must not say that it failed."""
    other = copy.copy(stack)
    other.port = free_port()
    log = tmp_path_factory.mktemp("unlimited") / "web.log"
    environment = {**stack.environment, "GRAPHQL_RATE_PER_MINUTE": "0", "REQUEST_MAX_BYTES": "300000000"}
    child = Child("web", web_command(other.port), log_path=log, env=environment, cwd=ROOT)
    try:
        wait_for(other.is_ready, seconds=60)
        yield Web(other.url, child.process.pid)
        assert "Traceback" not in Path(log).read_text(encoding="utf-8")
    finally:
        child.kill()
