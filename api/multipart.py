"""Reads a multipart body as it comes in: fields into memory, files onto the disk, so that memory does not grow with a file."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from email.message import Message
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from api.refusals import ClientGoneError, NotJsonError, RequestTooLargeError

if TYPE_CHECKING:
    from config.asgi_types import Receive

HEADERS_MAX_BYTES = 8 * 1024
BOUNDARY_MAX_BYTES = 70  # RFC 2046, section 5.1.1
FIELDS_MAX = 20
FILE_NAME_MAX_LENGTH = 255
PIECE_BYTES = (
    256 * 1024
)  # servers hand a body over in pieces of 8 KiB, and a thread for each would take longer than the disk


class Form:
    """A form's fields and files by their names. Each piece of a body that is written is parsed at once; raises ApplicationError."""

    def __init__(self, *, boundary: str, files: ExitStack) -> None:
        self.fields: dict[str, str] = {}
        self.files: dict[str, UploadedFile[bytes]] = {}
        self.is_whole = False
        self._open_files = files
        self._field_bytes = 0
        self._headers: dict[str, str] = {}
        self._header_name, self._header_value = b"", b""
        self._header_bytes = 0
        self._part: Any = None
        callbacks: Any = {name: getattr(self, f"_{name}") for name in CALLBACKS}
        self._parser = MultipartParser(boundary.encode("latin-1", "replace"), callbacks)

    def write(self, piece: bytes) -> None:
        """Take the body's next piece."""
        try:
            self._parser.write(piece)
        except MultipartParseError as error:
            raise NotJsonError("The multipart body cannot be read: it is not what its boundary says.") from error

    def _on_part_begin(self) -> None:
        self._headers, self._header_name, self._header_value, self._header_bytes = {}, b"", b"", 0

    def _on_header_field(self, piece: bytes, start: int, end: int) -> None:
        self._header_name += piece[start:end]
        self._count_header(end - start)

    def _on_header_value(self, piece: bytes, start: int, end: int) -> None:
        self._header_value += piece[start:end]
        self._count_header(end - start)

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADERS_MAX_BYTES:
            raise RequestTooLargeError(f"The headers of a form's part have at most {HEADERS_MAX_BYTES} bytes.")

    def _on_header_end(self) -> None:
        name = self._header_name.decode("latin-1").lower()
        self._headers[name] = self._header_value.decode("utf-8", "replace")
        self._header_name, self._header_value = b"", b""

    def _on_headers_finished(self) -> None:
        disposition = Message()
        disposition["content-disposition"] = self._headers.get("content-disposition", "")
        name = disposition.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise NotJsonError("The multipart body cannot be read: a part has no name.")
        file_name = disposition.get_filename()
        self._part = self._new_file(name, file_name) if file_name is not None else self._new_field(name)

    def _new_file(self, name: str, file_name: str) -> UploadedFile[bytes]:
        limit = settings.GRAPHQL_MAX_FILES
        if len(self.files) >= limit or name in self.files:
            raise RequestTooLargeError(f"A request has at most {limit} files, each under its own name.")
        spool = tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115 - closed with all others
        self._open_files.enter_context(spool)
        content_type = self._headers.get("content-type", "application/octet-stream")
        self.files[name] = UploadedFile(spool, plain(file_name), content_type, 0)
        return self.files[name]

    def _new_field(self, name: str) -> list[Any]:
        if len(self.fields) >= FIELDS_MAX:
            raise RequestTooLargeError(f"A request has at most {FIELDS_MAX} fields beside its files.")
        return [name]

    def _on_part_data(self, piece: bytes, start: int, end: int) -> None:
        if isinstance(self._part, UploadedFile):
            self._part.write(piece[start:end])
            self._part.size = (self._part.size or 0) + end - start
            return
        self._field_bytes += end - start
        if self._field_bytes > settings.GRAPHQL_MAX_REQUEST_BYTES:
            raise RequestTooLargeError(
                f"A request without its files has at most {settings.GRAPHQL_MAX_REQUEST_BYTES} bytes."
            )
        self._part.append(piece[start:end])

    def _on_part_end(self) -> None:
        if isinstance(self._part, UploadedFile):
            self._part.seek(0)
            return
        name, *pieces = self._part
        self.fields[name] = b"".join(pieces).decode("utf-8", "replace")

    def _on_end(self) -> None:
        self.is_whole = True


CALLBACKS = ("on_part_begin", "on_part_data", "on_part_end", "on_header_field", "on_header_value", "on_header_end",
             "on_headers_finished", "on_end")  # fmt: skip


def plain(file_name: str) -> str:
    """Return a file's name without folders, of whatever system."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1].strip("\0. ")
    return name[-FILE_NAME_MAX_LENGTH:] or "file"


async def read_form(receive: Receive, *, boundary: str, files: ExitStack) -> Form:
    """Return the body as a form, its files closed with `files`; raises ApplicationError, ClientGoneError.

    The body is parsed and written in a thread of the loop's own, since a disk may take its time.
    """
    if not 0 < len(boundary) <= BOUNDARY_MAX_BYTES:
        raise NotJsonError("The multipart body cannot be read: its Content-Type has no boundary.")
    form = Form(boundary=boundary, files=files)
    is_more = True
    waiting = bytearray()
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        waiting += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(waiting) >= PIECE_BYTES or not is_more:
            await asyncio.to_thread(form.write, bytes(waiting))
            waiting.clear()
    if not form.is_whole:
        raise NotJsonError("The multipart body cannot be read: it ends too early.")
    return form
