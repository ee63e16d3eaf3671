"""Files in operations: the `Upload` scalar, and the GraphQL multipart request specification that carries it.

https://github.com/jaydenseric/graphql-multipart-request-spec
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NewType

import orjson
import strawberry
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from api.refusals import MalformedRequestError, NotJsonError, RequestTooLargeError

Upload = NewType("Upload", "UploadedFile[bytes]")

MAX_MAP_BYTES = 64 * 1024


def accept(value: Any) -> UploadedFile[bytes]:
    """Return the file; raises ValueError for what was not uploaded, as a path in a JSON variable would be."""
    if not isinstance(value, UploadedFile):
        raise ValueError("An Upload has to be sent as a file of a multipart request.")  # noqa: TRY004 - a coercion error
    return value


UPLOAD_SCALARS: dict[object, Any] = {
    Upload: strawberry.scalar(
        name="Upload",
        description="A file of a multipart request.",
        parse_value=accept,
        serialize=lambda _: None,
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
    ),
}


def operations_with_files(fields: Mapping[str, str], files: Mapping[str, UploadedFile[bytes]]) -> Any:
    """Return the JSON value of `operations` with each file put where `map` says; raises ApplicationError.

    A file may have several places, and whoever reads it does so from its beginning.
    """
    operations = json_field(fields, "operations")
    places = json_field(fields, "map")
    if not isinstance(places, dict) or not all(isinstance(paths, list) for paths in places.values()):
        raise MalformedRequestError("The field `map` has to be an object of lists: a file's field to its paths.")
    for name, paths in places.items():
        if name not in files:
            raise MalformedRequestError(f"The field `map` names the file {name!r}, which the request does not have.")
        for path in paths:
            put(operations, path, files[name])
    require_no_more_than_sent([files[name] for name, paths in places.items() for _ in paths])
    return operations


def require_no_more_than_sent(placed: Sequence[UploadedFile[bytes]]) -> None:
    """Raise RequestTooLargeError where files with several places are more together than a request may bring."""
    if len(placed) > settings.GRAPHQL_MAX_FILES or sum(file.size or 0 for file in placed) > settings.REQUEST_MAX_BYTES:
        raise RequestTooLargeError(
            f"Files count once for each of their places, and may be {settings.GRAPHQL_MAX_FILES} "
            f"and {settings.REQUEST_MAX_BYTES} bytes in all."
        )


def json_field(fields: Mapping[str, str], name: str) -> Any:
    """Return a form field's JSON value; raises MalformedRequestError where it is missing, too long or broken."""
    text = fields.get(name)
    if text is None:
        raise MalformedRequestError(f"A multipart request needs the field `{name}`.")
    if name == "map" and len(text) > MAX_MAP_BYTES:
        raise MalformedRequestError(f"The field `map` has more than {MAX_MAP_BYTES} bytes.")
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise NotJsonError(f"The field `{name}` is not JSON.") from error


def put(operations: Any, path: object, file: UploadedFile[bytes]) -> None:
    """Put the file at a dotted path such as `variables.files.0`, where a null has to be waiting for it."""
    steps = path.split(".") if isinstance(path, str) else []
    target, waiting = operations, operations
    for step in steps:
        target, waiting = waiting, child(waiting, step)
    if len(steps) < 2 or waiting is not None:  # noqa: PLR2004 - `variables` and a name
        raise MalformedRequestError(f"The field `map` names the place {path!r}, where `operations` has no null.")
    key = steps[-1]
    target[int(key) if isinstance(target, list) else key] = file


NOWHERE = object()


def child(value: Any, step: str) -> Any:
    """Return one step down into JSON, or NOWHERE."""
    if isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    if isinstance(value, dict):
        return value.get(step, NOWHERE)
    return NOWHERE
