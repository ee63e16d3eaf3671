"""The disk that media are on."""

import shutil
from pathlib import Path

from django.conf import settings

from config.media.place import has_bucket_alone


def usage() -> tuple[int, int] | None:
    """Return its size and what is free, in bytes; None where media are in a bucket alone.

    The folder comes with the first file: until then its parent's disk is meant.
    """
    if has_bucket_alone():
        return None
    folder = Path(settings.MEDIA_ROOT).absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    found = shutil.disk_usage(there)
    return found.total, found.free
