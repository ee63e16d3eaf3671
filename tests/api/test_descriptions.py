"""The schema explains itself: each thing in it has a description, and what is deprecated says why and since when."""

import re
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLSchema, build_schema, is_enum_type, is_input_object_type, is_interface_type, is_object_type

from api.schema import schema

SINCE = re.compile(r"\b20\d\d-[01]\d-[0-3]\d\b")


def parts_of(declared: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    """Yield every type, field, argument, enum value, input field and directive of ours, by its name."""
    for name, kind in declared.type_map.items():
        if name.startswith("__"):
            continue
        yield name, kind
        if is_enum_type(kind):
            yield from ((f"{name}.{value}", each) for value, each in kind.values.items())
        elif is_input_object_type(kind) or is_object_type(kind) or is_interface_type(kind):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field
                arguments = getattr(field, "args", {})
                yield from ((f"{name}.{field_name}({each})", argument) for each, argument in arguments.items())
    yield from ((f"@{each.name}", each) for each in declared.directives)


def undescribed(declared: GraphQLSchema) -> list[str]:
    return [name for name, part in parts_of(declared) if not (part.description or "").strip()]


def unexplained(declared: GraphQLSchema) -> list[str]:
    """Return what is deprecated without a reason that has a date."""
    reasons = {name: getattr(part, "deprecation_reason", None) for name, part in parts_of(declared)}
    return [name for name, reason in reasons.items() if reason is not None and not SINCE.search(reason)]


def test_everything_has_a_description() -> None:
    assert undescribed(build_schema(schema.as_str())) == []


def test_what_is_deprecated_says_why_and_since_when() -> None:
    assert unexplained(build_schema(schema.as_str())) == []


def test_what_lacks_either_is_found() -> None:
    bad = build_schema(
        '"Q" type Query { "f" a("x" b: Int, c: I, "e" d: E): Int @deprecated(reason: "old") "g" g: Int '
        '@deprecated(reason: "Use a, since 2026-11-25.") } input I { i: Int } "E" enum E { A "B" B @deprecated }'
    )
    assert sorted(undescribed(bad)) == ["E.A", "I", "I.i", "Query.a(c)"]
    assert sorted(unexplained(bad)) == ["E.B", "Query.a"]
