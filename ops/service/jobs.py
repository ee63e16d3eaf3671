"""The jobs of the clock, as data: which variable has the cron line, and which commands are run. Runs nothing.

Want the clock to do another thing? It goes in here: a job of its own, or another command of one.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from ops.service import sets
from ops.service.settings import Settings

BACKUP, WAL = (sys.executable, "-m", "ops.backup"), (sys.executable, "-m", "ops.wal")
RECEIVE = (*WAL, "receive")  # runs all the time, where DB_PITR is true
Command = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job. `commands` are run one after the other, until one fails; `at_once` tells whether a first start does not wait.

    `is_pinged`: its start and success go to the dead man's switch, which has one schedule; failures of all do.
    """

    name: str
    title: str
    commands: Callable[[Settings], list[Command]]
    is_wanted: Callable[[Settings], bool]
    at_once: Callable[[Settings], bool]
    is_pinged: bool = False


def verify(settings: Settings) -> list[Command]:
    """Verify the newest set once more, and of the others the one that was not looked at for longest; recover to the latest minute."""
    again: list[Command] = [(*BACKUP, "--verify", each) for each in sets.to_verify(settings.backup)]
    return [*again, (*WAL, "drill")] if settings.receives_wal else again


BASE, DATABASE, MEDIA, VERIFY, DRILL = (
    Job(
        name="base",
        title="base backup for points in time",
        commands=lambda _: [(*WAL, "base")],
        is_wanted=lambda settings: settings.receives_wal,
        at_once=lambda _: False,
    ),
    Job(
        name="db",
        title="backup of the database",
        commands=lambda settings: [(*BACKUP, "all" if settings.backup.media_target else "db")],
        is_wanted=lambda _: True,
        at_once=lambda settings: sets.newest(sets.everything(settings.backup)) is None,
        is_pinged=True,
    ),
    Job(
        name="media",
        title="backup of media",
        commands=lambda _: [(*BACKUP, "media")],
        is_wanted=lambda settings: bool(settings.backup.media_target),
        at_once=lambda _: True,
    ),
    Job(
        name="verify",
        title="verification of older backups",
        commands=verify,
        is_wanted=lambda _: True,
        at_once=lambda _: False,
    ),
    Job(
        name="drill",
        title="restore from off this machine",
        commands=lambda _: [(*BACKUP, "--drill")],
        is_wanted=lambda settings: bool(settings.backup.offsite_target),
        at_once=lambda _: False,
    ),
)
JOBS = (BASE, DATABASE, MEDIA, VERIFY, DRILL)


def wanted(settings: Settings) -> list[Job]:
    """Return the jobs that are to be done, in the order in which they run where several are due."""
    return [job for job in JOBS if job.is_wanted(settings)]
