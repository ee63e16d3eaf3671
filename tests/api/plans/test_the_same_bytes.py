"""Plans against graphql-core's executor: operations made by chance, run both ways, have to be answered alike, byte for byte."""

import os
import re
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from api.context import Context
from api.documents import make
from api.execution import Answer, run
from api.plans import running
from api.requests import GraphQLRequest
from apps.accounts.models import User
from apps.accounts.services import create_access_token
from tests.api.plans.gallery import Gallery, fill, known
from tests.api.plans.operations import operations

# `make fuzz` tries other examples each time; the suite the same ones.
FUZZ = int(os.environ.get("FUZZ_EXAMPLES", "0"))
ERROR_ID = re.compile(rb"[0-9a-f]{32}")


@pytest.fixture
def gallery(ada: User, grace: User, make_user: Any) -> Gallery:
    """A gallery and who looks at it."""
    fill(ada, grace)
    create_access_token(user=ada, name="grüße", expires_at=None)
    people = {"anonymous": AnonymousUser(), "owner": ada, "user": grace, "staff": make_user("staff", is_staff=True)}
    return Gallery(people=people, known=known())


def context_of(viewer: Any) -> Context:
    """Return the context of somebody who is signed in, or not, already."""
    context = Context(credentials=None, address="127.0.0.1", can_set_cookies=True)  # type: ignore[arg-type]  # nobody asks them
    context._viewer, context._viewer_until = viewer, float("inf")
    return context


def without_error_ids(answer: Answer) -> tuple[bytes, int]:
    return ERROR_ID.sub(b"(id)", answer.body), answer.status


def test_operations_made_by_chance(gallery: Gallery, limits: None, results: list[str]) -> None:
    @settings(max_examples=FUZZ or 250, derandomize=not FUZZ, suppress_health_check=list(HealthCheck), database=None)
    @given(made=operations(gallery.known), person=st.sampled_from(sorted(gallery.people)))
    def check(made: tuple[str, dict[str, Any]], person: str) -> None:
        text, variables = made
        document = make(text)
        assume(document.refusal is None)
        operation, request = document.operation("Made"), GraphQLRequest(query=text, variables=variables)
        first, second = (
            without_error_ids(run(operation, request, context_of(gallery.people[person]))) for _ in range(2)
        )
        assert second == first, (person, results[-2:], operation.planned.refusal)
        if operation.is_introspection:
            return  # an answer that was kept
        assert results[-2] == "new"
        # What has a plan and is no error is answered by it, and nothing else.
        assert operation.planned.refusal in {"", "__schema is the schema's"}
        assert (results[-1] == "failed") == (b'"errors"' in first[0] and not operation.planned.refusal)

    check()
    told = Counter(results)
    assert told["planned"] > told["failed"] + told["unplannable"]
    print(told)  # noqa: T201 - for `make fuzz`


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is counted of plans."""
    found: list[str] = []
    monkeypatch.setattr(running, "count_plan", found.append)
    return found
