"""The disk that media are on."""

import shutil
from pathlib import Path

from django.conf import settings


def usage() -> tuple[int, int]:
    """Return its size and what is free, in bytes. The folder comes with the first file: until then its parent's disk is meant."""
    folder = Path(settings.MEDIA_ROOT).absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    found = shutil.disk_usage(there)
    return found.total, found.free
