import pytest
from django.contrib.auth.models import AnonymousUser

from api.errors import UnauthenticatedError
from apps.accounts import services
from apps.accounts.bearer import token_in, viewer_of
from apps.accounts.models import User


def test_a_token_beats_the_session(ada: User, grace: User) -> None:
    _, token = services.create_access_token(user=ada, name="script", expires_at=None)
    assert viewer_of(f"Bearer {token}", lambda: grace) == ada


def test_without_a_header_the_session_says_who_is_asking(grace: User) -> None:
    assert viewer_of(None, lambda: grace) is grace
    assert viewer_of(None, AnonymousUser) == AnonymousUser()


def test_a_token_that_does_not_work_is_not_made_up_for_by_a_session(grace: User) -> None:
    with pytest.raises(UnauthenticatedError):
        viewer_of("Bearer slw_wrong", lambda: grace)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("", None),
        ("Basic dXNlcjpwdw==", None),
        ("Bearer", ""),
        ("bearer  slw_x ", "slw_x"),
        ("Bearer slw_x", "slw_x"),
    ],
)
def test_it_reads_the_token_out_of_the_header(header: str | None, token: str | None) -> None:
    assert token_in(header) == token
