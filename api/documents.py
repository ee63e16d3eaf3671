"""Documents, each parsed, measured, validated and costed once and then kept, by the hash of its text.

The steps stand in the order of what they cost, so that a hostile document is refused by the cheapest that can tell.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from graphql import (
    ExecutableDefinitionNode,
    ExecutableDefinitionsRule,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    ValuesOfCorrectTypeRule,
    parse,
    specified_rules,
    value_from_ast_untyped,
)
from graphql.validation import ASTValidationRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api import errors
from api.cache_control import CacheControls, Policy
from api.cost import Cost, Reckoning
from api.errors import ApplicationError
from api.introspection import is_introspection
from api.limits import require_limits, require_no_more, require_short
from api.overlapping import FieldsCanBeMergedRule
from api.plans.planned import Planned
from api.refusals import LimitError, OperationNotFoundError, ParseError
from api.schema import graphql_schema
from api.segmented_cache import SegmentedCache
from api.shape import Measuring, Shape
from api.shared_cache.surrogates import Surrogates
from api.validation import FirstMistakeOfAValueRule, mistakes
from config.measuring.numbers import count_lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, OperationType

OURS: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
    OverlappingFieldsCanBeMergedRule: FieldsCanBeMergedRule,
    ValuesOfCorrectTypeRule: FirstMistakeOfAValueRule,
}
ERRORS_MAX = 10  # each quotes what it is about, and a stranger chooses how long that is


class DocumentError(ApplicationError):
    """A document that is not run; `formatted` is what the client is told."""

    code = "GRAPHQL_VALIDATION_FAILED"

    def __init__(self, formatted: list[dict[str, Any]], *, status: int) -> None:
        super().__init__(formatted[0]["message"])
        self._formatted = formatted
        self.status = status

    @property
    def formatted(self) -> list[dict[str, Any]]:
        """Return every mistake with its place."""
        return self._formatted


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of a valid document, ready to be run. `defaults` are its variables', where a request says nothing."""

    document: DocumentNode
    name: str | None
    kind: OperationType
    cost: Cost
    defaults: Mapping[str, Any]
    caching: Policy
    shape: Shape
    planned: Planned
    is_introspection: bool
    made_of: Surrogates


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document's operations by their names, or why it is not run."""

    operations: Mapping[str | None, Operation]
    refusal: DocumentError | None = None

    def operation(self, name: str | None) -> Operation:
        """Return the operation that is meant; raises DocumentError, OperationNotFoundError."""
        if self.refusal:
            raise DocumentError(self.refusal.formatted, status=self.refusal.status)
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise OperationNotFoundError(
                "The document has several operations: say by `operationName` which one is meant."
            )
        if name not in self.operations:
            raise OperationNotFoundError("The document has no operation of the name that `operationName` gives.")
        return self.operations[name]


@cache
def documents() -> SegmentedCache[Document]:
    """Return the documents of this process."""
    return SegmentedCache(room=settings.GRAPHQL_DOCUMENT_CACHE_BYTES)


def hash_of(text: str) -> str:
    """Return the hash that a document is known by, in hexadecimal as clients that persist documents have it."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def known(text: str) -> Document | None:
    """Return a document that is made already, which costs nothing."""
    found = documents().get(hash_of(text))
    count_lookup("documents", is_there=found is not None)
    return found


def document_of(text: str) -> Document:
    """Return the document of a text, made where it is not known yet."""
    return known(text) or keep(text, make(text))


def keep(text: str, document: Document) -> Document:
    """Keep a document that was made, and return it. In the loop's thread: the cache is for one."""
    documents().put(hash_of(text), document, weight=max(len(text), 500))
    return document


def make(text: str) -> Document:
    """Return a new document out of its text. Raises LimitError for one that is too long to be looked into, which is not kept."""
    require_no_more("document length", len(text), settings.GRAPHQL_MAX_DOCUMENT_LENGTH)
    try:
        prepared = operations_of(text)
    except DocumentError as error:
        return Document(operations={}, refusal=error)
    except ApplicationError as error:
        return Document(operations={}, refusal=DocumentError(error.formatted, status=error.status))
    return Document(operations={operation.name: operation for operation in prepared})


