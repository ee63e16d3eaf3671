"""Becomes another user for good, then another program: for root, where there is no setpriv that can. Standard library alone.

Usage: switch_user.py UID GID PARENT_DEATH_SIGNAL PROGRAM ARGUMENT…
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Drop what root may do, and go on as the program."""
    uid, gid, death_signal, *command = sys.argv[1:]
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.Signals[death_signal])
    os.execv(command[0], command)  # noqa: S606 - a program, and no shell, is what is wanted


if __name__ == "__main__":
    main()
