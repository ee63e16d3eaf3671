from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from api.errors import UnauthenticatedError
from apps.accounts import selectors, services
from apps.accounts.models import AccessToken, User
from apps.accounts.tokens import hash_of


@pytest.fixture
def token(ada: User) -> str:
    return services.create_access_token(user=ada, name="script", expires_at=None)[1]


def change(token: str, **values: Any) -> None:
    AccessToken.objects.filter(token_hash=hash_of(token)).update(**values)


def test_a_token_speaks_for_its_user(ada: User, token: str) -> None:
    assert selectors.user_by_token(token) == ada


def test_expired_revoked_and_unknown_tokens_and_those_of_inactive_users_get_the_same_answer(
    ada: User, token: str
) -> None:
    sentences = set()
    an_hour_ago = timezone.now() - timedelta(hours=1)
    for values in ({"expires_at": an_hour_ago}, {"revoked_at": an_hour_ago}):
        change(token, expires_at=None, revoked_at=None)
        change(token, **values)
        sentences.add(refusal(token))
    change(token, expires_at=None, revoked_at=None)
    sentences |= {refusal(text) for text in ("slw_unknown", "", "\ud800", token.upper())}
    User.objects.filter(pk=ada.pk).update(is_active=False)
    sentences.add(refusal(token))
    assert sentences == {"The access token is expired, revoked or unknown."}


def refusal(token: str) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        selectors.user_by_token(token)
    return caught.value.message


def test_a_token_works_until_it_expires(ada: User, token: str) -> None:
    change(token, expires_at=timezone.now() + timedelta(minutes=1))
    assert selectors.user_by_token(token) == ada


def test_its_use_is_noted_once_a_minute(ada: User, token: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        selectors.user_by_token(token)
    first = ada.access_tokens.get().last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        selectors.user_by_token(token)
    change(token, last_used_at=first - timedelta(seconds=61))
    selectors.user_by_token(token)
    second = ada.access_tokens.get().last_used_at
    assert second is not None
    assert second >= first


def test_it_lists_ones_own_tokens_newest_first_without_the_revoked(ada: User, grace: User) -> None:
    old, new, revoked, other = (
        services.create_access_token(user=user, name=name, expires_at=None)[0]
        for user, name in ((ada, "old"), (ada, "new"), (ada, "revoked"), (grace, "other"))
    )
    services.revoke_access_token(user=ada, token_id=revoked.pk)
    assert selectors.tokens_of(ada) == [new, old]
    assert selectors.own_tokens_by_id(ada, [old.pk, other.pk]) == {old.pk: old}


def test_it_finds_users_by_their_ids(ada: User, grace: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert selectors.users_by_id([ada.pk, grace.pk]) == {ada.pk: ada, grace.pk: grace}
    assert selectors.user_by_id(ada.pk) == ada
