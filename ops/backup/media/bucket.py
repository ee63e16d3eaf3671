"""Media that are in a bucket: a copy of them on this machine is what is backed up, and what a restore works on before the bucket.

So every target can have them, hashes are computed once, and what a restore replaces is kept here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.media.address import BucketAddressError, bucket_of
from ops.backup import files
from ops.backup.media import scan
from ops.backup.progress import Progress
from ops.backup.settings import text
from ops.backup.targets.rclone import NO_FOLDER, RcloneTarget
from ops.backup.targets.remote import NAME, Remote
from ops.backup.targets.target import NOT_MEDIA, OF_RESTORES
from ops.errors import REFUSED, WRONG_USAGE, OperatorError

VARIABLE = "MEDIA_STORAGE_URL"
MIRROR = "bucket"
NOTE = Path(OF_RESTORES) / "to-bucket.json"  # in the copy, while a restore has changed that and not yet the bucket
KEEP = tuple(f"--exclude=/{name}/**" for name in NOT_MEDIA)


@dataclass(frozen=True, kw_only=True)
class MediaBucket:
    """The bucket, and the folder of its copy. `beside` is where media are as well, while they are moved."""

    target: RcloneTarget = field(repr=False)
    mirror: Path
    beside: Path | None = None

    def refresh(self, progress: Progress) -> None:
        """Bring the copy to what the bucket has now, by the sizes and times that it tells; raises OperatorError."""
        if (self.mirror / NOTE).exists():
            raise OperatorError(
                f"Refusing to go on: a restore of media was killed before {self.target.url} was as its copy is. Nothing was changed.",
                hint="Have it end what it began: scripts/restore_media.sh --finish",
                status=REFUSED,
            )
        with progress.step("media bucket", f"Fetching what is new in {self.target.url}"):
            self.make()
            command = ["sync", self.target.place(""), str(self.mirror), "--use-server-modtime", *KEEP]
            ended = self.target.rclone("fetch from", command, show=progress.amount)
            if ended.status == NO_FOLDER:
                self.require_empty()
            else:
                self.target.require(ended, "fetch from")
            if self.beside:
                command = ["copy", str(self.beside), str(self.mirror), *KEEP]
                self.target.require(self.target.rclone("copy what is still in the folder beside", command), "copy")
            with files.told("give the copy of the bucket to the backup service's user", self.mirror):
                give(self.mirror, owner=self.mirror.parent.parent.stat())

    def make(self) -> None:
        """Make the folder of the copy, where there is none."""
        with files.told("make a folder for the copy of the bucket", self.mirror):
            self.mirror.mkdir(mode=0o700, parents=True, exist_ok=True)
            give(self.mirror.parent, owner=self.mirror.parent.parent.stat())

    def require_empty(self) -> None:
        """Raise OperatorError where nothing is in the bucket, and the copy has files: it may be another one, or none."""
        if any(entry.is_file() for _, entry in scan.walk(self.mirror, "")):
            raise OperatorError(
                f"Refusing to go on: {self.target.url} has no files, and its copy here has some. Nothing was changed.",
                hint=f"See {VARIABLE}. Where it is right: rm -r {self.mirror}",
                status=REFUSED,
            )


def of(environment: Mapping[str, str], *, known: Path, folder: Path) -> MediaBucket | None:
    """Return the bucket, where there is one; raises OperatorError where its address or its keys are wrong."""
    url = text(environment, VARIABLE)
    if not url:
        return None
    try:
        place = bucket_of(url)
    except BucketAddressError as error:
        raise OperatorError(f"{VARIABLE} {error}.", hint="See docs/media-on-s3.md.", status=WRONG_USAGE) from None
    settings = {
        "TYPE": "s3",
        "PROVIDER": "AWS" if place.is_amazon_s else "Other",
        "ACCESS_KEY_ID": text(environment, "MEDIA_STORAGE_ACCESS_KEY_ID"),
        "SECRET_ACCESS_KEY": text(environment, "MEDIA_STORAGE_SECRET_ACCESS_KEY"),
        "REGION": place.region,
        "ENDPOINT": place.endpoint,
        "NO_CHECK_BUCKET": "true",
    }
    root = f"{NAME}:{place.name}/{place.prefix}".rstrip("/")
    handed_down = {name: value for name, value in environment.items() if name.startswith("RCLONE_")}
    remote = Remote(url=url.partition("?")[0], root=root, scheme="media", settings=settings, handed_down=handed_down)
    is_moved = text(environment, "MEDIA_STORAGE_MOVE") != "none"
    target = RcloneTarget(remote, variable=VARIABLE)
    return MediaBucket(target=target, mirror=known / MIRROR, beside=folder if is_moved else None)


def give(root: Path, *, owner: os.stat_result) -> None:
    """Where we are root, as in a restore's container, give what is in a folder to who has the folder of backups. Raises OSError."""
    if os.geteuid() != 0:
        return
    for folder, _, names in os.walk(root):
        for path in (Path(folder), *(Path(folder) / name for name in names)):
            if path.lstat().st_uid != owner.st_uid:
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
