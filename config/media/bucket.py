"""Media in a bucket of S3, by django-storages. It loads boto3, which takes half a second: only settings name it.

No object is public. Who may have one is handed it by nginx, which is told a signed request (docs/media-on-s3.md).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Any
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from config.breaker import Breaker
from config.media.address import bucket_of
from config.media.asking import client_config, is_absent
from config.media.place import MediaAwayError, address

logger = logging.getLogger("slipway.media")

SIGNED_SECONDS = 300  # nginx uses it at once: this much may our clock be behind the server's
IN_MEMORY_BYTES = 1024 * 1024
PIECE_BYTES = 256 * 1024
PART_BYTES = 32 * 1024 * 1024  # what is larger goes in parts, each read from the file when its turn comes
AT_ONCE = 1000  # S3's own limit of what one request may delete


class BucketStorage(S3Storage):  # type: ignore[misc]  # it ships no types
    """One bucket, or a folder in it. Errors are OSErrors: FileNotFoundError, or MediaAwayError for everything else."""

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.place = bucket_of(settings.MEDIA_STORAGE_URL)
        self._connecting = threading.Lock()
        super().__init__(
            access_key=settings.MEDIA_STORAGE_ACCESS_KEY_ID,
            secret_key=settings.MEDIA_STORAGE_SECRET_ACCESS_KEY,
            security_token=None,  # this and the next would else be looked for in the environment
            session_profile=None,
            bucket_name=self.place.name,
            location=self.place.prefix,
            endpoint_url=self.place.endpoint or None,
            region_name=self.place.region,
            file_overwrite=False,
            client_config=client_config(self.place),
            # In the caller's thread: memory is one part's, whatever the file's size.
            transfer_config=TransferConfig(
                multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
            ),
        )

    @property
    def connection(self) -> Any:
        """Return boto3's resource, one for all threads: what is made of it is each caller's own, and its client may be shared."""
        with self._connecting:
            if getattr(self, "_connection", None) is None:
                session = boto3.Session(aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key)
                self._connection = session.resource(
                    "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=self.client_config
                )
            return self._connection

    @property
    def client(self) -> Any:
        """Return boto3's client."""
        return self.connection.meta.client

    def key(self, name: str) -> str:
        """Return a file's key in the bucket; raises SuspiciousOperation for a name that leads outside."""
        key: str = self._normalize_name(clean_name(name))
        return key

    @contextlib.contextmanager
    def asked(self, what: str) -> Iterator[None]:
        """Turn boto3's errors into ours. A bucket that does not answer is left alone for a moment."""
        if self.breaker.is_open:
            raise MediaAwayError(f"Cannot {what}: the {self.place.words} did not answer a moment ago.")
        try:
            yield
        except ClientError as error:
            if is_absent(error):
                raise FileNotFoundError(f"Cannot {what}: there is no such file in the {self.place.words}.") from None
            raise MediaAwayError(f"Cannot {what}: the {self.place.words} says: {error}") from error
        except (BotoCoreError, Boto3Error) as error:
            self.breaker.open()
            raise MediaAwayError(f"Cannot {what}: the {self.place.words} does not answer: {error}") from error

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Return a file with its whole content, which is on the disk where it is large; S3's own way would ask twice."""
        if mode != "rb":
            with self.asked(f"open {name}"):
                opened: File[bytes] = super()._open(name, mode)
                return opened
        spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - who opens it closes it
        try:
            for piece in self.pieces(name):
                spool.write(piece)
        except BaseException:
            spool.close()
            raise
        spool.seek(0)
        return File(spool, name)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a file's content, piece by piece."""
        with self.asked(f"read {name}"):
            body = self.client.get_object(Bucket=self.bucket_name, Key=self.key(name))["Body"]
            with contextlib.closing(body):
                yield from body.iter_chunks(PIECE_BYTES)  # raises where it ends too early

    def _save(self, name: str, content: File[bytes]) -> str:
        with self.asked(f"store {name}"):
            saved: str = super()._save(name, content)
            return saved

    def exists(self, name: str) -> bool:
        """Tell whether a file is there."""
        try:
            with self.asked(f"look for {name}"):
                self.client.head_object(Bucket=self.bucket_name, Key=self.key(name))
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Delete a file, if it is there."""
        with contextlib.suppress(FileNotFoundError), self.asked(f"delete {name}"):
            super().delete(name)

    def delete_all(self, names: Sequence[str]) -> list[str]:
        """Delete files, a thousand by one request; return the names of those that could not be."""
        left: list[str] = []
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            try:
                left += self.delete_some(some)
            except OSError as error:
                logger.warning("cannot delete files", extra={"files": list(some), "error": str(error)})
                left += some
        return left

    def delete_some(self, names: Sequence[str]) -> list[str]:
        """Delete as many files as one request may; return the names of those that S3 would not delete."""
        keys = {self.key(name): name for name in names}
        with self.asked(f"delete {len(names)} files"):
            wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
            errors = self.client.delete_objects(Bucket=self.bucket_name, Delete=wanted).get("Errors", [])
        for error in errors:
            logger.warning("cannot delete a file", extra={"file": keys[error["Key"]], "error": error.get("Message")})
        return [keys[error["Key"]] for error in errors]

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        with self.asked(f"look for {name}"):
            return int(self.client.head_object(Bucket=self.bucket_name, Key=self.key(name))["ContentLength"])

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the folders and the files in a folder."""
        with self.asked(f"list {path}"):
            found: tuple[list[str], list[str]] = super().listdir(path)
            return found

    def get_modified_time(self, name: str) -> Any:
        """Return when a file was stored."""
        with self.asked(f"look for {name}"):
            return super().get_modified_time(name)

    def url(self, name: str | None, *_: object, **__: object) -> str:
        """Return a file's address, which is ours, wherever the file is."""
        return address(settings.MEDIA_URL, name)

    def signed(self, name: str, *, method: str) -> str:
        """Return the path and query by which nginx, and whoever else is told, may fetch a file for some minutes. Asks nobody."""
        wanted = {"Bucket": self.bucket_name, "Key": self.key(name)}
        url = self.client.generate_presigned_url(
            "get_object", Params=wanted, ExpiresIn=SIGNED_SECONDS, HttpMethod=method
        )
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}"

    def look(self) -> str:
        """Ask whether the bucket is there, and lets us in."""
        try:
            with self.asked("look at media"):
                self.client.head_bucket(Bucket=self.bucket_name)
        except FileNotFoundError:
            raise MediaAwayError(f"Cannot look at media: there is no {self.place.words}.") from None
        return f"in the {self.place.words}"

    def files(self) -> Iterator[tuple[str, int]]:
        """Yield the name and the size of every file."""
        prefix = f"{self.place.prefix}/" if self.place.prefix else ""
        with self.asked("list media"):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix):
                for each in page.get("Contents", ()):
                    if not each["Key"].endswith("/"):  # what some programs make in place of a folder
                        yield each["Key"].removeprefix(prefix), each["Size"]

    def put(self, name: str, content: IO[bytes]) -> None:
        """Store a file under exactly this name; raises ValueError for one that no key can be made of."""
        if clean_name(name) != name:
            raise ValueError(f"{name!r} cannot be a file's name in a bucket")
        self._save(name, File(content))

    def sha256(self, name: str) -> str:
        """Return a file's hash, in hexadecimal, by having it sent."""
        found = hashlib.sha256()
        for piece in self.pieces(name):
            found.update(piece)
        return found.hexdigest()
