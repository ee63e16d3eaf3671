"""Writes the code of nodes that need columns alone: objects out of one statement's tuples, foreign keys joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import get_named_type, is_leaf_type, is_non_null_type

from api.batching import bring
from api.plans import declared
from api.plans.code import key
from api.plans.leaves import global_id, leaf
from api.plans.many import Many, attributes_of, bare, relation_of
from api.plans.pages import Columns
from api.plans.refusals import NotInRowsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model
    from graphql.execution.collect_fields import FieldDetails

    from api.plans.building import Building

LOOKUP = "__"


class Rows:
    """One statement's columns, as its fields ask for them. `page` is the name of its api.plans.pages.RowPage, `row` of a tuple."""

    def __init__(self, building: Building, model: type[Model], page: str) -> None:
        self._building, self._model, self._page = building, model, page
        self.row = building.code.variable()
        self._columns: dict[str, int] = {}
        self._bare: dict[str, Bare] = {}
        self._key = self._place("", model._meta.pk)

    def columns(self) -> Columns:
        """Return the columns, once all of the code has been written."""
        lists = self._bare[""].lists() if "" in self._bare else ()
        return Columns(names=tuple(self._columns), key=self._key, lists=lists)

    def clauses(self) -> str:
        """Return what a comprehension over the tuples says behind `for`, once all of the code has been written."""
        makers = [(each.name, self._building.code.constant(each.maker())) for each in self._bare.values()]
        each_bare = (f" for {name} in ({maker}({self.row}, {self._page}),)" for name, maker in makers)
        return f"{self.row} in {self._page}.rows" + "".join(each_bare)

    def node(self, kind: Any, details: list[FieldDetails]) -> str:
        """Return the code of a node; raises NotInRowsError."""
        return self._object(get_named_type(kind), details, model=self._model, path="")

    def _object(self, kind: Any, details: list[FieldDetails], *, model: type[Model], path: str) -> str:
        if declared.model_of(kind) is not model:
            raise NotInRowsError(f"{kind} is not of {model.__name__}")
        selected = self._building.selecting.below(kind, details)
        fields = (
            f"{key(name)}: {self._field(kind, name, below, model=model, path=path)}" for name, below in selected.items()
        )
        return "{" + ", ".join(fields) + "}"

    def _field(
        self, kind: Any, response_key: str, details: list[FieldDetails], *, model: type[Model], path: str
    ) -> str:
        name = details[0].node.name.value
        if name == "__typename":
            return repr(kind.name)
        definition = declared.definition_of(kind, name)
        if declared.is_global_id(kind, definition):
            made = self._building.code.constant(global_id(f"{kind.name}:"))
            return f"{made}({self._read(path, model._meta.pk)})"
        shown = kind.fields[name].type
        if not definition.base_resolver:
            return self._column(shown, declared.column_of(model, definition), path)
        if "follows" in definition.metadata:
            relation: Any = model._meta.get_field(definition.metadata["follows"])
            if relation.many_to_one:
                return self._followed(shown, details, relation, path)
            source = self._with_list(shown, details, relation_of(model, relation.name), definition, path)
        elif "reads" in definition.metadata and is_leaf_type(get_named_type(shown)):
            source = self._bare_row(model, path, definition.metadata["reads"])
        else:
            raise NotInRowsError(f"{kind.name}.{name}")
        called = self._building.call(kind, definition, response_key, details, source)
        return self._building.completed(shown, called, details)

    def _column(self, shown: Any, column: Any, path: str) -> str:
        value = self._read(path, column)
        if is_non_null_type(shown):
            return leaf(shown.of_type, value, self._building.code, column=column)
        present = leaf(shown, value, self._building.code)
        return f"(None if {value} is None else {present})"

    def _followed(self, shown: Any, details: list[FieldDetails], column: Any, path: str) -> str:
        """Return the code of the object that a foreign key names."""
        if column.related_model._meta.base_manager_name:
            raise NotInRowsError(f"{column.related_model.__name__} has a manager")
        found = self._object(
            get_named_type(shown), details, model=column.related_model, path=f"{path}{column.name}{LOOKUP}"
        )
        if not column.null:
            return found
        otherwise = self._building.missing if is_non_null_type(shown) else "None"
        return f"({otherwise} if {self._read(path, column)} is None else {found})"

    def _with_list(self, shown: Any, details: list[FieldDetails], relation: Any, definition: Any, path: str) -> str:
        """Return the name of an instance of the node's model with the list behind it that a resolver makes its answer of."""
        if path:
            raise NotInRowsError(f"{relation.name} is behind {path}")
        kind = get_named_type(shown)
        needed = attributes_of(kind, relation.related_model, self._building.selecting.below(kind, details))
        name = self._bare_row(self._model, path, ())
        attributes = self._bare[path].many.setdefault(relation.name, {})
        attributes.update(needed | dict.fromkeys(definition.metadata.get("reads", ())))
        return name

    def _bare_row(self, model: type[Model], path: str, attributes: tuple[str, ...]) -> str:
        """Return the name of a model's instance with these attributes and its key alone, for a resolver that reads no others."""
        found = self._bare.setdefault(path, Bare(model, self._building.code.variable()))
        for attribute in (model._meta.pk.attname, *attributes):
            column: Any = next(each for each in model._meta.concrete_fields if each.attname == attribute)
            found.places[attribute] = self._place(path, column)
        return found.name

    def _read(self, path: str, column: Any) -> str:
        return f"{self.row}[{self._place(path, column)}]"

    def _place(self, path: str, column: Any) -> int:
        return self._columns.setdefault(f"{path}{column.attname}", len(self._columns))


class Bare:
    """An instance in the making, for a resolver: `places` are its attributes' in a tuple, `many` the attributes of lists behind it."""

    def __init__(self, model: type[Model], name: str) -> None:
        self._model, self.name = model, name
        self.places: dict[str, int] = {}
        self.many: dict[str, dict[str, None]] = {}

    def lists(self) -> tuple[Many, ...]:
        """Return the lists behind it."""
        return tuple(Many(self._model, name, tuple(attributes)) for name, attributes in self.many.items())

    def maker(self) -> Callable[[tuple[Any, ...], Any], Any]:
        """Return what makes one out of a tuple and the page's lists."""
        make, names = bare(self._model, tuple(self.places), tuple(self.places.values())), tuple(self.many)
        if not names:
            return lambda row, _page: make(row)

        def made(row: tuple[Any, ...], page: Any) -> Any:
            instance = make(row)
            for name in names:
                bring(instance, name, page.behind(name).get(instance.pk, ()))
            return instance

        return made
