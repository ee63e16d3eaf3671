"""What graphql-core's executor is told about our resolvers: they are synchronous (docs/decisions/0006)."""

from typing import Any


def never(_value: Any) -> bool:
    """Say no."""
    return False


# So nothing that they return has to be looked at for being awaitable.
SYNCHRONOUS: dict[str, Any] = {"is_awaitable": never, "is_async_iterable": never}
