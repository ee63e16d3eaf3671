"""Kinds of hostile documents, each by a size; and hostile bodies, as large as one may be. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM_BYTES = 250_000


def each(form: str, *, separator: str = " ") -> Callable[[int], str]:
    """Return what repeats a form, with the place in the row for N."""
    return lambda size: separator.join(form.replace("N", str(number)) for number in range(size))


def within(before: str, form: str, after: str, *, separator: str = " ") -> Callable[[int], str]:
    """Return what repeats a form between two texts."""
    repeated = each(form, separator=separator)
    return lambda size: before + repeated(size) + after


def nested(before: str, opening: str, middle: str, closing: str, after: str) -> Callable[[int], str]:
    """Return what nests something as often as told."""
    return lambda size: before + opening * size + middle + closing * size + after


def used(size: int) -> str:
    """Return variables that are all used."""
    return f"query({each('$vN: ID!')(size)}) {{ nodes(ids: [{each('$vN')(size)}]) {{ id }} }}"


def spread_by_all(size: int) -> str:
    """Return fragments of which each spreads all others."""
    return "{ viewer { ...F0 } } " + " ".join(
        f"fragment F{n} on User {{ id {each('...FN')(size)} }}" for n in range(size)
    )


def chained(size: int) -> str:
    """Return as many operations as there are fragments in a chain, which use a variable."""
    chain = (f"fragment F{n} on Query {{ node(id: $a) {{ id }} ...F{n + 1} }}" for n in range(size))
    operations = each("query QN($a: ID!) { ...F0 }")(size)
    return f"{operations} {' '.join(chain)} fragment F{size} on Query {{ __typename }}"


def subscriptions(size: int) -> str:
    """Return subscriptions that spread one fragment."""
    return each("subscription SN { ...F }")(size) + " fragment F on Subscription { photoChanged(albumId: 1) { kind } }"


def crossed(size: int) -> str:
    """Return fragments that spread others, which hold the same fields."""
    spreads = each("...GN id")(6)
    outer = " ".join(f"fragment F{n} on User {{ {spreads} }}" for n in range(size // 2))
    return f"{{ __typename }} {outer} {each('fragment GN on User { id name }')(size // 2)}"


UNUSED = "{ __typename } fragment F on "
KINDS: dict[str, Callable[[int], str]] = {
    "fields that are not there": within("{ viewer {", "fieldN", "} }"),
    "one field again and again": within("{ viewer {", "id", "} }"),
    "one field in a fragment that is not spread": within(UNUSED + "User {", "id", "}"),
    "one object in a fragment that is not spread": within(UNUSED + "User {", "accessTokens { id name }", "}"),
    "one field with arguments, not spread": within(UNUSED + "Photo {", "rendition(size: SMALL) { url }", "}"),
    "pages in a fragment that is not spread": within(
        UNUSED + "Album {", "photos(first: 1) { edges { node { id } } }", "}"
    ),
    "aliases": within("{ viewer {", "aN: id", "} }"),
    "objects under aliases": within("{", "aN: viewer { id name email accessTokens { id name prefix } }", "}"),
    "pages in a fragment that is spread": within(
        "{ node(id: 1) { ...F } } fragment F on Album {", "photos(first: 1) { edges { node { id } } }", "}"
    ),
    "types of an interface": within(
        UNUSED + "Node {", "... on Photo { owner { id } } ... on Album { owner { id } }", "}"
    ),
    "fragments in place": within("{ node(id: 1) {", "... on Photo { aN: id } ... on Album { bN: id }", "} }"),
    "one fragment spread again and again": within("{ viewer {", "...F", "} } fragment F on User { id name email }"),
    "fragments that each spread all": spread_by_all,
    "fragments that are not spread, and cross": crossed,
    "operations and a chain of fragments": chained,
    "subscriptions": subscriptions,
    "variables": used,
    "variables that are not used": within("query(", "$vN: PhotoFilter = {albu: 1}", ") { __typename }"),
    "a list": within("{ nodes(ids: [", "1", "]) { id } }"),
    "a list of what is wrong": within("{ nodes(ids: [", "{a: 1}", "]) { id } }"),
    "fields of an object that are not there": within("{ photos(filter: {", "albuN: 1", "}) { totalCount } }"),
    "one field of an object again and again": within("{ photos(filter: {", "album: 1", "}) { totalCount } }"),
    "arguments that are not there": within("{ photos(", "albuN: 1", ") { totalCount } }"),
    "one argument again and again": within("{ photos(", "first: 1", ") { totalCount } }"),
    "lists in lists": nested("{ nodes(ids: ", "[", "1", "]", ") { id } }"),
    "objects in objects": nested("{ photos(filter: ", "{a: ", "1", "}", ") { totalCount } }"),
    "selections in selections": nested("{", "... {", "__typename", "}", "}"),
    "brackets that are not closed": each("{", separator=""),
    "directives": within("{ viewer { id ", "@include(if: true)", "} }"),
    "directives that are not there": within(UNUSED + "User { id ", "@includN", "}"),
    "introspection": within("{ __schema { types {", "fields { name args { name } }", "} } }"),
    "types declared": within("{ __typename }", "type AN { a: Int }", ""),
    "a type declared": within("{ __typename } type A {", "aN: Int", "}"),
    "escapes": lambda size: '{ node(id: "' + "\\u0041" * size + '") { id } }',
    "a long text": lambda size: '{ node(id: "' + "x" * size + '") { id } }',
    "lines of a text": lambda size: '{ node(id: """' + "\n x" * size + '""") { id } }',
    "a long name": lambda size: "{ " + "x" * size + " }",
    "a long value": lambda size: "{ photos(orderBy: " + "X" * size + ") { totalCount } }",
    "a long number": lambda size: "{ photos(first: " + "9" * size + ") { totalCount } }",
    "comments": lambda size: "#\n" * size + "{ __typename }",
    "a long comment": lambda size: "#" + "\u202e" * size + "\n{ __typename }",
    "quotes": lambda size: '"' * size,
}


def with_variables(query: str, **variables: Any) -> Callable[[], bytes]:
    """Return what makes a body."""
    return lambda: orjson.dumps({"query": query, "variables": variables})


FILTERED = "query($f: PhotoFilter) { photos(filter: $f) { totalCount } }"
LISTED = "query($i: [ID!]!) { nodes(ids: $i) { id } }"
BODIES: dict[str, Callable[[], bytes]] = {
    "a megabyte": lambda: b"x" * 1_000_000,
    "a body of brackets": lambda: b"[" * ROOM_BYTES,
    "a body of quotes": lambda: b'"' * ROOM_BYTES,
    "a document that is too long": lambda: orjson.dumps({"query": "{ a " * (ROOM_BYTES // 4)}),
    "a body with as many properties": lambda: orjson.dumps({str(number): 1 for number in range(20_000)}),
    "variables that nobody declared": with_variables(
        "{ __typename }", **{f"v{number}": number for number in range(15_000)}
    ),
    "a filter's fields that are not there": with_variables(FILTERED, f={f"tag{number}": 1 for number in range(15_000)}),
    "a long text in a filter": with_variables(FILTERED, f={"state": "x" * ROOM_BYTES}),
    "a long list": with_variables(LISTED, i=[1] * 100_000),
    "short lists in short lists": with_variables(FILTERED, f={"tags": [[[0] * 90] * 90] * 12}),
    "lists of what is no id": with_variables(LISTED, i=[{"a": [[1] * 90] * 10}] * 90),
    "a huge number": lambda: (
        b'{"query": "query($n: Int) { photos(first: $n) { totalCount } }", "variables": {"n": '
        + b"9" * ROOM_BYTES
        + b"}}"
    ),
}
