"""Fills a database with the gallery's rows and a log, and a folder with media: what the benchmarks back up and restore.

By itself, `python -m benchmarks.filling`, it fills what DATABASE_URL and MEDIA_ROOT name.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ops.backup import settings
from ops.backup.database import Database

ROOT = Path(__file__).resolve().parents[1]
MB = 1_000_000
GALLERY_SHARE = 0.4
ROWS_AT_A_TIME = 20_000


def main() -> int:
    """Fill."""
    options = sizes(argparse.ArgumentParser(prog="python -m benchmarks.filling", description=__doc__)).parse_args()
    database = settings.database(os.environ)
    fill(database, os.environ, megabytes=options.megabytes)
    write_media(database, Path(os.environ["MEDIA_ROOT"]), count=options.files)
    say(f"The database has {size_of(database) / MB:,.0f} MB")
    return 0


def sizes(root: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add what says how much there is to be."""
    root.add_argument("--megabytes", type=int, default=1000, help="how large the database is (default: 1000)")
    root.add_argument("--files", type=int, default=10_000, help="how many media files there are (default: 10000)")
    return root


# What most applications have beside their own tables: a log, wide, with few indexes.
EVENTS = """
CREATE TABLE IF NOT EXISTS public.event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), actor text, payload jsonb);
CREATE INDEX IF NOT EXISTS event_at ON public.event (at);
INSERT INTO public.event (at, actor, payload)
SELECT now() - i * interval '1 s', 'user ' || i % 500, jsonb_build_object('path', '/albums/' || i % 9000,
  'agent', repeat('Mozilla ', 8),
  'request', md5(i::text), 'session', md5((i % 700)::text), 'fields', array(SELECT md5((i + n)::text) FROM generate_series(1, 8) n))
FROM generate_series(1, 50000) i
"""


def fill(database: Database, environment: Mapping[str, str], *, megabytes: int) -> None:
    """Fill a share with the gallery's rows, whose indexes are half of it, and the rest with a log."""
    fill_gallery(database, environment, megabytes=int(megabytes * GALLERY_SHARE))
    with database.connect(is_autocommit=True) as connection:
        while size_of(database) < megabytes * MB:
            for statement in EVENTS.split(";"):
                connection.execute(statement.encode())
        connection.execute("VACUUM (ANALYZE)")


def fill_gallery(database: Database, environment: Mapping[str, str], *, megabytes: int) -> None:
    """Migrate, and add the load test's photos until the database is large enough."""
    manage(environment, "migrate", "--verbosity", "0")
    rows = 0
    while (size := size_of(database)) < megabytes * MB:
        rows += ROWS_AT_A_TIME if not rows else int(min(rows, rows * (megabytes * MB / size - 1) + 500))
        say(f"{size / MB:,.0f} MB; adding photos up to {rows:,}")
        manage(environment, "demo", "--photos", str(rows), "--yes")


def manage(environment: Mapping[str, str], *words: str) -> None:
    """Run one of the application's commands."""
    subprocess.run([sys.executable, str(ROOT / "manage.py"), *words], env=environment, check=True, stdout=sys.stderr)  # noqa: S603


def size_of(database: Database) -> int:
    """Return the database's size in bytes."""
    with database.connect(is_autocommit=True) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


def write_media(database: Database, folder: Path, *, count: int) -> None:
    """Write files for the first photos, each its own."""
    generator = random.Random(7)  # noqa: S311 - the same in every run
    with database.connect() as connection:
        query = "SELECT id FROM public.gallery_photo ORDER BY id LIMIT %s"
        for number, (key,) in enumerate(connection.execute(query, [count]).fetchall()):
            name, content = f"private/bench-{number:06}/original.jpg", generator.randbytes(20_000)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
            facts = [name, len(content), hashlib.sha256(content).hexdigest(), key]
            connection.execute(
                "UPDATE public.gallery_photo SET file = %s, bytes = %s, sha256 = %s WHERE id = %s", facts
            )
        connection.commit()


def write_manifest(folder: Path, manifest: Path) -> Path:
    """Write a snapshot's manifest of the whole folder; return its path."""
    files = {str(path.relative_to(folder)): described(path) for path in folder.rglob("*") if path.is_file()}
    manifest.write_text(json.dumps({"files": files}))
    return manifest


def described(path: Path) -> dict[str, int | str]:
    """Return what a manifest has of a file."""
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "mtime": int(path.stat().st_mtime)}


def say(line: str) -> None:
    """Tell the progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
