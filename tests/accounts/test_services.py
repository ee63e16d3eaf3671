from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from api.errors import NotFoundError
from apps.accounts import services
from apps.accounts.models import AccessToken, User
from apps.accounts.tokens import hash_of

PASSWORD = "correct horse staple"


def codes(error: ValidationError) -> dict[str, list[str | None]]:
    return {name: [each.code for each in errors] for name, errors in error.error_dict.items()}


def test_it_registers_a_user_who_can_sign_in(db: None) -> None:
    user = services.register(email=" New@Example.COM ", name=" Ada ", password=PASSWORD)
    user.refresh_from_db()
    assert (user.email, user.name, user.check_password(PASSWORD)) == ("New@example.com", "Ada", True)
    assert not user.is_staff


@pytest.mark.parametrize(
    ("email", "name", "password", "expected"),
    [
        ("nonsense", "Ada", PASSWORD, {"email": ["invalid"]}),
        ("", "", PASSWORD, {"email": ["blank"], "name": ["blank"]}),
        ("ada@example.com", "A\0", PASSWORD, {"name": ["null_characters_not_allowed"]}),
        ("ada@example.com", "x" * 151, PASSWORD, {"name": ["max_length"]}),
        ("ada@example.com", "Ada", "short", {"password": ["password_too_short"]}),
        ("ada@example.com", "Ada", "8471920365", {"password": ["password_entirely_numeric"]}),
        (
            "lovelace@example.com",
            "Ada",
            "lovelace1",
            {"password": ["password_too_similar", "password_too_short"]},
        ),
        ("no", "Ada", "qwertyuiop", {"email": ["invalid"], "password": ["password_too_common"]}),
    ],
)
def test_it_tells_all_that_is_wrong_with_a_registration_at_once(
    db: None, email: str, name: str, password: str, expected: dict[str, list[str]]
) -> None:
    with pytest.raises(ValidationError) as caught:
        services.register(email=email, name=name, password=password)
    assert codes(caught.value) == expected
    assert not User.objects.exists()


def test_it_tells_that_an_address_is_taken(ada: User) -> None:
    with pytest.raises(ValidationError) as caught:
        services.register(email=ada.email.upper(), name="Ada", password=PASSWORD)
    assert codes(caught.value) == {"email": ["unique"]}


def test_an_access_token_is_stored_as_its_hash_only(ada: User) -> None:
    token, text = services.create_access_token(user=ada, name="script", expires_at=None)
    stored = AccessToken.objects.filter(pk=token.pk).values().get()
    assert text.startswith("slw_")
    assert len(text) == 47
    assert stored["token_hash"] == hash_of(text)
    assert stored["prefix"] == text[:12]
    assert text not in str(stored)


def test_no_two_access_tokens_are_the_same(ada: User) -> None:
    texts = {services.create_access_token(user=ada, name="x", expires_at=None)[1] for _ in range(20)}
    assert len(texts) == 20


def test_an_expiry_without_a_zone_is_in_the_servers(ada: User) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    naive = timezone.make_naive(tomorrow)
    token, _ = services.create_access_token(user=ada, name="script", expires_at=naive)
    assert token.expires_at == tomorrow


@pytest.mark.parametrize(
    "expires_at",
    [datetime(2001, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime(2001, 1, 1)],  # noqa: DTZ001
)
def test_it_refuses_an_expiry_that_has_passed_or_can_never_matter(ada: User, expires_at: datetime) -> None:
    with pytest.raises(ValidationError) as caught:
        services.create_access_token(user=ada, name="script", expires_at=expires_at)
    assert codes(caught.value) == {"expires_at": ["out_of_range"]}


def test_it_refuses_an_access_token_without_a_name(ada: User) -> None:
    with pytest.raises(ValidationError) as caught:
        services.create_access_token(user=ada, name=" ", expires_at=None)
    assert codes(caught.value) == {"name": ["blank"]}


def test_revoking_twice_keeps_the_first_time(ada: User) -> None:
    token, _ = services.create_access_token(user=ada, name="script", expires_at=None)
    first = services.revoke_access_token(user=ada, token_id=token.pk).revoked_at
    assert first is not None
    assert services.revoke_access_token(user=ada, token_id=token.pk).revoked_at == first


def test_somebody_elses_access_token_is_not_found(ada: User, grace: User) -> None:
    token, _ = services.create_access_token(user=ada, name="script", expires_at=None)
    with pytest.raises(NotFoundError):
        services.revoke_access_token(user=grace, token_id=token.pk)
    token.refresh_from_db()
    assert token.revoked_at is None
