"""Python source in the making, and the objects that it names. Nothing that a client sent gets into it but names of GraphQL's form."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Code:
    """Gives out names, and turns an expression into a function."""

    def __init__(self) -> None:
        self._constants: dict[str, Any] = {}
        self._numbers = count()

    def constant(self, value: Any) -> str:
        """Return the name under which the code finds an object."""
        name = f"c{next(self._numbers)}"
        self._constants[name] = value
        return name

    def variable(self) -> str:
        """Return a name that nothing else has."""
        return f"v{next(self._numbers)}"

    def function(self, expression: str) -> Callable[[Any, Any], Any]:
        """Return a function of the root's object and the calls (api.plans.calls)."""
        names = dict(self._constants)
        source = f"def answer(root, calls):\n    return {expression}\n"
        exec(compile(source, "<plan>", "exec"), names)  # noqa: S102 - written by api.plans alone, out of the schema's names
        function: Callable[[Any, Any], Any] = names["answer"]
        return function


def key(name: str) -> str:
    """Return a response's key as code. The parser lets nothing through but letters, digits and underscores."""
    if not (name.isascii() and name.isidentifier()):
        raise ValueError(name)
    return repr(name)
