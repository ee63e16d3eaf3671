"""What a client is told when an operation fails: a stable code for machines, a sentence for people, no internals."""

import errno
import logging
import uuid
from typing import Any

import django.db
import redis.exceptions
from django.conf import settings
from graphql import GraphQLError, VariableDefinitionNode
from kombu.exceptions import OperationalError as BrokerError

from config.media.place import MediaAwayError

logger = logging.getLogger("slipway.graphql")

UNAVAILABLE = (
    django.db.OperationalError,
    django.db.InterfaceError,
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    BrokerError,
    MediaAwayError,
)


class ApplicationError(Exception):
    """An answer to the client that is not the client's data: told as written, under a stable code.

    `status` is HTTP's where the whole request is refused by it; `headers` go with that answer.
    """

    code = "BAD_USER_INPUT"
    status = 422
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = {"code": self.code, **extensions}

    @property
    def formatted(self) -> list[dict[str, Any]]:
        """Return it as a response's errors."""
        return [{"message": self.message, "extensions": self.extensions}]


class BadUserInputError(ApplicationError):
    """An argument has a value that no query can be made of."""


class UnauthenticatedError(ApplicationError):
    """Nobody is signed in, and somebody has to be."""

    code = "UNAUTHENTICATED"
    status = 401

    def __init__(self, message: str = "Sign in first.") -> None:
        super().__init__(message)


class ForbiddenError(ApplicationError):
    """The viewer may see the object, but not do this to it."""

    code = "FORBIDDEN"
    status = 403


class NotFoundError(ApplicationError):
    """There is no such object, or it is not the viewer's to see: the two are the same answer."""

    code = "NOT_FOUND"


class TooManyAttemptsError(ApplicationError):
    """The same thing failed too often; `retryAfterSeconds` says when to come back."""

    code = "TOO_MANY_ATTEMPTS"
    status = 429


class TimedOutError(ApplicationError):
    """The operation took longer than it may, and was ended with the statement that it was at."""

    code = "TIMEOUT"
    status = 503

    def __init__(self) -> None:
        super().__init__(f"The operation took longer than {settings.GRAPHQL_TIMEOUT_SECONDS} s and was ended.")


class ServiceUnavailableError(ApplicationError):
    """Something that we stand on is away."""

    code = "SERVICE_UNAVAILABLE"
    status = 503

    def __init__(self) -> None:
        super().__init__("The service is not available right now. Try again in a moment.")


class SlowConsumerError(ApplicationError):
    """A subscriber takes its events more slowly than they come."""

    code = "SLOW_CONSUMER"

    def __init__(self) -> None:
        super().__init__("Events come faster than they are read. Subscribe again, and fetch what there is.")


def present(error: GraphQLError) -> None:
    """Turn `error` into what the client may read, in place; log what it may not. A second call changes nothing."""
    if (error.extensions or {}).get("code"):
        return
    cause = root_cause(error)
    if isinstance(cause, ApplicationError):
        error.message, error.extensions = cause.message, cause.extensions
    elif is_about_a_value(error):
        error.extensions = {"code": "BAD_USER_INPUT"}
    elif cause is None:
        error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
    else:
        present_failure(error, cause)


def present_failure(error: GraphQLError, cause: BaseException) -> None:
    """Turn what a resolver ran into, rather than said, into words."""
    if isinstance(cause, UNAVAILABLE):
        present_unavailable(error, cause)
    elif isinstance(cause, (django.db.DataError, UnicodeEncodeError)):
        present_unfit(error, cause)
    elif isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
        present_no_space(error, cause)
    else:
        present_internal(error, cause)


def root_cause(error: GraphQLError) -> BaseException | None:
    """Return what a resolver raised, or None where GraphQL itself found the mistake."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def is_about_a_value(error: GraphQLError) -> bool:
    """Tell whether, before any resolver ran, a variable's or an argument's value was found not to be of its type."""
    if error.path is not None or not error.nodes:
        return False
    return error.original_error is not None or isinstance(error.nodes[0], VariableDefinitionNode)


def present_unavailable(error: GraphQLError, cause: BaseException) -> None:
    """Say that something we stand on is away, and not what."""
    logger.error("a dependency is away", extra={"error": f"{type(cause).__name__}: {cause}".strip()[:500]})
    told = ServiceUnavailableError()
    error.message, error.extensions = told.message, told.extensions


def present_unfit(error: GraphQLError, cause: BaseException) -> None:
    """Say that PostgreSQL can't keep a value: a NUL or half a character in a text, a number or time beyond its range."""
    logger.warning("a value does not fit the database", extra={"error": str(cause)[:500]})
    error.message = "A value cannot be kept: a text has a NUL or half a character, or a number or time is out of range."
    error.extensions = {"code": "BAD_USER_INPUT"}


def present_no_space(error: GraphQLError, cause: BaseException) -> None:
    """Say that the disk is full: nothing was kept of the file, and what was there before is untouched."""
    logger.error("no space is left for files", extra={"error": str(cause)})
    error.message = "There is no space left to keep the file. Nothing was changed."
    error.extensions = {"code": "INSUFFICIENT_STORAGE"}


def present_internal(error: GraphQLError, cause: BaseException) -> None:
    """Hide a bug from the client, and give both sides an id to talk about it."""
    error_id = uuid.uuid4().hex
    logger.error("a resolver failed", exc_info=cause, extra={"error_id": error_id, "path": error.path})
    error.message = f"Something went wrong on our side. Error id: {error_id}."
    error.extensions = {"code": "INTERNAL_ERROR", "errorId": error_id}
