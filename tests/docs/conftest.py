"""The whole system with the demo loaded, for the commands of our documents."""

import os
from collections.abc import Iterator

import pytest

from embedded.stack import WEB, WORKER, Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What `make run` starts, in a temporary folder and on a free port."""
    folder = tmp_path_factory.mktemp("docs")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o711)  # for a PostgreSQL that is another user's
    own = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment = {**own, "MEDIA_ROOT": str(folder / "media"), "EMAIL_URL": "consolemail://"}
    with Stack(folder, environment=environment, is_durable=False) as running:
        running.start_servers()
        running.manage("migrate", "--verbosity", "0")
        running.manage("demo", "--render")
        running.start(WORKER)
        running.start(WEB)
        running.wait_until_ready()
        yield running
