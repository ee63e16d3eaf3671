"""Looks through the media folder: every file's size, time and hash. One that is as it was the last time is not read again."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.backup import files
from ops.backup.media.catalogue import File
from ops.backup.targets import Show, show_nothing
from ops.backup.targets.target import NOT_MEDIA

Known = dict[str, list[object]]


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What is in the folder. `left_out` is what is neither a file nor a folder: links, sockets."""

    files: dict[str, File]
    left_out: list[str]


def scan(folder: Path, *, cache: Path, show: Show = show_nothing) -> Scan:
    """Look through a folder; `cache` is the file of hashes that were computed before. Raises OperatorError."""
    with files.told("read the media", folder):
        known, found, left_out = read(cache), {}, []
        hashed: Known = {}
        entries = list(walk(folder, ""))
        for number, (name, entry) in enumerate(entries, 1):
            show(number, len(entries))
            if not entry.is_file(follow_symlinks=False):
                left_out.append(name)
            elif (one := look(entry, known.get(name))) is not None:
                hashed[name] = one
                found[name] = File(bytes=int(str(one[0])), mtime=int(str(one[1])) // 1_000_000_000, sha256=str(one[-1]))
        if hashed != known:
            files.replace(cache, json.dumps(hashed))
    return Scan(files=found, left_out=sorted(left_out))


def walk(folder: Path, prefix: str) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Yield what is in a folder and those below it, by names relative to it; not the folders, nor what is not media."""
    with os.scandir(folder / prefix) as entries:
        found = sorted(
            (each for each in entries if f"{prefix}{each.name}" not in NOT_MEDIA), key=lambda each: each.name
        )
    for entry in found:
        name = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from walk(folder, f"{name}/")
        else:
            yield name, entry


def look(entry: "os.DirEntry[str]", known: list[object] | None) -> list[object] | None:
    """Return a file's identity and hash; None where it has vanished.

    The time of its last change of state is part of that: unlike the other time, nobody can set it back.
    """
    try:
        before = identity(os.stat(entry.path, follow_symlinks=False))  # noqa: PTH116 - thousands of them: Path is slow
        if known is not None and known[:-1] == before:
            return known
        while True:
            sha256 = files.sha256(Path(entry.path))
            after = identity(os.stat(entry.path, follow_symlinks=False))  # noqa: PTH116
            if after == before:
                return [*after, sha256]
            before = after
    except FileNotFoundError:
        return None


def identity(found: os.stat_result) -> list[object]:
    """Return what changes whenever a file's contents do."""
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def read(cache: Path) -> Known:
    """Return the hashes of the last time; none where they can't be read."""
    try:
        found = json.loads(cache.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
