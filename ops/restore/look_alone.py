"""`--dry-run`: looks at everything that a restore would look at, and says what it would do."""

import json

from ops.backup import offsite, targets
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.restore import point_in_time
from ops.restore.restore_db import Wish, locked, look, look_at_live
from ops.restore.source import Source


def look_alone(settings: Settings, wish: Wish, progress: Progress, *, is_json: bool) -> str:
    """Look, and say what would be done. Raises OperatorError where a restore would."""
    if wish.source.moment or wish.source.target:
        first = before_the_rest(settings, wish.source, progress)
        return json.dumps({"database": settings.database.name, "first": first}) if is_json else f"Would {first}."
    with locked(settings) as connection:
        seen = look(connection, settings, wish, look_at_live(connection, settings, progress), progress)
    name, live = settings.database.name, seen.live
    if is_json:
        return json.dumps({"database": name, "set": seen.backup_set.id, "live": live.words, "ready": seen.ready})
    steps = ["switch to what is ready"] if seen.ready else ["load it beside", "compare", "switch"]
    if not live.is_empty and not wish.without_safety_backup:
        steps.insert(0, "take a safety set")
    kept = "" if not live.is_there else ", and keep what is live now"
    return f"Would restore {name} from {seen.backup_set.id}: {', '.join(steps)}{kept}. Nothing was changed."


def before_the_rest(settings: Settings, source: Source, progress: Progress) -> str:
    """Return what would be done before there is a set. Raises OperatorError where it can't be."""
    if source.moment:
        first = point_in_time.look(settings, source.moment, source.target, progress)
        return f"{first}, take a set of {settings.database.name} there, and restore it"
    target = targets.of(source.target, variable="--from")
    found = offsite.named(target, source.wanted, database=settings.database.name)
    return f"fetch set {found.id} from {target.url}, and restore it"
