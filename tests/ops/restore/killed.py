"""Runs a restore as a process of its own, which is killed at a place that a test names."""

import os
import signal
import sys

from ops.backup.database import Connection
from ops.restore import command, switch


def kill_after_the_first_name() -> None:
    """Die as by SIGKILL in the middle of the switch's transaction."""
    give_name = switch.give_name

    def die(connection: Connection, name: str, new: str) -> None:
        give_name(connection, name, new)
        os.kill(os.getpid(), signal.SIGKILL)

    switch.give_name = die  # in this process alone, which does nothing else


if __name__ == "__main__":
    kill_after_the_first_name()
    sys.exit(command.main(sys.argv[1:]))
