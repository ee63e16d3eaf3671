"""What there is to tell at a moment: the sets, the jobs, the room. Reads; judges nothing, changes nothing."""

import contextlib
import datetime
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ops.backup import drill
from ops.backup.drill import Drill
from ops.backup.guards import wrong_files
from ops.backup.sets import BackupSet
from ops.service import agenda, jobs, sets
from ops.service.settings import Settings
from ops.service.state import Past, State
from ops.wal import status
from ops.wal.archive import ROOT


@dataclass(frozen=True, kw_only=True)
class JobReport:
    """One job: what is known of it, when it is due next, since when it runs."""

    name: str
    title: str
    line: str
    past: Past
    due: datetime.datetime | None
    running_since: datetime.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NewestSet:
    """The newest set that counts."""

    id: str
    at: datetime.datetime
    level: int
    bytes: int
    files_wrong: int = 0


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of it. `began` is the very first start, `up_since` this one; `offsite` is the time of the newest set off the machine."""

    now: datetime.datetime
    began: datetime.datetime
    up_since: datetime.datetime
    newest: NewestSet | None = None
    has_offsite_target: bool = False
    offsite: datetime.datetime | None = None
    sets: int = 0
    counting: int = 0
    bytes: int = 0
    free_bytes: int | None = None
    target_problem: str = ""
    wal_problems: Sequence[str] = ()
    wal_metrics: Mapping[str, float] = field(default_factory=dict)
    drill: Drill | None = None
    jobs: list[JobReport] = field(default_factory=list)


def make(
    settings: Settings,
    state: State,
    *,
    now: datetime.datetime,
    up_since: datetime.datetime,
    running: tuple[str, datetime.datetime] | None,
) -> Report:
    """Return what there is to tell."""
    folder = settings.backup.folder
    everything = sets.everything(settings.backup)
    newest = sets.newest(everything, now=now)
    free = None
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
    wal = status.read(folder / ROOT) if settings.receives_wal else None
    return Report(
        now=now,
        began=state.began,
        up_since=up_since,
        newest=of_set(newest) if newest else None,
        has_offsite_target=bool(settings.backup.offsite_target),
        offsite=max((each.at for each in everything if each.counts and each.offsite), default=None),
        sets=len(everything),
        counting=sum(each.counts for each in everything),
        bytes=sum(each.manifest.bytes for each in everything),
        free_bytes=free,
        target_problem=target_problem(settings),
        wal_problems=status.problems(wal, now=now) if settings.receives_wal else (),
        wal_metrics=status.metrics(wal, now=now) if settings.receives_wal else {},
        drill=drill.last(settings.backup),
        jobs=[of_job(job, settings, state, running) for job in jobs.wanted(settings)],
    )


def of_set(newest: BackupSet) -> NewestSet:
    """Return what there is to tell of a set."""
    level = newest.verification.level if newest.verification else 0
    files_wrong = wrong_files(newest.verification.media) if newest.verification else 0
    return NewestSet(id=newest.id, at=newest.at, level=level, bytes=newest.manifest.bytes, files_wrong=files_wrong)


def of_job(job: jobs.Job, settings: Settings, state: State, running: tuple[str, datetime.datetime] | None) -> JobReport:
    """Return what there is to tell of a job."""
    past, line = state.of(job.name), settings.lines[job.name]
    return JobReport(
        name=job.name,
        title=job.title,
        line=line,
        past=past,
        due=agenda.due_at(line, settings.zone, past),
        running_since=running[1] if running and running[0] == job.name else None,
    )


def target_problem(settings: Settings) -> str:
    """Return what is wrong with the folder of the sets, without writing there."""
    folder = settings.backup.folder
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if settings.backup.must_be_mount and not folder.is_mount():
        return f"{folder} is not a mount point"
    may = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    return "" if may else f"{folder} can't be read and written by user {os.geteuid()}"
