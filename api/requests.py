"""Reads a GraphQL operation out of an HTTP request, and says plainly what is wrong with one that has none."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDictKeyError

from api.errors import BadUserInputError
from api.uploads import operations_with_files


class UnsupportedMediaTypeError(BadUserInputError):
    """The body is of a type that carries no operation."""


class BodyTooLargeError(BadUserInputError):
    """The body without its files is larger than an operation can sensibly be."""

    code = "REQUEST_TOO_LARGE"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A document, its variables, and which of its operations is meant."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def read_operation(request: HttpRequest) -> Operation:
    """Return the request's operation; raises BadUserInputError."""
    try:
        return checked(request_parameters(request))
    except RequestDataTooBig as error:
        raise BodyTooLargeError("The operation is larger than this server reads.") from error
    except (MultiPartParserError, MultiValueDictKeyError, TooManyFilesSent) as error:
        raise BadUserInputError(f"The multipart body cannot be read: {error}.") from error


def request_parameters(request: HttpRequest) -> Any:
    """Return what the request says as one JSON value, files in their places."""
    if request.method == "GET":
        return parameters_of_url(request)
    if request.content_type == "multipart/form-data":
        files = {name: request.FILES[name] for name in request.FILES}
        return operations_with_files(request.POST, files)  # type: ignore[arg-type]  # single files, as the specification has it
    if request.content_type in ("application/json", "application/graphql-response+json"):
        return parsed_json(request.body, what="The body")
    raise UnsupportedMediaTypeError("Send the operation as application/json or multipart/form-data.")


def parameters_of_url(request: HttpRequest) -> dict[str, Any]:
    """Return a GET request's parameters."""
    parameters: dict[str, Any] = {name: request.GET[name] for name in ("query", "operationName") if name in request.GET}
    if request.GET.get("variables"):
        parameters["variables"] = parsed_json(request.GET["variables"], what="The parameter `variables`")
    return parameters


def parsed_json(text: str | bytes, *, what: str) -> Any:
    """Return a JSON text's value; raises BadUserInputError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadUserInputError(f"{what} is not JSON.") from error


def checked(parameters: Any) -> Operation:
    """Return the parameters as an operation; raises BadUserInputError for a wrong type."""
    if not isinstance(parameters, dict):
        raise BadUserInputError("A request is one object with `query`, `variables` and `operationName`.")
    query = parameters.get("query")
    variables = parameters.get("variables")
    operation_name = parameters.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise BadUserInputError("The request has no `query`, which has to be a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadUserInputError("`variables` has to be an object.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadUserInputError("`operationName` has to be a string.")
    return Operation(query=query, variables=variables, operation_name=operation_name or None)
