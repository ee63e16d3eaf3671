"""Which part of what is at a target is compared today. Pure: reads no clock."""

import datetime
import hashlib
import os

SHARES = 7


def is_due(name: str, *, day: datetime.date) -> bool:
    """Tell whether something is compared on a day: by a hash of its name one day of each week, so that a week sees everything."""
    return int(hashlib.sha256(os.fsencode(name)).hexdigest()[:8], 16) % SHARES == day.weekday()
