"""What the request log is told: the operation's name, never its variables; and who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.context import Context
    from api.documents import Operation
    from config.asgi_types import Scope

NAME_MAX_LENGTH = 100


def note_operation(scope: Scope, operation: Operation) -> None:
    """Tell the log what is run."""
    fields = scope.setdefault("request_log", {})
    fields["is_operation"] = True
    if operation.name:
        fields["operation"] = operation.name[:NAME_MAX_LENGTH]


def note_stream(scope: Scope) -> None:
    """Tell it that the answer lasts for as long as the client wants."""
    scope.setdefault("request_log", {})["is_stream"] = True


def note_viewer(scope: Scope, context: Context) -> None:
    """Tell the log who asked, where anybody wanted to know."""
    viewer = context.known_viewer
    if viewer is not None and viewer.is_authenticated:
        scope.setdefault("request_log", {})["user_id"] = str(viewer.pk)


def address_of(scope: Scope) -> str:
    """Return the client's address, which config.client_address has put there."""
    return str((scope.get("client") or ("",))[0])
