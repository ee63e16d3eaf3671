"""PostgreSQL refuses to run as root. Says how to start it as somebody else, where we are root. Runs nothing."""

import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

from embedded.errors import OperatorError

SERVER_USER = "nobody"


def is_root() -> bool:
    """Tell whether we are root."""
    return os.geteuid() == 0


def as_server_user(command: Sequence[str | Path], *, parent_death_signal: str) -> list[str | Path]:
    """Return the command as it has to be started: as itself for a user, through setpriv for root.

    The server then is `nobody`, but keeps root's right to enter folders, since the project may lie where only root may go.
    The kernel forgets the parent's death signal when a process changes its user: setpriv sets it again.
    """
    if not is_root():
        return list(command)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise OperatorError(
            "Cannot start PostgreSQL as root: it refuses that, and there is no setpriv to start it as another user.",
            hint="Run as an ordinary user, or install util-linux (apt-get install util-linux).",
        )
    user = pwd.getpwnam(SERVER_USER)
    return [
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        f"--pdeathsig={parent_death_signal}",
        *command,
    ]


def own_by_server_user(folder: Path) -> None:
    """Give an empty folder to the user that the server will be: it insists on owning it."""
    if is_root():
        user = pwd.getpwnam(SERVER_USER)
        os.chown(folder, user.pw_uid, user.pw_gid)
