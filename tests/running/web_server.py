"""A web server more beside a running stack, with an environment of its own."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from embedded.processes import Child
from embedded.stack import ROOT, Stack, web_command
from embedded.state import free_port
from tests.running.client import wait_for


@contextmanager
def web_server(stack: Stack, environment: Mapping[str, str], *, log: Path) -> Iterator[Stack]:
    """Start it, and hand out where it is; it is to log no traceback until the block ends."""
    other = copy.copy(stack)
    other.port = free_port()
    child = Child("web", web_command(other.port), log_path=log, env=dict(environment), cwd=ROOT)
    try:
        wait_for(other.is_ready, seconds=60)
        yield other
        assert "Traceback" not in log.read_text(encoding="utf-8")
    finally:
        child.kill()
