"""Writes the code of nodes that need columns alone: objects out of one statement's tuples, foreign keys joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from graphql import get_named_type, is_leaf_type, is_non_null_type

from api.batching import bring
from api.parameters import Parents
from api.plans import declared
from api.plans.code import key
from api.plans.connections import Fields, completed
from api.plans.leaves import global_id, leaf_of_column
from api.plans.many import Listed, Many, attributes_of, bare, relation_of
from api.plans.pages import LOOKUP, Columns
from api.plans.places import Nested
from api.plans.refusals import NotInRowsError
from config.postgresql.texts import object_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model
    from graphql.execution.collect_fields import FieldDetails

    from api.plans.building import Building


class Rows:
    """One statement's columns, as its fields ask for them. `page` is the name of its api.plans.pages.RowPage, `row` of a tuple."""

    def __init__(self, building: Building, model: type[Model], page: str) -> None:
        self._building, self._model, self._page = building, model, page
        self.row = building.code.variable()
        self._columns: dict[str, int] = {}
        self._bare: dict[str, Bare] = {}
        self._nested: list[Nested] = []
        self._listed: list[Listed] = []
        self.is_counted, self.is_listed = False, True
        self._key = self._place("", model._meta.pk)

    def columns(self) -> Columns:
        """Return the columns, once all of the code has been written; raises NotInRowsError."""
        lists: tuple[Many | Listed, ...] = (*self._listed, *(self._bare[""].lists() if "" in self._bare else ()))
        for each in lists:
            _ = each.statement
        return Columns(
            names=tuple(self._columns),
            key=self._key,
            lists=lists,
            nested=tuple(self._nested),
            is_counted=self.is_counted,
            is_listed=self.is_listed,
        )

    def clauses(self, rows: str = "") -> str:
        """Return what a comprehension over the page's tuples, or others, says behind `for`, once all of the code has been written."""
        makers = [(each.name, self._building.code.constant(each.maker())) for each in self._bare.values()]
        each_bare = (f" for {name} in ({maker}({self.row}, {self._page}),)" for name, maker in makers)
        return f"{self.row} in {rows or f'{self._page}.rows'}" + "".join(each_bare)

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
            return global_id(f"{kind.name}:", self._read(path, model._meta.pk), self._building.code)
        shown = kind.fields[name].type
        if not definition.base_resolver:
            return self._column(shown, declared.column_of(model, definition), path)
        if declared.is_connection(get_named_type(shown)) and not path:
            return self._connection(kind, response_key, definition, details)
        if "follows" in definition.metadata:
            return self._related(kind, response_key, details, model=model, path=path)
        if "reads" not in definition.metadata or not is_leaf_type(get_named_type(shown)):
            raise NotInRowsError(f"{kind.name}.{name}")
        source = self._bare_row(model, path, definition.metadata["reads"])
        return self._resolved(kind, response_key, details, source)

    def _related(
        self, kind: Any, response_key: str, details: list[FieldDetails], *, model: type[Model], path: str
    ) -> str:
        """Return the code of what is behind a row: an object, a list in its order, or what a resolver makes of one."""
        name = details[0].node.name.value
        definition, shown = declared.definition_of(kind, name), kind.fields[name].type
        relation: Any = model._meta.get_field(definition.metadata["follows"])
        if relation.many_to_one:
            return self._followed(shown, details, relation, path)
        if path:
            raise NotInRowsError(f"{relation.name} is behind {path}")
        if "ordered_by" in definition.metadata:
            return self._ordered(shown, details, relation_of(model, relation.name), definition)
        source = self._with_list(shown, details, relation_of(model, relation.name), definition)
        return self._resolved(kind, response_key, details, source)

    def _resolved(self, kind: Any, response_key: str, details: list[FieldDetails], source: str) -> str:
        """Return the code of what a field's resolver makes of an instance."""
        name = details[0].node.name.value
        called = self._building.call(kind, declared.definition_of(kind, name), response_key, details, source)
        return self._building.completed(kind.fields[name].type, called, details)

    def _connection(self, kind: Any, response_key: str, definition: Any, details: list[FieldDetails]) -> str:
        """Return the code of a connection behind a row; raises NotInRowsError for one whose pages need objects."""
        shown = kind.fields[details[0].node.name.value].type
        model = declared.node_model_of(get_named_type(shown)) if definition.metadata.get("prepared") else None
        if model is None or not self._building.is_nested_in_rows:
            raise NotInRowsError(shown)
        asked, index = self._building.asked(kind, definition, response_key, details), len(self._building.calls) - 1
        page = self._building.code.variable()
        rows = Rows(self._building, model, page)
        fields = Fields(self._building, page, rows.row, rows.node, is_counted=False)
        written = fields.of(shown, details)
        parents = Parents(str(self._model._meta.pk.db_type(connection)))
        place = Nested(index=index, call=self._building.calls[index], columns=rows.columns(), parents=parents)
        self._nested.append(place)
        found = f"{self._page}.page_behind({self._building.code.constant(place)}, {asked}, {self.row}[{self._key}])"
        return completed(self._building, shown, found, page, written, rows.clauses())

    def _column(self, shown: Any, column: Any, path: str) -> str:
        value = self._read(path, column)
        if column.get_db_converters(connection):
            raise NotInRowsError(f"{column} is made into something by Django")
        if is_non_null_type(shown):
            return leaf_of_column(shown.of_type, value, column, self._building.code)
        present = leaf_of_column(shown, value, column, self._building.code)
        return f"(None if {value} is None else {present})"

    def _followed(self, shown: Any, details: list[FieldDetails], column: Any, path: str) -> str:
        """Return the code of the object that a foreign key names."""
        if column.related_model._meta.base_manager_name or not column.target_field.primary_key:
            raise NotInRowsError(f"{column.related_model.__name__} has a manager, or another key")
        found = self._object(
            get_named_type(shown), details, model=column.related_model, path=f"{path}{column.name}{LOOKUP}"
        )
        if not column.null:
            return found
        otherwise = self._building.missing if is_non_null_type(shown) else "None"
        return f"({otherwise} if {self._read(path, column)} is None else {found})"

    def _ordered(self, shown: Any, details: list[FieldDetails], relation: Any, definition: Any) -> str:
        """Return the code of a list behind a row, of tuples that come in their order."""
        by, order = definition.metadata["ordered_by"], definition.metadata["order"]
        rows, column = (
            Rows(self._building, relation.related_model, self._page),
            relation.related_model._meta.get_field(by),
        )
        written, place = rows.node(shown, details), rows.place(column)
        columns = rows.columns()
        if columns.lists or columns.nested or column.get_db_converters(connection):
            raise NotInRowsError(f"{relation.name} has lists behind it, or is ordered by what Django makes")
        made = Listed(self._model, relation.name, columns.names, place=place, read=object_of(column), order=order)
        self._listed.append(made)
        found = f"{self._page}.behind({self._building.code.constant(made)}).get({self.row}[{self._key}], ())"
        return f"[{written} for {rows.clauses(found)}]"

    def place(self, column: Any) -> int:
        """Return where a column of the model's own stands in a tuple."""
        return self._place("", column)

    def _with_list(self, shown: Any, details: list[FieldDetails], relation: Any, definition: Any) -> str:
        """Return the name of an instance of the node's model with the list behind it that a resolver makes its answer of."""
        kind = get_named_type(shown)
        needed = attributes_of(kind, relation.related_model, self._building.selecting.below(kind, details))
        name = self._bare_row(self._model, "", ())
        attributes = self._bare[""].many.setdefault(relation.name, {})
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
        # A key that a foreign key has is read there: one column has one name, and its table may not be needed.
        name = f"{path.removesuffix(LOOKUP)}_id" if path and column.primary_key else f"{path}{column.attname}"
        return self._columns.setdefault(name, len(self._columns))


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
        make, lists = bare(self._model, tuple(self.places), tuple(self.places.values())), self.lists()
        key = self.places[self._model._meta.pk.attname]
        if not lists:
            return lambda row, _page: make(row)

        def made(row: tuple[Any, ...], page: Any) -> Any:
            instance = make(row)
            for many in lists:
                bring(instance, many.name, page.behind(many).get(row[key], ()))
            return instance

        return made
