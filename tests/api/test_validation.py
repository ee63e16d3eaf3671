"""The rules in our own walk find what graphql-core's finds, and the cheap steps ahead of it count what its lexer counts."""

import pytest
from graphql import TokenKind, parse, specified_rules, validate
from graphql.language import Source
from graphql.language.lexer import Lexer

from api import documents, tokens
from api.documents import OURS, rules
from api.schema import graphql_schema
from api.validation import mistakes
from benchmarks.hostile_kinds import KINDS

WRONG = [
    "{ viewr { id } }",
    "{ viewer }",
    "{ viewer { id { x } name(a: 1) } }",
    '{ photos(first: "x", filter: {a: 1, state: NONE}) { edges { nod { id } } } }',
    "query($a: ID, $a: Nothing, $b: Photo) { album(id: $a) { id } node(id: $c) { id } }",
    "query($n: String!) { photos(first: $n) { ...F } } fragment F on PhotoConnection { ...G } fragment G on Photo { id }",
    "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "{ viewer { id @include @skip(if: 1) @nothing(x: $y) } } fragment F on Nothing { id } fragment F on ID { id }",
    "{ viewer { a: id a: name email @skip(if: true) @skip(if: false) } }",
    "query A { __typename } query A { __typename } { __typename }",
    "subscription { photoChanged(albumId: 1) { kind } again: photoChanged(albumId: 2) { kind } }",
    "{ album { id } rendition(size: SMALL) node(id: [1]) { ... on Rendition { url } } }",
    "mutation { createAlbum(input: {title: null, title: 1}) { album { id } } }",
    "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
]


HOSTILE = [make(12) for kind, make in KINDS.items() if kind not in ("brackets that are not closed", "quotes")]


@pytest.mark.parametrize("text", [*WRONG, *HOSTILE])
def test_the_same_mistakes_are_found(text: str) -> None:
    parsed = parse(text)
    expected = [error.formatted for error in validate(graphql_schema, parsed, rules())]
    found = mistakes(graphql_schema, parsed, rules(), max_errors=100, hide_suggestions=False)
    assert [error.formatted for error in found] == expected
    assert text not in WRONG or expected


def test_every_rule_of_the_specification_is_applied() -> None:
    assert set(specified_rules) - set(rules()) == set(OURS)
    assert set(OURS.values()) < set(rules())


def test_one_mistake_of_a_value_is_told() -> None:
    document = documents.make("{ photos(filter: {a: 1, b: 2}) { totalCount } albums(filter: {c: 3}) { totalCount } }")
    assert document.refusal
    assert len(document.refusal.formatted) == 2


@pytest.mark.parametrize(
    "text",
    [
        '{ a(b: """x \\""" y " "" """ c: "\\"#" d: -1.5e+3, e: [1, $v, {a: 1}]) #c\n ...F @x }',
        "#\n" * 30 + "{ a }", '{ x(a: "") y(b: """""") }', "\ufeff{ a,,, b }\r\n#", "query($a: [ID!]! = [1 2]) { a(b: $a) }",
    ],
)  # fmt: skip
def test_tokens_are_counted_as_the_parser_counts_them(text: str) -> None:
    lexer = Lexer(Source(text))
    token, count = lexer.token, 0
    while lexer.advance().kind is not TokenKind.EOF:
        pass
    while token.next and token.next.kind is not TokenKind.EOF:
        token, count = token.next, count + 1
    assert tokens.count(text, at_most=1000).count == count


class TestOrder:
    """What is refused by a cheap step gets no further."""

    @pytest.fixture(autouse=True)
    def none_validated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "mistakes", lambda *_, **__: pytest.fail("it was validated"))

    def refused_by(self, text: str) -> str:
        document = documents.make(text)
        assert document.refusal
        return str(document.refusal.formatted[0]["extensions"]["limit"])

    @pytest.mark.parametrize(("text", "limit"), [
        ("{ a " * 200 + "} " * 301, "tokens"), ("{ nodes(ids: [" + "1 " * 101 + "]) { id } }", "list_length"),
        ("{ nodes(ids: [[" + "[] " * 101 + "]]) { id } }", "list_length"),
    ])  # fmt: skip
    def test_tokens_and_lists_before_it_is_parsed(self, text: str, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "parse", lambda *_, **__: pytest.fail("it was parsed"))
        assert self.refused_by(text) == limit

    @pytest.mark.parametrize(("selections", "limit"), [
        ("id " * 32, "repeated_fields"), ("accessTokens { id } " * 32, "repeated_fields"),
        (" ".join(f"a{n}: id" for n in range(31)), "aliases"), ("id " + "@include(if: true) " * 51, "directives"),
    ])  # fmt: skip
    @pytest.mark.parametrize("last", ["", " fragment F on User { id }"])
    def test_each_fragment_is_held_to_the_limits(self, selections: str, limit: str, last: str) -> None:
        assert self.refused_by(f"{{ viewer {{ ...F }} }} fragment F on User {{ {selections} }}{last}") == limit

    def test_fragments_that_are_not_spread_are_refused_by_that_alone(self) -> None:
        document = documents.make("{ viewer { id } ...A } fragment B on User { ...C nothing } fragment C on No { id }")
        assert document.refusal
        assert [error["message"] for error in document.refusal.formatted] == [
            'Fragment "B" is never used.', 'Fragment "C" is never used.',
        ]  # fmt: skip
