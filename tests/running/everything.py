"""The whole system, running: its own servers, web server and worker, on free ports, in a folder."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from embedded.stack import WEB, WORKER, Stack


@contextlib.contextmanager
def everything(folder: Path, **environment: str) -> Iterator[Stack]:
    """Have everything up and ready."""
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o711)
    own = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    with Stack(folder, environment={**own, "MEDIA_ROOT": str(folder / "media"), **environment}) as running:
        running.start_servers()
        running.manage("migrate", "--verbosity", "0")
        running.start(WORKER)
        running.start(WEB)
        running.wait_until_ready()
        yield running
