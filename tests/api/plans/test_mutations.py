"""A mutation is answered by a plan as by the executor, and what it does is done once, also where the plan fails behind it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from api.documents import make
from api.execution import run
from api.plans import running
from api.requests import GraphQLRequest
from apps.accounts.models import User
from apps.gallery import services
from apps.gallery.models import Album, Photo
from tests.api.plans.gallery import Gallery, fill, known
from tests.api.plans.operations import operations
from tests.api.plans.test_the_same_bytes import FUZZ, context_of, without_error_ids
from tests.gallery.conftest import add_rows, global_id

Run = Callable[..., tuple[Any, ...]]
SERVICES = ("update_album", "update_photo", "delete_album", "delete_photo")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Each call of a service, in their order."""
    calls: list[tuple[Any, ...]] = []

    def noting(name: str, service: Callable[..., Any]) -> Callable[..., Any]:
        def noted(owner: User, key: Any, **changes: Any) -> Any:
            calls.append((name, key, changes))
            return service(owner, key, **changes)

        return noted

    for name in SERVICES:
        monkeypatch.setattr(services, name, noting(name, getattr(services, name)))
    moment = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return calls


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is counted of plans."""
    found: list[str] = []
    monkeypatch.setattr(running, "count_plan", found.append)
    return found


@pytest.fixture
def both_ways(done: list[tuple[Any, ...]]) -> Run:
    """Return what runs an operation by the executor and by its plan, each time from the same rows, and returns what came of it."""

    def state() -> list[Any]:
        return [sorted(each.objects.values_list(*names)) for each, names in ((Album, ALBUM), (Photo, PHOTO))]

    def once(text: str, viewer: Any, variables: dict[str, Any], *, is_new: bool) -> tuple[Any, ...]:
        operation, request = operation_of(text), GraphQLRequest(query=text, variables=variables)
        operation.planned.is_new = is_new
        done.clear()
        with transaction.atomic():
            answer = without_error_ids(run(operation, request, context_of(viewer)))
            found = answer, list(done), state()
            transaction.set_rollback(True)
        return found

    def compared(text: str, viewer: Any, **variables: Any) -> tuple[Any, ...]:
        first, second = (once(text, viewer, variables, is_new=is_new) for is_new in (True, False))
        assert second == first
        return second

    return compared


ALBUM, PHOTO = ("id", "title", "visibility", "description"), ("id", "caption", "visibility")


def operation_of(text: str) -> Any:
    return make(text).operation(None)


@pytest.fixture
def album(ada: User) -> Album:
    return Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC")


RENAME = """mutation Rename($id: ID!, $title: String! = "Dales", $more: Boolean! = true) {
  updateAlbum(input: {id: $id, title: $title}) {
    errors { field code message }
    album { id title updatedAt isMine @include(if: $more) owner { name } cover { id }
      photos { totalCount edges { cursor node { caption tags { name } renditions { url } album { title } } } } } } }"""


class TestAnAnswer:
    def test_it_is_a_plan_s_from_the_second_request_on(
        self, both_ways: Run, album: Album, ada: User, results: list[str]
    ) -> None:
        add_rows(album, 3, tags=("hill",))
        for more in (True, False):
            (body, status), calls, _ = both_ways(RENAME, ada, id=global_id(album), more=more)
            assert (status, b'"title":"Dales"' in body) == (200, True)
            assert calls == [("update_album", album.pk, {"title": "Dales"})]
        assert results == ["new", "planned"] * 2

    def test_what_is_wrong_with_the_input_is_part_of_it(
        self, both_ways: Run, album: Album, ada: User, results: list[str]
    ) -> None:
        (body, _), _, _ = both_ways(RENAME, ada, id=global_id(album), title="")
        assert b'"errors":[{"field":"title"' in body
        assert results[-1] == "planned"

    def test_plans_may_be_off(self, album: Album, ada: User, results: list[str], settings: Settings) -> None:
        settings.GRAPHQL_PLANS = False
        operation = operation_of(RENAME)
        for _ in range(2):
            answer = run(operation, GraphQLRequest(query="", variables={"id": global_id(album)}), context_of(ada))
            assert answer.status == 200
        assert results == []


class TestAnError:
    def test_one_of_a_field_s_is_told_with_its_path_and_what_was_before_is_done_once(
        self, both_ways: Run, album: Album, ada: User, results: list[str]
    ) -> None:
        text = """mutation($id: ID!, $other: ID!) { one: updateAlbum(input: {id: $id, title: "One"}) { album { title } }
          two: updateAlbum(input: {id: $other, title: "Two"}) { album { title } }
          three: updateAlbum(input: {id: $id, title: "Three"}) { album { title } } }"""
        (body, _), calls, (albums, _) = both_ways(text, ada, id=global_id(album), other=global_id(album)[:-4])
        assert b'"path":["two"]' in body
        assert (calls, albums[0][1]) == ([("update_album", album.pk, {"title": "One"})], "One")
        assert results[-1] == "failed"

    def test_one_below_a_field_leaves_what_the_field_did(
        self, both_ways: Run, album: Album, ada: User, results: list[str]
    ) -> None:
        (photo,) = add_rows(album, 1)
        Photo.objects.update(bytes=2**40)
        text = 'mutation($id: ID!) { updatePhoto(input: {id: $id, caption: "Dawn"}) { photo { caption bytes } } }'
        (body, _), calls, (_, photos) = both_ways(text, ada, id=global_id(photo))
        assert b'"path":["updatePhoto","photo","bytes"]' in body
        assert (len(calls), photos[0][1], results[-1]) == (1, "Dawn", "failed")

    def test_one_of_an_argument_stops_nothing_that_stands_before_it(
        self, both_ways: Run, album: Album, ada: User
    ) -> None:
        text = """mutation($id: ID!, $other: ID = "x") { one: updateAlbum(input: {id: $id, title: "One"}) { album { title } }
          two: deleteAlbum(input: {id: $other}) { deletedId } }"""
        (body, _), calls, _ = both_ways(text, ada, id=global_id(album), other=None)
        assert b'"path":["two"]' in body
        assert [name for name, *_ in calls] == ["update_album"]

    def test_nobody_changes_anything(self, both_ways: Run, album: Album, grace: User) -> None:
        for viewer, code in ((AnonymousUser(), b"UNAUTHENTICATED"), (grace, b"NOT_FOUND")):
            (body, _), _, (albums, _) = both_ways(RENAME, viewer, id=global_id(album))
            assert (code in body, albums[0][1]) == (True, "Hills")


@pytest.fixture
def gallery(ada: User, grace: User) -> Gallery:
    fill(ada, grace)
    return Gallery(people={"owner": ada, "user": grace}, known=known())


def test_mutations_made_by_chance(gallery: Gallery, limits: None, both_ways: Run, results: list[str]) -> None:
    @settings(max_examples=FUZZ or 120, derandomize=not FUZZ, suppress_health_check=list(HealthCheck), database=None)
    @given(made=operations(gallery.known, "mutation"), person=st.sampled_from(sorted(gallery.people)))
    def check(made: tuple[str, dict[str, Any]], person: str) -> None:
        text, variables = made
        assume(make(text).refusal is None)
        both_ways(text, gallery.people[person], **variables)

    check()
    told = Counter(results)
    assert told["planned"] > told["failed"] > 0
    assert told["unplannable"] == 0
    print(told)  # noqa: T201 - for `make fuzz`