def operations_of(text: str) -> list[Operation]:
    """Return a text's operations; raises DocumentError, LimitError, by the cheapest step that can tell."""
    require_short(text)
    parsed = parsed_within_limits(text)
    require_no_more("definitions", len(parsed.definitions), settings.GRAPHQL_MAX_DEFINITIONS)
    shapes = Measuring(parsed)
    require_executable(parsed)
    operations = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    for operation in operations:
        require_limits(shapes.definition(operation))
    require_spread(shapes)
    for fragment in parsed.definitions:
        if isinstance(fragment, FragmentDefinitionNode):
            require_limits(shapes.definition(fragment))
    require_valid(parsed, rules())
    reckoning, controls = Reckoning(graphql_schema, parsed), CacheControls(graphql_schema, parsed)
    return [
        Operation(
            document=parsed,
            name=node.name.value if node.name else None,
            kind=node.operation,
            cost=reckoning.operation(node),
            defaults=defaults_of(node),
            caching=controls.operation(node),
            shape=shapes.definition(node),
            planned=Planned(parsed, node),
            is_introspection=is_introspection(parsed, node.selection_set),
            made_of=Surrogates(graphql_schema, parsed, node),
        )
        for node in operations
    ]


def defaults_of(node: OperationDefinitionNode) -> dict[str, Any]:
    """Return what an operation's variables are where a request does not say."""
    return {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in node.variable_definitions or ()
        if each.default_value
    }


def parsed_within_limits(text: str) -> DocumentNode:
    """Return the text's tree; raises DocumentError, LimitError."""
    limit = settings.GRAPHQL_MAX_TOKENS
    try:
        return parse(text, max_tokens=limit)
    except GraphQLSyntaxError as error:
        if "tokens. Parsing aborted" in error.message:
            raise LimitError(f"A document has at most {limit} tokens.", limit="tokens", allowed=limit) from error
        raise DocumentError(
            [{**error.formatted, "extensions": {"code": ParseError.code}}], status=ParseError.status
        ) from error
    except RecursionError:
        raise LimitError("The document is nested too deeply to be read.", limit="depth") from None
    except ValueError as error:  # graphql-core reads a number of five thousand digits by int(), which Python refuses
        raise ParseError("The document has a number that is too long.") from error


def require_executable(parsed: DocumentNode) -> None:
    """Raise DocumentError for a document that declares types, which no other rule has to look at then."""
    if not all(isinstance(node, ExecutableDefinitionNode) for node in parsed.definitions):
        require_valid(parsed, (ExecutableDefinitionsRule,))


def require_spread(shapes: Measuring) -> None:
    """Raise DocumentError for fragments that no operation spreads, before anything is looked for in them.

    https://spec.graphql.org/September2025/#sec-Fragments-Must-Be-Used
    """
    unspread = shapes.unspread()
    if unspread:
        refuse([GraphQLError(f'Fragment "{node.name.value}" is never used.', node) for node in unspread[:ERRORS_MAX]])


def require_valid(parsed: DocumentNode, asked: tuple[type[ASTValidationRule], ...]) -> None:
    """Raise DocumentError with what is wrong with a document by the schema."""
    is_hidden = not settings.GRAPHQL_INTROSPECTION
    found = mistakes(graphql_schema, parsed, asked, max_errors=ERRORS_MAX, hide_suggestions=is_hidden)
    if found:
        refuse(found)


def refuse(found: list[GraphQLError]) -> NoReturn:
    """Raise DocumentError with mistakes."""
    for error in found:
        errors.present(error)
    raise DocumentError([dict(error.formatted) for error in found], status=422)


@cache
def rules() -> tuple[type[ASTValidationRule], ...]:
    """Return the specification's rules, those of what strawberry adds to it, and ours."""
    hidden = () if settings.GRAPHQL_INTROSPECTION else (NoSchemaIntrospectionCustomRule,)
    return (
        *(OURS.get(each, each) for each in specified_rules),
        MaybeNullValidationRule,
        OneOfInputValidationRule,
        *hidden,
    )
