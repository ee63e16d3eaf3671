"""What is looked at before media are moved: whether both places are read, whether somebody else moves, and how much room there is."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator

from django.conf import settings

from apps.operations.moving.bar import MB
from apps.operations.moving.errors import LOCKED, refused
from config.media.moving import MovingStorage


def both_places() -> MovingStorage:
    """Return them; raises MoveError where nothing says where to."""
    if not settings.MEDIA_STORAGE_URL or settings.MEDIA_STORAGE_MOVE == "none":
        hint = (
            "Set MEDIA_STORAGE_URL and MEDIA_STORAGE_MOVE, for all that serves. The steps are in docs/media-on-s3.md."
        )
        raise refused("MEDIA_STORAGE_MOVE does not say where to", hint=hint)
    return MovingStorage()


@contextlib.contextmanager
def alone(media: MovingStorage) -> Iterator[None]:
    """Keep others out, and take away what one that was killed has left half written; raises MoveError."""
    work = media.folder.work
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refused("another one does", hint="Wait for its end.", status=LOCKED) from None
        for path in work.glob("*.partial"):
            path.unlink()
        yield


def require_room(media: MovingStorage) -> None:
    """Raise MoveError where the folder is to have more than its disk has room for."""
    if media.new is not media.folder:
        return
    folder = media.folder.location
    needed, free = sum(size for _, size in media.old.files()), shutil.disk_usage(folder).free
    if needed > free:
        fact = f"it is {needed / MB:,.1f} MB, and {folder} has {free / MB:,.1f} MB free"
        raise refused(fact, hint=f"Make room: df -h {folder}")
