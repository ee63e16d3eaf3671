"""What has a plan and what has none, what a plan does not cost, and what happens where one fails."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import strawberry
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission

from api.documents import Operation, make
from api.plans import building, running
from api.plans.declared import definition_of
from api.plans.refusals import UnplannableError
from api.requests import GraphQLRequest
from api.schema import graphql_schema
from apps.accounts.models import User
from apps.gallery.models import Album, Photo
from config.measuring.numbers import plans_that
from tests.api.plans.test_the_same_bytes import context_of
from tests.gallery.conftest import add_rows, global_id
from tests.graphql_client import GraphQLClient

NODES = "{ photos { edges { node { id caption createdAt album { title owner { name } } owner { id } isMine } } } }"
ANONYMOUS = AnonymousUser()


def attempted(operation: Operation, viewer: Any = ANONYMOUS, /, **variables: Any) -> running.Attempt:
    """Return what came of an operation's plan, for somebody who is known already."""
    operation.planned.is_new = False
    request = GraphQLRequest(query="", variables=variables)
    return running.attempted(operation.planned, request, context_of(viewer))


def operation_of(text: str) -> Operation:
    return make(text).operation(None)


def counted(result: str) -> float:
    return float(plans_that(result)._value.get())


@contextmanager
def statements(count: int) -> Iterator[None]:
    with CaptureQueriesContext(connection) as seen:
        yield
    assert len(seen) == count, [each["sql"] for each in seen]


@pytest.fixture
def photos(ada: User) -> list[Photo]:
    """Three photos in a public album of Ada's."""
    return add_rows(Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC"), 3, tags=("hill",))


class TestWhatHasAPlan:
    def test_the_first_request_has_none_and_those_behind_it_do(self, as_nobody: GraphQLClient) -> None:
        new, planned = counted("new"), counted("planned")
        answers = [as_nobody.execute("query FirstAndLater { tags { totalCount } }") for _ in range(3)]
        assert (counted("new") - new, counted("planned") - planned) == (1, 2)
        assert answers == [{"data": {"tags": {"totalCount": 0}}}] * 3

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("{ __schema { queryType { name } } }", "__schema is the schema's"),
            ('{ tags { totalCount } __type(name: "Photo") { name } }', "__type is the schema's"),
        ],
    )
    def test_what_is_not_understood_has_none(self, text: str, why: str) -> None:
        operation = operation_of(text)
        assert attempted(operation) == running.Attempt(None, "unplannable")
        assert operation.planned.refusal == why

    def test_one_with_too_many_fields_has_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("api.plans.selecting.FIELDS_MAX", 3)
        operation = operation_of("{ a: __typename tags { edges { cursor } totalCount } }")
        assert (attempted(operation).result, operation.planned.refusal) == ("unplannable", "there are too many fields")

    def test_a_field_with_permissions_or_extensions_has_none(self) -> None:
        class Nobody(BasePermission):
            def has_permission(self, source: Any, info: Any, **_: Any) -> bool:
                return False

        class Louder(FieldExtension):
            pass

        @strawberry.type
        class Query:
            @strawberry.field(permission_classes=[Nobody])  # type: ignore[untyped-decorator]  # strawberry's, with options
            def guarded(self) -> str:
                return "x"

            @strawberry.field(extensions=[Louder()])  # type: ignore[untyped-decorator]  # as above
            def extended(self) -> str:
                return "x"

            @strawberry.field
            async def later(self) -> str:
                return "x"

        kind = strawberry.Schema(query=Query)._schema.query_type
        assert kind
        for name in ("guarded", "extended", "later"):
            with pytest.raises(UnplannableError, match=name):
                definition_of(kind, name)

    def test_each_set_of_conditions_has_one_of_its_own_up_to_a_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("api.plans.planned.VARIANTS_MAX", 2)
        operation = operation_of(
            "query($a: Boolean!, $b: Boolean! = false) { x: __typename @include(if: $a) y: __typename @skip(if: $b) }"
        )
        assert attempted(operation, a=True).data == {"x": "Query", "y": "Query"}
        assert attempted(operation, a=False).data == {"y": "Query"}
        assert attempted(operation, a=True, b=True).result == "unplannable"
        assert attempted(operation, a=True).data == {"x": "Query", "y": "Query"}

    def test_those_that_were_used_last_are_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("api.plans.kept.OPERATIONS_MAX", 2)
        monkeypatch.setattr("api.plans.kept.order", OrderedDict())
        first, second, third = (operation_of(f"{{ {name}: __typename }}") for name in "abc")
        for each in (first, second, first, third):
            assert attempted(each).result == "planned"
        assert [each.planned.is_new for each in (first, second, third)] == [False, True, False]
        assert attempted(second).data == {"b": "Query"}

    def test_off_it_is_not_even_tried(self, as_nobody: GraphQLClient, settings: Settings) -> None:
        settings.GRAPHQL_PLANS = False
        before = counted("planned")
        assert [as_nobody.data("query Off { tags { totalCount } }") for _ in range(3)][2] == {"tags": {"totalCount": 0}}
        assert counted("planned") == before


