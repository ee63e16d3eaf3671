"""What a mutation's fields came to: each is called once, whether the plan answers or, after an error, the executor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLResolveInfo


class Effects:
    """Notes what the fields at the root returned or raised, by their keys, and gives it to the executor in their place."""

    def __init__(self) -> None:
        self._returned: dict[str | int, Any] = {}
        self._raised: dict[str | int, Exception] = {}

    def noting(self, key: str, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a field's call, whose outcome is noted."""

        def noted(source: Any) -> Any:
            if key not in self._returned:
                try:
                    self._returned[key] = call(source)
                except Exception as error:
                    self._raised[key] = error
                    raise
            return self._returned[key]

        return noted

    def resolve(
        self, otherwise: Callable[..., Any], source: Any, info: GraphQLResolveInfo[Any], **arguments: Any
    ) -> Any:
        """Return or raise what a field came to, or resolve it. The executor calls this, whose middleware it is, by its name."""
        key = info.path.key
        if info.path.prev is None and key in self._raised:
            raise self._raised[key]
        if info.path.prev is None and key in self._returned:
            return self._returned[key]
        return otherwise(source, info, **arguments)
