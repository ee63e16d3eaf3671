"""Development's containers run the clone's own code, and notice when it changes."""

import httpx
import pytest

from tests.running.client import wait_for
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack


def test_a_change_to_the_code_is_served_by_itself(development: Compose) -> None:
    path = development.folder / "apps" / "health" / "asgi.py"
    before = path.read_text()
    path.write_text(before.replace('{"status": "ok"}', '{"status": "ok", "is_changed": True}'))
    try:
        assert wait_for(lambda: live(development).get("is_changed"))
    finally:
        path.write_text(before)
    wait_for(lambda: live(development) == {"status": "ok"})


def live(development: Compose) -> dict[str, object]:
    """Return what the server says of itself, nothing while it starts."""
    answer = httpx.get(f"{development.url}/health/live")
    found: dict[str, object] = answer.json() if answer.status_code == 200 else {}
    return found
