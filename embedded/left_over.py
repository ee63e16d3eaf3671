"""Remembers which processes were started in a folder, so that the next run can end what a killed one left behind.

On Linux the kernel ends them with their parent; that takes a moment, and other systems have nothing of the kind.
"""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

import psutil

from embedded.processes import Child, wait_for_end

FILE_NAME = "processes.json"
END_SECONDS = 10
CLOCK_SECONDS = 2  # a process's start is told from the clock, which may be corrected in between


def remember(folder: Path, children: Iterable[Child]) -> None:
    """Write down which processes run."""
    found = {}
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(child.process.pid).create_time()
            found[child.name] = {"id": child.process.pid, "started": started, "signal": int(child.stop_signal)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text(json.dumps(found, indent=2) + "\n")


def forget(folder: Path) -> None:
    """Write down that none runs."""
    (folder / FILE_NAME).unlink(missing_ok=True)


def end_left_over(folder: Path) -> list[str]:
    """End what still runs of an earlier run, and return the names. Only for who holds the folder's lock."""
    found = left_over(folder)
    everything = [each for process, _ in found.values() for each in (process, *descendants(process))]
    for process, stop_signal in found.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(stop_signal)
    wait_for_end(everything, timeout_seconds=END_SECONDS)
    for each in everything:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    forget(folder)
    return sorted(found)


def left_over(folder: Path) -> dict[str, tuple[psutil.Process, int]]:
    """Return the processes that still run, each with the signal that ends it in order."""
    found = {}
    with contextlib.suppress(OSError, ValueError):
        for name, known in json.loads((folder / FILE_NAME).read_text()).items():
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(known["id"])
                # After a restart of the machine the number is another program's.
                if abs(process.create_time() - known["started"]) < CLOCK_SECONDS:
                    found[name] = (process, known["signal"])
    return found


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Return what a process started, and what that started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []
