"""Tells from the kernel how much processor time processes have taken, with all that they started, and how much memory they have."""

import contextlib
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, kw_only=True)
class Used:
    """What a tree of processes has used so far."""

    seconds: float
    memory_mb: float


def used(*roots: int) -> Used:
    """Return what processes and all below them have used; what ended meanwhile is counted by its parent."""
    seconds = memory = 0.0
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(root)
            own = process.cpu_times()
            seconds += own.children_user + own.children_system
            for each in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    times = each.cpu_times()
                    seconds += times.user + times.system
                    memory += each.memory_info().rss / 1e6
    return Used(seconds=seconds, memory_mb=memory)
