"""Refusals of a request before any of it was run: each has a code and HTTP's status.

The statuses are those of https://http-spec.graphql.org/September2026/#sec-Status-Codes.
"""

from api.errors import ApplicationError


class MalformedRequestError(ApplicationError):
    """No GraphQL request can be made of it."""


class NotJsonError(MalformedRequestError):
    """A text that has to be JSON is none, or a body is no form."""

    status = 400


class OperationNotFoundError(MalformedRequestError):
    """The document does not have the operation that is meant, or nothing says which of several that is."""


class UnsupportedMediaTypeError(MalformedRequestError):
    """The body is of a type that carries no request. A header says what would be taken: RFC 9110, section 15.5.16."""

    status = 415

    def __init__(self, message: str, *, header: bytes = b"accept", taken: str) -> None:
        super().__init__(message)
        self.headers = ((header, taken.encode()),)


class NotAcceptableError(MalformedRequestError):
    """The client accepts nothing that the answer could be sent as."""

    status = 406


class MethodNotAllowedError(MalformedRequestError):
    """The operation, or any, can't be sent by this method."""

    status = 405

    def __init__(self, message: str, *, allowed: str) -> None:
        super().__init__(message)
        self.headers = ((b"allow", allowed.encode()),)


class UnknownHostError(MalformedRequestError):
    """The request is for a name that is not ours."""

    status = 400


class RequestTooLargeError(ApplicationError):
    """The request without its files is larger than one can sensibly be."""

    code = "REQUEST_TOO_LARGE"
    status = 413


class UrlTooLongError(RequestTooLargeError):
    """The same, of a URL."""

    status = 414


class CsrfFailedError(ApplicationError):
    """A request with a session cookie does not prove that it comes from a page of ours."""

    code = "CSRF_FAILED"
    status = 403


class ParseError(ApplicationError):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"
    status = 400


class LimitError(ApplicationError):
    """The document is beyond one of the limits, which `extensions` tells with the value that was found."""

    code = "LIMIT_EXCEEDED"


class ClientGoneError(Exception):
    """The client closed the connection: nobody waits for an answer."""
