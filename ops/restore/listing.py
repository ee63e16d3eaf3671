"""Shows what can be restored, and what restores have left on the server."""

import datetime
import json
import os
from collections.abc import Sequence

from ops.backup import listing, offsite, sets, targets
from ops.backup import settings as backup_settings
from ops.backup.back_up import every_set
from ops.backup.database import told
from ops.backup.guards import megabytes
from ops.backup.offsite import OffsiteSet
from ops.backup.settings import Settings
from ops.restore import marks, server
from ops.restore.marks import Marked
from ops.wal import listing as points_in_time
from ops.wal.archive import ROOT

KINDS = {
    marks.LOADING: "unfinished; the next restore removes it",
    marks.READY: "loaded and compared, not switched to",
    marks.KEPT: "was live until",
}


def shown(settings: Settings, target: str, *, is_json: bool) -> str:
    """Return the sets here, or at a target, and the databases that restores have left."""
    name = settings.database.name
    if target:
        return elsewhere(offsite.sets(targets.of(target, variable="--from"), database=name), is_json=is_json)
    found, damaged = every_set(settings), sets.damaged(sets.folder_of(settings.folder, name), database=name)
    with told("ask the server which databases it has"), server.connected(settings.database) as connection:
        left = marks.found(connection, database=name)
    archives = settings.folder / ROOT
    if is_json:
        points = points_in_time.facts(archives) if archives.is_dir() else None
        facts = json.loads(listing.as_json(found, damaged, points_in_time=points))
        return json.dumps(facts | {"databases": [of_database(each) for each in left]}, indent=1)
    table = listing.as_table(found, damaged, now=datetime.datetime.now(tz=datetime.UTC))
    zone = backup_settings.text(os.environ, "DJANGO_TIME_ZONE")
    times = ["", points_in_time.as_text(archives, zone=zone)] if archives.is_dir() else []
    return "\n".join([table, *times, *lines(left)])


def elsewhere(found: Sequence[OffsiteSet], *, is_json: bool) -> str:
    """Return the sets of a target."""
    levels = {each.id: each.verification.level if each.verification else 0 for each in found}
    if is_json:
        return json.dumps({"sets": [{"id": name, "level": level} for name, level in levels.items()]}, indent=1)
    return "\n".join(f"{name}  level {level}" for name, level in levels.items()) or "no sets there"


def of_database(each: Marked) -> dict[str, object]:
    """Return what a program is told of a database."""
    return {"name": each.name, "kind": each.mark.kind, "set": each.mark.set_id, "at": each.mark.at, "bytes": each.bytes}


def lines(left: Sequence[Marked]) -> list[str]:
    """Return a line for each database that a restore has left."""
    each = [
        f"  {one.name}  {megabytes(one.bytes)}  {KINDS[one.mark.kind]}{f' {one.mark.at}' if one.mark.kind == marks.KEPT else ''}"
        for one in left
    ]
    return ["", "on the server, of restores:", *each] if each else []
