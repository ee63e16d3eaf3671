"""How a run is shared out among several processes: a folder's tests stay together, since they share servers."""

from xdist.scheduler import LoadScopeScheduling

# These share a deployed site, and all of tests/stack the engine: both wait more than they work, so they go beside each other.
DEPLOYED = ("test_deploy.py", "test_runbook.py", "test_stack_script.py")
# The longest begin: one of them that came last would go on alone.
FIRST = (
    "deployed",
    "stack",
    "ops/backup",
    "ops/backup/targets",
    "ops/wal",
    "embedded",
    "config/servers",
    "running",
    "ops/restore",
    "ops/backup/media",
    "previous",
    "browser",
    "clients",
)


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a process one group after the other, in the order of collection. (xdist's own groups need an older pytest.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """Return the folder of tests/ that a test is in, and below tests/ops those in that; who shares a deployed site is apart."""
    *folders, file = nodeid.split("::", maxsplit=1)[0].split("/")
    return "deployed" if file in DEPLOYED else "/".join(folders[1:4])


def rank(nodeid: str) -> int:
    """Return where a test's group stands in the order."""
    return FIRST.index(group(nodeid)) if group(nodeid) in FIRST else len(FIRST)
