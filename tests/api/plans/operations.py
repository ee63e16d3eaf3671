"""Operations made by chance out of the schema: selections, aliases, fragments, conditions, variables; with values that fit, or not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)
from hypothesis import strategies as st
from strawberry.relay import from_base64, to_base64

from api.schema import graphql_schema

DEPTH = 4
TEXTS = ("", "a", "hill", "Grüße", "夜の山", "🏔", "heron -fox", 'say "so"', *("heron",) * 6, "\x00", "x" * 300)
TIMES = ("2001-02-03T04:05:06Z", "2026-01-01T00:00:00+02:00", "9999-12-31T23:59:59Z")
NUMBERS = (*range(26), 30, 45, 100, 101, -1)
LIKELY, UNLIKELY = 25, 8
NO_IDS = ("garbage", "", to_base64("Photo", "00000000-0000-7000-8000-000000000000"))
OF_TYPE = {
    "album": "Album", "photo": "Photo", "owner": "User", "coverId": "Photo",
    "updateAlbum": "Album", "deleteAlbum": "Album", "updatePhoto": "Photo", "deletePhoto": "Photo",
}  # fmt: skip
CHANGES = ("updateAlbum", "updatePhoto", "deleteAlbum", "deletePhoto")  # what they answer with has no ids of chance
SELDOM = frozenset({"last", "after", "before"})  # each makes most of what stands beside it an error


@dataclass(frozen=True, kw_only=True)
class Known:
    """What there is to be asked for: global ids, cursors of lists, names of tags."""

    ids: Sequence[str]
    cursors: Sequence[str]
    tags: Sequence[str]


@dataclass(kw_only=True)
class Drawn:
    """An operation in the making."""

    draw: Any
    known: Known
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    number: int = 0
    place: str = ""

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) < percent)

    def one_of(self, values: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(values))

    def next(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def operation(self, kind: str) -> str:
        root = graphql_schema.query_type if kind == "query" else graphql_schema.mutation_type
        body = self.selection(root, depth=0)
        told = f"({', '.join(self.declared)})" if self.declared else ""
        return f"{kind} Made{told} {body} {' '.join(self.fragments)}"

    def selection(self, kind: Any, *, depth: int) -> str:
        parts = [self.part(kind, depth=depth) for _ in range(self.draw(st.integers(1, 4 if depth else 2)))]
        return "{ " + " ".join(parts) + " }"

    def part(self, kind: Any, *, depth: int) -> str:
        if is_abstract_type(kind) and self.chance(70):
            possible = self.one_of(graphql_schema.get_possible_types(kind))
            return f"... on {possible.name}{self.condition()} {self.selection(possible, depth=depth)}"
        if self.chance(10) and depth < DEPTH:
            return f"...{self.condition()} {self.selection(kind, depth=depth + 1)}"
        if self.chance(10) and depth < DEPTH:
            name = self.next("F")
            self.fragments.append(f"fragment {name} on {kind.name} {self.selection(kind, depth=depth + 1)}")
            return f"...{name}{self.condition()}" + (f" ...{name}" if self.chance(20) else "")
        return self.field(kind, depth=depth)

    def field(self, kind: Any, *, depth: int) -> str:
        names = [
            name
            for name, each in kind.fields.items()
            if depth < DEPTH or not is_composite_type(get_named_type(each.type))
        ]
        if not names or self.chance(8):
            return f"{self.next('t')}: __typename" if self.chance(50) else "__typename"
        if kind is graphql_schema.query_type and self.chance(3):
            return "__schema { queryType { name } }"
        name = self.one_of(names if kind is not graphql_schema.mutation_type else CHANGES)
        declared = kind.fields[name]
        self.place = name
        arguments = self.arguments(declared.args)
        alias = f"{self.next('a')}: " if declared.args or self.chance(15) else ""
        shown = get_named_type(declared.type)
        below = f" {self.selection(shown, depth=depth + 1)}" if is_composite_type(shown) else ""
        return f"{alias}{name}{arguments}{self.condition()}{below}"

    def condition(self) -> str:
        if not self.chance(8):
            return ""
        value = "true" if self.chance(60) else "false"
        if self.chance(60):
            name = self.next("b")
            self.declared.append(f"${name}: Boolean!")
            self.variables[name] = value == "true"
            value = f"${name}"
        return f" @{self.one_of(('include', 'skip'))}(if: {value})"

    def arguments(self, declared: dict[str, GraphQLArgument]) -> str:
        given = [
            f"{name}: {self.argument(name, each.type)}"
            for name, each in declared.items()
            if name in {"id", "ids", "size", "input"} or self.chance(UNLIKELY if name in SELDOM else LIKELY)
        ]
        return f"({', '.join(given)})" if given else ""

    def argument(self, name: str, kind: Any) -> str:
        value = self.value(name, kind)
        if not self.chance(40):
            return literal(value, kind)
        variable = self.next("v")
        self.declared.append(f"${variable}: {kind}")
        self.variables[variable] = value
        return f"${variable}"

    def value(self, name: str, kind: Any) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self.value(name, kind.of_type)
        if isinstance(kind, GraphQLList):
            return [self.value(name, kind.of_type) for _ in range(self.draw(st.integers(0, 3)))]
        if isinstance(kind, GraphQLEnumType):
            return self.one_of(sorted(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return {
                each: self.value(each, declared.type)
                for each, declared in kind.fields.items()
                if isinstance(declared.type, GraphQLNonNull) or self.chance(20)
            }
        return self.scalar(name, kind)

    def scalar(self, name: str, kind: GraphQLScalarType) -> Any:
        if kind.name == "ID":
            expected = OF_TYPE.get(self.place if name == "id" else name, "")
            fitting = [each for each in self.known.ids if from_base64(each)[0] == expected] if self.chance(90) else []
            return self.one_of(fitting or [*self.known.ids, *NO_IDS])
        if kind.name == "Int":
            return self.one_of(NUMBERS)
        if kind.name == "DateTime":
            return self.one_of(TIMES)
        if name in {"after", "before"}:
            return self.one_of(self.known.cursors)
        return self.one_of((*self.known.tags, *TEXTS))


def literal(value: Any, kind: Any) -> str:
    """Return a value as it stands in a document."""
    named = get_named_type(kind)
    if isinstance(value, list):
        return "[" + ", ".join(literal(each, named) for each in value) + "]"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{name}: {literal(each, named.fields[name].type)}" for name, each in value.items()) + "}"
        )
    if isinstance(value, str) and not isinstance(named, GraphQLEnumType):
        return (
            '"'
            + "".join(each if each.isprintable() and each not in '"\\' else f"\\u{ord(each):04x}" for each in value)
            + '"'
        )
    return str(value)


@st.composite
def operations(draw: Any, known: Known, kind: str = "query") -> tuple[str, dict[str, Any]]:
    """Draw a document and its variables."""
    drawn = Drawn(draw=draw, known=known)
    return drawn.operation(kind), drawn.variables