@pytest.mark.django_db
class TestWhatItCosts:
    def test_the_type_s_name_costs_no_statement_and_asks_nobody_who_they_are(self) -> None:
        operation = operation_of("{ __typename }")
        operation.planned.is_new = False
        with statements(0):
            assert running.attempted(operation.planned, GraphQLRequest(query=""), None).data == {"__typename": "Query"}  # type: ignore[arg-type]  # see the name

    def test_a_page_with_the_objects_that_it_names_is_one_statement(self, photos: list[Photo]) -> None:
        with statements(1):
            found = attempted(operation_of(NODES)).data
        assert found
        assert [each["node"]["caption"] for each in found["photos"]["edges"]] == ["photo 2", "photo 1", "photo 0"]
        assert found["photos"]["edges"][0]["node"]["album"] == {"title": "Hills", "owner": {"name": "Ada"}}

    def test_it_reads_the_columns_that_are_asked_for_alone(self, photos: list[Photo]) -> None:
        with CaptureQueriesContext(connection) as seen:
            attempted(operation_of("{ photos { edges { node { caption } } } }"))
        columns = seen[0]["sql"].partition(" FROM ")[0]
        assert "caption" in columns
        assert not any(name in columns for name in ("sha256", "search", "file", "failure_reason"))

    def test_what_is_not_asked_for_is_not_fetched(self, photos: list[Photo]) -> None:
        with statements(1):
            assert attempted(operation_of("{ photos { totalCount } }")).data == {"photos": {"totalCount": 3}}
        with statements(1):
            attempted(
                operation_of("{ photos { a: edges { cursor } pageInfo { endCursor } b: edges { node { id } } } }")
            )

    def test_lists_behind_a_page_s_rows_are_a_statement_each(self, photos: list[Photo]) -> None:
        text = """{ photos { edges { node { tags { name id } renditions { url size } small: rendition(size: SMALL) { width }
          large: rendition(size: LARGE) { id: __typename height } isMine } } } }"""
        with statements(4):  # photos, tags, renditions in their order, and those that a resolver picks from
            found = attempted(operation_of(text)).data
        assert found
        node = found["photos"]["edges"][0]["node"]
        assert [each["name"] for each in node["tags"]] == ["hill"]
        assert [each["size"] for each in node["renditions"]] == ["SMALL", "MEDIUM", "LARGE"]
        assert (node["small"], node["large"]["height"]) == ({"width": 3}, 2)

    def test_lists_within_a_connection_that_is_within_another_are_a_statement_each(self, photos: list[Photo]) -> None:
        text = (
            "{ albums { edges { node { photos(first: 2) { edges { node { tags { name } renditions { url } } } } } } } }"
        )
        with statements(4):
            found = attempted(operation_of(text)).data
        assert found
        assert len(found["albums"]["edges"][0]["node"]["photos"]["edges"][0]["node"]["renditions"]) == 3


