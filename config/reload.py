"""`python -m config.reload COMMAND ARGUMENT…`: runs a command, and again whenever code changes. For development only."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.utils.autoreload import StatReloader

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("api", "apps", "config")
STOP_SECONDS = 35  # above the default of SHUTDOWN_TIMEOUT_SECONDS, below the stop_grace_period of docker-compose.yml


class Restarter(StatReloader):
    """Django's own watcher, which looks at the files' times every second: bind mounts from another system send no events."""

    def __init__(self, command: list[str]) -> None:
        super().__init__()
        self.command = command
        self.process = subprocess.Popen(command)  # noqa: S603 - the developer's own
        for folder in FOLDERS:
            self.watch_dir(ROOT / folder, "**/*.py")

    def notify_file_changed(self, path: str | os.PathLike[str]) -> None:
        """Run the command anew."""
        sys.stderr.write(f"{os.path.relpath(path, ROOT)} changed: starting again\n")
        self.stop()
        self.process = subprocess.Popen(self.command)  # noqa: S603 - as above

    def stop(self) -> None:
        """End the command as Docker would."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def watch(self) -> None:
        """Look for ever. A command that ended, as at a mistake in the code, waits for the next change."""
        for _ in self.tick():
            time.sleep(0)


def leave(*_: object) -> None:
    """End in order on SIGTERM."""
    raise SystemExit(0)


def main() -> None:
    """Run the command until we are told to stop."""
    signal.signal(signal.SIGTERM, leave)
    restarter = Restarter(sys.argv[1:])
    try:
        restarter.watch()
    finally:
        restarter.stop()


if __name__ == "__main__":
    main()
