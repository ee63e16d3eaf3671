"""Exchanges the entries of the media folder for others, by renaming: nginx and the application hold the folder itself open.

Which entries come in is noted first, by name and inode. So whoever finds an exchange that was killed knows what is left to do.
"""

import ctypes
import json
import os
from pathlib import Path

from ops.backup import files
from ops.restore.media.places import ENTRIES, INCOMING, KEPT, Places

ASIDE = ".aside-"
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # Linux's fcntl.h and fs.h


def begin(places: Places, incoming: Path, *, at: str) -> Path:
    """Exchange what is live for a folder's entries; return the folder in which what was live is kept. Raises OSError."""
    (incoming / ENTRIES).unlink(missing_ok=True)
    inodes = {path.name: path.lstat().st_ino for path in incoming.iterdir()}
    files.write(incoming / ENTRIES, json.dumps(inodes))
    complete = places.work / f"{INCOMING}{at}"
    incoming.rename(complete)
    files.flush(places.work)
    return finish(places, complete)


def finish(places: Places, incoming: Path) -> Path:
    """Exchange what is not exchanged yet; the folder then has what was live, and is named so. Raises OSError."""
    inodes = json.loads((incoming / ENTRIES).read_text(encoding="utf-8"))
    for name, inode in inodes.items():
        bring_in(places.folder / name, incoming / name, inode)
    for name in places.entries():
        if name not in inodes:
            (places.folder / name).rename(incoming / name)
    for folder in (places.folder, incoming):
        files.flush(folder)
    kept = places.work / incoming.name.replace(INCOMING, KEPT)
    incoming.rename(kept)
    files.flush(places.work)
    return kept


def bring_in(live: Path, incoming: Path, inode: int) -> None:
    """Put an entry in the live one's place, and that in its own. Raises OSError."""
    aside = incoming.with_name(f"{ASIDE}{incoming.name}")
    is_there = os.path.lexists(live)
    if not (is_there and live.lstat().st_ino == inode):
        if not is_there:
            incoming.rename(live)
        elif not exchanged(live, incoming):
            live.rename(aside)
            incoming.rename(live)
    if os.path.lexists(aside):
        aside.rename(incoming)


def exchanged(one: Path, other: Path) -> bool:
    """Have two entries swap names in one step; return whether the file system can. Raises OSError."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    status: int = swap(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return status == 0


def interrupted(places: Places) -> list[Path]:
    """Return the exchanges that were killed. Raises OSError."""
    return places.of_kind(INCOMING)
