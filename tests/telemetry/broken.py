"""The application with a bug in its sign-in and in a task, for what is told of them: served by `config.serve --application`."""

from typing import Any

from config.asgi import application

__all__ = ["application"]

from apps.accounts import services


def broken(*arguments: Any, **options: Any) -> None:
    """Fail, with everything in reach that must not be told."""
    password = options.get("password") or arguments
    raise RuntimeError(f"cannot sign in: password={password!r} ada@example.com postgres://u:hunter2@db/x")


services.log_in = broken  # type: ignore[assignment]