@pytest.mark.django_db
class TestWhoAsks:
    def test_a_plan_holds_nothing_of_who_asked_before(self, photos: list[Photo], ada: User, grace: User) -> None:
        operation = operation_of("{ photos { edges { node { isMine owner { email } } } } viewer { name } }")
        seen = []
        for viewer in (ada, grace, ANONYMOUS, ada):
            data: Any = attempted(operation, viewer).data
            node = data["photos"]["edges"][0]["node"]
            seen.append((node["isMine"], node["owner"]["email"], data["viewer"] and data["viewer"]["name"]))
        mine = (True, "ada@example.com", "Ada")
        assert seen == [mine, (False, None, "Grace"), (False, None, None), mine]

    def test_a_plan_holds_nothing_of_what_was_asked_before(self, photos: list[Photo]) -> None:
        operation = operation_of("query($id: ID!) { photo(id: $id) { caption } }")
        for photo in photos:
            assert attempted(operation, id=global_id(photo)).data == {"photo": {"caption": photo.caption}}

    def test_what_is_not_the_viewer_s_is_not_there(self, photos: list[Photo], grace: User, ada: User) -> None:
        Photo.objects.update(visibility="PRIVATE")
        operation = operation_of("query($id: ID!) { photo(id: $id) { id } photos { edges { node { id } } } }")
        nothing: dict[str, Any] = {"photo": None, "photos": {"edges": []}}
        assert attempted(operation, grace, id=global_id(photos[0])).data == nothing
        assert attempted(operation, ada, id=global_id(photos[0])).data != nothing


@pytest.mark.django_db
class TestErrors:
    @pytest.fixture
    def logged(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What is logged of plans."""
        found: list[str] = []
        for name in ("error", "exception"):
            monkeypatch.setattr(running.logger, name, lambda message, **_: found.append(message))
        return found

    def test_the_executor_tells_an_error_with_its_path(self, as_nobody: GraphQLClient, logged: list[str]) -> None:
        text = 'query Told { mine: photos(after: "?") { totalCount edges { cursor } } }'
        first, second = as_nobody.execute(text), as_nobody.execute(text)
        assert first == second
        assert (second["errors"][0]["path"], second["data"]) == (["mine"], None)
        assert logged == []

    def test_a_number_that_graphql_has_no_room_for_is_an_error(
        self, photos: list[Photo], as_nobody: GraphQLClient, logged: list[str]
    ) -> None:
        Photo.objects.update(bytes=2**40)
        text = "query TooLarge { photos { edges { node { bytes } } } }"
        first, second = as_nobody.execute(text), as_nobody.execute(text)
        assert first == second
        assert second["errors"][0]["path"] == ["photos", "edges", 0, "node", "bytes"]
        assert logged == []

    def test_variables_that_do_not_fit_are_told_by_the_executor(self, as_nobody: GraphQLClient) -> None:
        text = "query Unfit($n: Int) { photos(first: $n) { totalCount } }"
        assert [as_nobody.code(text, n="x") for _ in range(2)] == ["BAD_USER_INPUT"] * 2

    def test_a_resolver_that_reads_more_than_it_declared_is_told_and_answered_all_the_same(
        self, photos: list[Photo], as_ada: GraphQLClient, monkeypatch: pytest.MonkeyPatch, logged: list[str]
    ) -> None:
        definition: Any = graphql_schema.type_map["Photo"].fields["isMine"].extensions["strawberry-definition"]  # type: ignore[attr-defined]  # an object's
        monkeypatch.setattr(definition, "metadata", {"reads": ("caption",)})
        operation = "query Undeclared { photos { edges { node { isMine } } } }"
        answers = [as_ada.data(operation)["photos"]["edges"][0] for _ in range(4)]
        assert answers == [{"node": {"isMine": True}}] * 4
        assert logged == ["a plan failed, and is used no more"]

    def test_what_cannot_be_planned_for_a_bug_is_told_once_and_answered(
        self, as_nobody: GraphQLClient, monkeypatch: pytest.MonkeyPatch, logged: list[str]
    ) -> None:
        def fail(_: Any) -> Any:
            raise RuntimeError

        monkeypatch.setattr(building.Building, "operation", fail)
        answers = [as_nobody.data("query Bug { tags { totalCount } }") for _ in range(4)]
        assert answers == [{"tags": {"totalCount": 0}}] * 4
        assert logged == ["no plan could be made of an operation"]

    def test_a_resolver_s_bug_is_the_executor_s_to_tell(
        self, make_failing: Callable[[], None], as_nobody: GraphQLClient, logged: list[str]
    ) -> None:
        make_failing()
        assert [as_nobody.code("query Fails { tags { totalCount } }") for _ in range(2)] == ["INTERNAL_ERROR"] * 2
        assert "a plan failed, and is used no more" not in logged

    @pytest.fixture
    def make_failing(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
        def fail(_: Any) -> Any:
            raise RuntimeError

        return lambda: monkeypatch.setattr("apps.gallery.selectors.tags", fail)
