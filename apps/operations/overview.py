"""All that the page Operations shows, put together and judged. Each part is asked side by side, and none can fail the page."""

import datetime
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from apps.operations import backups, certificate, charts, deploys, disk, queue, samples
from apps.operations.backups import Backups
from apps.operations.deploys import Deploy
from apps.operations.queue import Depth
from apps.operations.samples import Sample
from config.media.place import MediaAwayError, media

DAY_SECONDS = 86_400
CERTIFICATE_DAYS, CERTIFICATE_DAYS_SOON = 14, 21
LEAST_FREE, LITTLE_FREE = 0.1, 0.2
MANY_TASKS = 100
BACKUP_HOURS = 36
SHOWN_SETS = 14
NO_FIGURE = "-"
DAYS_FROM_HOURS = 48
GOOD, WARNING, BAD, UNKNOWN = "good", "warning", "bad", "unknown"
WORDS = {GOOD: "well", WARNING: "look soon", BAD: "look now", UNKNOWN: "not known"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One thing at a glance: a figure, a word of how it is, and what that means."""

    title: str
    figure: str
    state: str
    detail: str

    @property
    def word(self) -> str:
        """How it is, for who does not see colours."""
        return WORDS[self.state]


def put_together() -> dict[str, Any]:
    """Return the template's context."""
    with ThreadPoolExecutor(max_workers=6, thread_name_prefix="overview") as threads:
        asked = (
            threads.submit(deploys.last),
            threads.submit(backups.ask),
            threads.submit(queue.depth),
            threads.submit(samples.read),
            threads.submit(certificate.expiry),
            threads.submit(of_media),
        )
    last, found, depth = asked[0].result(), asked[1].result(), asked[2].result()
    taken, expiry = asked[3].result(), asked[4].result()
    now = timezone.now()
    return {
        "tiles": [
            of_deploy(last),
            of_backup(found, now=now),
            of_queue(depth),
            asked[5].result(),
            of_certificate(expiry, now=now),
        ],
        "deploys": last,
        "deploy_bars": deploy_bars(last or []),
        "backups": found,
        "sets": found.sets[:SHOWN_SETS],
        "set_bars": set_bars(found),
        "queue": queue_chart(taken, now=now),
        "depth": depth,
        "now": now,
        "chart": {"width": charts.WIDTH, "height": charts.HEIGHT},
    }


def of_deploy(last: Sequence[Deploy] | None) -> Tile:
    """Return the last deploy."""
    title = "Last deploy"
    if not last:
        detail = "There is no record here." if last is None else "Nothing was deployed yet."
        return Tile(title=title, figure=NO_FIGURE, state=UNKNOWN, detail=detail)
    newest = last[0]
    when = timezone.localtime(newest.when).strftime("%Y-%m-%d %H:%M")
    if newest.is_done:
        return Tile(title=title, figure=newest.to_version[:10], state=GOOD, detail=f"{newest.what} of {when}")
    return Tile(title=title, figure=newest.to_version[:10], state=BAD, detail=f"{newest.what} of {when} failed")


def of_backup(found: Backups, *, now: datetime.datetime) -> Tile:
    """Return how backups are."""
    title = "Backup"
    if found.away:
        return Tile(
            title=title, figure=NO_FIGURE, state=BAD if settings.BACKUP_STATUS_URL else UNKNOWN, detail=found.away
        )
    newest = found.newest
    if newest is None:
        return Tile(title=title, figure="none", state=BAD, detail="No backup was restored and found equal.")
    hours = (now - newest.at).total_seconds() / 3600
    state = BAD if found.problems else WARNING if hours > BACKUP_HOURS else GOOD
    detail = found.problems[0]["what"] if found.problems else f"level {newest.level}: {newest.proof}"
    return Tile(title=title, figure=age(hours), state=state, detail=detail)


def age(hours: float) -> str:
    """Return an age in words."""
    if hours < 1:
        return f"{hours * 60:.0f} min ago"
    return f"{hours:.0f} h ago" if hours < DAYS_FROM_HOURS else f"{hours / 24:.0f} d ago"


def of_queue(depth: Depth | None) -> Tile:
    """Return how the queue is."""
    if depth is None:
        return Tile(title="Task queue", figure=NO_FIGURE, state=BAD, detail="Redis does not answer.")
    detail = f"tasks wait, {depth.running} in hand"
    return Tile(
        title="Task queue", figure=str(depth.waiting), state=WARNING if depth.waiting > MANY_TASKS else GOOD, detail=detail
    )  # fmt: skip


def of_media() -> Tile:
    """Return how much room media have; of a bucket, whether it answers."""
    if (found := disk.usage()) is None:
        return of_bucket()
    size, free = found
    state = BAD if free / size < LEAST_FREE else WARNING if free / size < LITTLE_FREE else GOOD
    return Tile(
        title="Disk of media", figure=filesizeformat(free), state=state, detail=f"free of {filesizeformat(size)}"
    )


def of_bucket() -> Tile:
    """Return whether the bucket of media answers."""
    try:
        return Tile(title="Bucket of media", figure="answers", state=GOOD, detail=media().look())
    except MediaAwayError as error:
        return Tile(title="Bucket of media", figure=NO_FIGURE, state=BAD, detail=str(error))


def of_certificate(expiry: datetime.datetime | None, *, now: datetime.datetime) -> Tile:
    """Return for how long the certificate is good."""
    title = "Certificate"
    if not settings.USE_TLS:
        return Tile(title=title, figure=NO_FIGURE, state=UNKNOWN, detail="TLS is off (USE_TLS).")
    if expiry is None:
        return Tile(title=title, figure=NO_FIGURE, state=BAD, detail="nginx shows none (CERTIFICATE_ADDRESS).")
    days = int((expiry - now).total_seconds() // DAY_SECONDS)
    state = BAD if days < CERTIFICATE_DAYS else WARNING if days < CERTIFICATE_DAYS_SOON else GOOD
    return Tile(title=title, figure=f"{days} days", state=state, detail=f"until {expiry:%Y-%m-%d}")


def deploy_bars(last: Sequence[Deploy]) -> list[charts.Bar]:
    """Return the seconds that deploys took, the oldest first."""
    values = [
        (
            each.seconds,
            "good" if each.is_done else "bad",
            f"{each.to_version[:12]}: {each.seconds:.0f} s, {'done' if each.is_done else 'failed'}",
        )
        for each in reversed(last)
    ]
    return charts.bars(values, slots=deploys.SHOWN)


def set_bars(found: Backups) -> list[charts.Bar]:
    """Return the sizes of backups, the oldest first."""
    values = [
        (float(each.bytes), "good" if each.counts else "bad", f"{each.id}: {filesizeformat(each.bytes)}, {each.proof}")
        for each in reversed(found.sets[:SHOWN_SETS])
    ]
    return charts.bars(values, slots=SHOWN_SETS)


def queue_chart(taken: Sequence[Sample], *, now: datetime.datetime) -> dict[str, Any]:
    """Return the queue's last day as two lines."""
    end = now.timestamp()
    highest = max((max(each.waiting, each.running) for each in taken), default=0)
    lines = {
        name: charts.line(
            [(each.at, float(getattr(each, name))) for each in taken], begin=end - DAY_SECONDS, end=end, highest=highest
        )
        for name in ("waiting", "running")
    }
    return {**lines, "highest": highest, "is_empty": not taken}
