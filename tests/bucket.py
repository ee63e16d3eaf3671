"""A real S3 server for tests, and media in a bucket of it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

from pytest_django import Settings

from config.media import backend_of
from tests.ops.backup.target_servers import S3_KEY, S3_SECRET, Server, rclone_server

BUCKET = "media"


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[Server]:
    """Run an S3 server with an empty bucket; its address is that of a place in the bucket."""
    url = f"s3://{BUCKET}/site?endpoint=http://127.0.0.1:{{port}}"
    with rclone_server(folder, "s3", f"--auth-key={S3_KEY},{S3_SECRET}", url=url) as server:
        (server.folder / BUCKET).mkdir()
        yield server


def put_media_into(settings: Settings, server: Server, *, move: str = "none") -> Path:
    """Have media in a place of this test's own in the bucket; return the folder in which the server keeps that."""
    place = f"site-{token_hex(4)}"
    settings.MEDIA_STORAGE_URL = server.url.replace("/site?", f"/{place}?")
    settings.MEDIA_STORAGE_ACCESS_KEY_ID, settings.MEDIA_STORAGE_SECRET_ACCESS_KEY = S3_KEY, S3_SECRET
    move_media(settings, move)
    return server.folder / BUCKET / place


def move_media(settings: Settings, move: str) -> None:
    """Set where media go while they are moved; `none` where they are in the bucket alone."""
    settings.MEDIA_STORAGE_MOVE = move
    backend = {"BACKEND": backend_of(settings.MEDIA_STORAGE_URL, move=move)}
    settings.STORAGES = {**settings.STORAGES, "default": backend}  # last: this makes the storage anew
