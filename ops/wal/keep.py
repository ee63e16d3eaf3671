"""Puts complete segments away: compressed, hashed, flushed, and only then gone from where they were received."""

import datetime
import gzip
import hashlib
import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

from ops.backup import files
from ops.backup.contents import Facts
from ops.errors import OperatorError
from ops.wal.archive import NOTE, PARTIAL, Archive
from ops.wal.coverage import Sample
from ops.wal.segments import HISTORY, NAME, Segment

LEVEL = 1  # 16 MB in a sixth of a second; WAL that was cut early is zeros for the most part
ReceivedUntil = Callable[[int], Sample | None]


def put_away(archive: Archive, received_until: ReceivedUntil) -> list[Segment]:
    """Put away what is complete in the receiver's folder; return it. Raises OSError, OperatorError."""
    names = sorted(path.name for path in archive.receiving.iterdir())
    for name in filter(HISTORY.fullmatch, names):
        keep_history(archive, name)
    kept = []
    for name in filter(NAME.fullmatch, names):
        segment = Segment.of_name(name, archive.segment_bytes)
        keep(archive, segment, received_until((segment.number + 1) * archive.segment_bytes))
        kept.append(segment)
    return kept


def keep(archive: Archive, segment: Segment, received: Sample | None) -> None:
    """Put one segment away. It is there once its own name is, which comes last. Raises OSError, OperatorError."""
    source, path = archive.receiving / segment.name(archive.segment_bytes), archive.path(segment)
    content = source.read_bytes()
    if path.exists():
        refuse_another(archive, segment, content)
    else:
        compressed = gzip.compress(content, LEVEL, mtime=0)
        note = {
            "sha256": hashlib.sha256(compressed).hexdigest(),
            "bytes": len(compressed),
            **facts(received),
        }
        files.replace(path.with_suffix(NOTE), json.dumps(note) + "\n")
        fresh = path.with_name(f".{path.name}.fresh")
        fresh.write_bytes(compressed)
        fresh.chmod(0o600)
        files.flush(fresh)
        fresh.rename(path)
        files.flush(path.parent)
    source.unlink()


def facts(received: Sample | None) -> Facts:
    """Return what a note says of the time until which everything is before a position."""
    if received is None:
        return {}
    return {"received_position": received[0], "received_until": received[1].astimezone(datetime.UTC).isoformat()}


def refuse_another(archive: Archive, segment: Segment, content: bytes) -> None:
    """Raise OperatorError where a segment that is there has other contents than the one that was received again.

    After a receiver or a server was killed, the same comes again. Other contents under the same name are those of a cluster that
    was put back by a copy of its files: its WAL and ours part.
    """
    path = archive.path(segment)
    try:
        is_same = zlib.decompress(path.read_bytes(), wbits=31) == content
    except zlib.error:
        is_same = False
    if not is_same:
        raise OperatorError(
            f"Refusing to put {path.name} away: one with other contents is there. The server's files were put back by a copy.",
            hint=f"Keep what was there under another name, and begin anew: mv {archive.folder} {archive.folder}-before",
        )


def keep_history(archive: Archive, name: str) -> None:
    """Keep a timeline's history, which is small, in both places: pg_receivewal asks for it again where it is gone. Raises OSError."""
    path = archive.wal / name
    if path.exists():
        return
    fresh = path.with_name(f".{name}.fresh")
    shutil.copyfile(archive.receiving / name, fresh)
    files.flush(fresh)
    fresh.rename(path)
    files.flush(path.parent)


def is_whole(archive: Archive, segment: Segment) -> bool:
    """Tell whether a segment is as it was put away. Raises OSError."""
    path: Path = archive.path(segment)
    return path.exists() and files.sha256(path) == archive.note(segment).get("sha256")


def set_aside(archive: Archive, received: Sample | None) -> None:
    """Put away what was received of a segment whose rest will never come, and note how far that was. Raises OSError."""
    for path in archive.receiving.glob(f"*{PARTIAL}"):
        segment = Segment.of_name(path.name.removesuffix(PARTIAL), archive.segment_bytes)
        if not archive.path(segment).exists():
            files.replace(archive.path(segment).with_suffix(NOTE), json.dumps(facts(received)) + "\n")
        path.rename(archive.wal / path.name)
    if received is not None:  # nothing may have come since the last segment was complete
        number = (received[0] - 1) // archive.segment_bytes
        for segment in sorted(each for each in archive.put_away() if each.number == number)[-1:]:
            note = archive.note(segment) | facts(received)
            files.replace(archive.path(segment).with_suffix(NOTE), json.dumps(note) + "\n")


def remove_torn(archive: Archive) -> None:
    """Remove a file that pg_receivewal had no room or time to make: it refuses one of another size. There is no WAL in it yet."""
    for path in archive.receiving.glob(f"*{PARTIAL}"):
        if path.stat().st_size not in (0, archive.segment_bytes):
            path.unlink()
