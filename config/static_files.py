"""Static files under names with a hash of their content, for production: browsers may keep them for ever.

A start collects into a fresh folder and moves the files from there into STATIC_ROOT, which is a volume that nginx serves from
and that an older version has filled: `collectstatic` by itself would trust the times of files, and keep an old one that is
newer than the image. What pages of the version before still name is kept for a day.
"""

import fcntl
import gzip
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.contrib.staticfiles.management.commands import collectstatic
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command

KEPT_SECONDS = 86_400
START_SECONDS = 60  # a start writes all files, and the manifest last, well within this
COMPRESSIBLE = frozenset({".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".txt", ".xml"})
SMALLEST_BYTES = 1024  # below, a packet is a packet
MANIFEST = "staticfiles.json"
FRESH = ".fresh-"


class HashedStaticFilesStorage(ManifestStaticFilesStorage):
    """Rewrites the imports of ES modules as well, or a new module would import an old one out of a cache."""

    support_js_module_import_aggregation = True


def publish(root: Path) -> None:
    """Bring `root` to what this version has, file by file and never with a gap; delete what nobody names any more."""
    root.mkdir(parents=True, exist_ok=True)
    with alone(root):
        renew_last(root)
        fresh = Path(tempfile.mkdtemp(prefix=FRESH, dir=root))
        try:
            collect(fresh)
            compress(fresh)
            move(fresh, root)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        prune(root)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: of several web servers that start at once, one at a time writes and prunes. It goes with the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def collect(folder: Path) -> None:
    """Collect into a folder, with hashed names and the manifest."""
    command = collectstatic.Command()
    command.storage = HashedStaticFilesStorage(location=str(folder))
    call_command(command, interactive=False, verbosity=0)


def compress(folder: Path) -> None:
    """Lay a .gz beside each text, for nginx's gzip_static. The official image of nginx has no module for brotli or zstd."""
    for path in files_in(folder):
        if path.suffix in COMPRESSIBLE and path.stat().st_size >= SMALLEST_BYTES:
            content = path.read_bytes()
            packed = gzip.compress(content, compresslevel=9, mtime=0)
            if len(packed) < len(content):
                path.with_name(f"{path.name}.gz").write_bytes(packed)


def move(fresh: Path, root: Path) -> None:
    """Rename every file into its place; the manifest last, since it names the others."""
    for path in sorted(files_in(fresh), key=lambda path: path.name == MANIFEST):
        target = root / path.relative_to(fresh)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o644)
        path.replace(target)


def renew_last(root: Path) -> None:
    """Mark what the last start wrote as in use until now: where that was another version, its day begins only now."""
    manifest = root / MANIFEST
    if manifest.exists():
        written = manifest.stat().st_mtime - START_SECONDS
        for path in files_in(root):
            if path.stat().st_mtime >= written:
                os.utime(path)


def prune(root: Path) -> None:
    """Delete files that no start has written for a day, and folders that are empty then."""
    before = time.time() - KEPT_SECONDS
    for path in files_in(root):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, whether or not somebody else is changing it."""
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name)
