"""The whole system, running: its own servers, web server and worker, on free ports, in a temporary folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.stack import WEB, WORKER, Stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything up and ready. Who kills something in it starts it again."""
    folder: Path = tmp_path_factory.mktemp("running")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o711)
    own = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    small = {"REQUEST_MAX_BYTES": "3000000", "MEDIA_MAX_BYTES": "2000000"}
    environment = {
        **own,
        **small,
        "MEDIA_ROOT": str(folder / "media"),
        "LOG_FORMAT": "json",
        "EMAIL_URL": "consolemail://",
    }
    with Stack(folder, environment=environment) as running:
        running.start_servers()
        running.manage("migrate", "--verbosity", "0")
        running.start(WORKER)
        running.start(WEB)
        running.wait_until_ready()
        yield running
