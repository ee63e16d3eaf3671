"""Reads a GraphQL request out of an HTTP request, and says plainly what is wrong with one that is none.

https://http-spec.graphql.org/September2026/#sec-Request
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from django.conf import settings

from api.media_types import without_parameters
from api.multipart import read_form
from api.refusals import (
    ClientGoneError,
    MalformedRequestError,
    NotJsonError,
    RequestTooLargeError,
    UnsupportedMediaTypeError,
    UrlTooLongError,
)
from api.uploads import operations_with_files
from config.asgi_types import header

if TYPE_CHECKING:
    from contextlib import ExitStack

    from config.asgi_types import Receive, Scope

URL_MAX_BYTES = 16_000
JSON_TYPES = ("application/json", "application/graphql-response+json")
TAKEN_TYPES = "application/json, multipart/form-data"
CHARSETS = ("utf-8", "utf8", "us-ascii")


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphQLRequest:
    """A document, its variables, which of its operations is meant, and what was said beside. `query` may be empty for a known one."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


async def read_request(scope: Scope, receive: Receive, files: ExitStack) -> GraphQLRequest | list[GraphQLRequest]:
    """Return the request, or several sent as a list; files are closed with `files`. Raises ApplicationError, ClientGoneError."""
    if scope["method"] == "GET":
        return checked(parameters_of_url(scope["query_string"]))
    return one_or_several(await read_parameters(scope, receive, files))


async def read_parameters(scope: Scope, receive: Receive, files: ExitStack) -> Any:
    """Return a body's JSON value, files in their places. Raises ApplicationError, ClientGoneError."""
    media_type, parameters = without_parameters(header(scope, b"content-type") or "")
    if parameters.get("charset", "utf-8").lower() not in CHARSETS:
        raise UnsupportedMediaTypeError("A request is sent in UTF-8.", taken=TAKEN_TYPES)
    if header(scope, b"content-encoding") not in (None, "identity"):
        raise UnsupportedMediaTypeError(
            "A request's body is sent as it is, without Content-Encoding.", header=b"accept-encoding", taken="identity"
        )
    if media_type in JSON_TYPES:
        return parsed_json(await read_body(receive))
    if media_type == "multipart/form-data":
        form = await read_form(receive, boundary=parameters.get("boundary", ""), files=files)
        return operations_with_files(form.fields, form.files)
    raise UnsupportedMediaTypeError("Send the request as application/json or multipart/form-data.", taken=TAKEN_TYPES)


async def read_body(receive: Receive) -> bytes:
    """Return the body; raises RequestTooLargeError, ClientGoneError."""
    limit_bytes = settings.GRAPHQL_MAX_REQUEST_BYTES
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        part = message.get("body", b"")
        size += len(part)
        if size > limit_bytes:
            raise RequestTooLargeError(f"A request without files has at most {limit_bytes} bytes.")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def parameters_of_url(query_string: bytes) -> dict[str, Any]:
    """Return a GET request's parameters; an empty one is one that is left out, but for `query`, which none may leave out."""
    if len(query_string) > URL_MAX_BYTES:
        raise UrlTooLongError(f"A URL has at most {URL_MAX_BYTES} bytes of parameters. Send the request by POST.")
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise MalformedRequestError("The URL's parameters are not form-urlencoded UTF-8.") from error
    parameters: dict[str, Any] = {name: value for name, value in pairs if value or name == "query"}
    for name in parameters.keys() & {"variables", "extensions"}:
        try:
            parameters[name] = orjson.loads(parameters[name])
        except ValueError as error:  # it makes the request none, and is no body that could not be read
            raise MalformedRequestError(f"The parameter `{name}` is not JSON.") from error
    return parameters


def parsed_json(body: bytes) -> Any:
    """Return a JSON text's value; raises NotJsonError."""
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise NotJsonError("The body is not JSON in UTF-8.") from error


def one_or_several(parameters: Any) -> GraphQLRequest | list[GraphQLRequest]:
    """Return a request, or those of a list where lists are taken; raises MalformedRequestError."""
    allowed = settings.GRAPHQL_MAX_BATCH
    if not isinstance(parameters, list) or allowed == 1:
        return checked(parameters)
    if not 1 <= len(parameters) <= allowed:
        raise MalformedRequestError(f"A list has 1 to {allowed} operations, not {len(parameters)}.")
    return [checked(each) for each in parameters]


def checked(parameters: Any) -> GraphQLRequest:
    """Return the parameters as a request; raises MalformedRequestError for one that is missing or of a wrong type."""
    if isinstance(parameters, list):
        raise MalformedRequestError("This server takes one operation a request, no lists of them.")
    if not isinstance(parameters, dict):
        raise MalformedRequestError("A request is one object with `query`, `variables` and `operationName`.")
    query = parameters.get("query")
    extensions = of_type(parameters, "extensions", dict, "an object")
    if query is None and "persistedQuery" in (extensions or {}):
        query = ""
    elif not isinstance(query, str):
        raise MalformedRequestError("The request has no `query`, which has to be a GraphQL document.")
    return GraphQLRequest(
        query=query,
        variables=of_type(parameters, "variables", dict, "an object"),
        operation_name=of_type(parameters, "operationName", str, "a string") or None,
        extensions=extensions,
    )


def of_type(parameters: dict[str, Any], name: str, kind: type, named: str) -> Any:
    """Return an optional parameter; raises MalformedRequestError where it is of another type."""
    value = parameters.get(name)
    if value is not None and not isinstance(value, kind):
        raise MalformedRequestError(f"`{name}` has to be {named}.")
    return value
