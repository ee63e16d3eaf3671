"""PostgreSQL refuses to run as root. Says how to start it as somebody else, where we are root."""

import contextlib
import functools
import os
import pwd
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from embedded.errors import OperatorError
from embedded.processes import run

SERVER_USER = "nobody"
SWITCH = Path(__file__).with_name("switch_user.py")


def is_root() -> bool:
    """Tell whether we are root."""
    return os.geteuid() == 0


def as_server_user(command: Sequence[str | Path], *, parent_death_signal: str) -> list[str | Path]:
    """Return the command as it has to be started: as itself for a user, as `nobody` for root.

    The kernel forgets the parent's death signal when a process changes its user, so that whoever changes it sets it again.
    """
    if not is_root():
        return list(command)
    if (setpriv := working_setpriv()) is not None:
        return [*through_setpriv(setpriv), f"--pdeathsig={parent_death_signal}", *command]
    for path in command:
        refuse_closed_folder(Path(path))
    user = pwd.getpwnam(SERVER_USER)
    return [sys.executable, "-IS", SWITCH, str(user.pw_uid), str(user.pw_gid), f"SIG{parent_death_signal}", *command]


def through_setpriv(setpriv: str) -> list[str | Path]:
    """Return how a command is started as `nobody` that keeps root's right to enter folders, such as a clone's below /root.

    access(2), by which initdb looks for its programs, goes by that right only under no_setuid_fixup.
    """
    user = pwd.getpwnam(SERVER_USER)
    right = "+dac_override"
    return [
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",
        f"--inh-caps={right}",
        f"--ambient-caps={right}",
    ]


@functools.cache
def working_setpriv() -> str | None:
    """Return where setpriv is; None where there is none, or it can't do this: busybox has a lesser one, a container may forbid it."""
    setpriv = shutil.which("setpriv")
    with contextlib.suppress(OperatorError):
        if setpriv is not None:
            run([*through_setpriv(setpriv), "--pdeathsig=INT", "/bin/sh", "-c", ":"])
            return setpriv
    return None


def refuse_closed_folder(path: Path) -> None:
    """Raise OperatorError where `nobody` may not come to an absolute path."""
    closed = [parent for parent in path.parents if parent.is_absolute() and not parent.stat().st_mode & stat.S_IXOTH]
    if closed:
        raise OperatorError(
            f"Cannot start PostgreSQL: it refuses to run as root, and user {SERVER_USER} may not enter {closed[-1]}.",
            hint="Run as an ordinary user, or install util-linux for its setpriv (apt-get install util-linux).",
        )


def own_by_server_user(path: Path) -> None:
    """Give an empty folder, or a file, to the user that the server will be: it insists on owning its folder."""
    if is_root():
        user = pwd.getpwnam(SERVER_USER)
        os.chown(path, user.pw_uid, user.pw_gid)
