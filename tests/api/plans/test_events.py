"""An event is answered by a plan as by the executor."""

from typing import Any

import pytest

from api.documents import make
from api.execution import run
from api.plans import running
from api.requests import GraphQLRequest
from apps.accounts.models import User
from apps.gallery.models import Album, Photo
from apps.gallery.subscription import PhotoChange, PhotoChangeKind
from tests.api.plans.test_the_same_bytes import context_of, without_error_ids
from tests.gallery.conftest import add_rows, global_id

WATCH = """subscription($id: ID!, $more: Boolean! = true) { change: photoChanged(albumId: $id) { __typename kind photoId photo {
  caption createdAt isMine album { title photos { totalCount edges { node { id } } } } tags { name } renditions { url }
  bytes @include(if: $more) } } }"""


@pytest.fixture
def photo(ada: User) -> Photo:
    return add_rows(Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC"), 2, tags=("hill",))[0]


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is counted of plans."""
    found: list[str] = []
    monkeypatch.setattr(running, "count_plan", found.append)
    return found


def answers(photo: Photo, viewer: User, event: Any, **variables: Any) -> tuple[Any, Any]:
    """Return what an event is answered by the executor, and by a plan."""
    operation = make(WATCH).operation(None)
    request = GraphQLRequest(query=WATCH, variables={"id": global_id(photo.album), **variables})
    first, second = (without_error_ids(run(operation, request, context_of(viewer), root=event())) for _ in range(2))
    return first, second


def change(photo: Photo, *, is_there: bool = True) -> Any:
    """Return what makes an event."""
    shown: Any = Photo.objects.get(pk=photo.pk) if is_there else None
    return PhotoChange(kind=PhotoChangeKind.UPDATED, photo_id=global_id(photo), photo=shown)  # type: ignore[arg-type]  # strawberry's ID is a text


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("more", [True, False])
def test_it_has_the_same_bytes(photo: Photo, ada: User, results: list[str], *, is_there: bool, more: bool) -> None:
    first, second = answers(photo, ada, lambda: change(photo, is_there=is_there), more=more)
    assert first == second
    assert (b'"caption":"photo 0"' in first[0]) is is_there
    assert results == ["new", "planned"]


def test_an_error_in_it_is_told_with_its_path(photo: Photo, ada: User, results: list[str]) -> None:
    Photo.objects.update(bytes=2**40)
    first, second = answers(photo, ada, lambda: change(photo))
    assert first == second
    assert b'"path":["change","photo","bytes"]' in second[0]
    assert results == ["new", "failed"]
