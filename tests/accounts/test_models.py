import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.accounts import services
from apps.accounts.models import User

PASSWORD = "correct horse staple"


def test_it_finds_a_user_by_the_address_in_any_case(ada: User) -> None:
    assert User.objects.get_by_natural_key(ada.email.upper()) == ada


def test_it_finds_nobody_by_an_address_that_no_database_can_hold(ada: User) -> None:
    assert not User.objects.with_email(ada.email + "\0").exists()


def test_it_looks_addresses_up_by_the_unique_index(db: None) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = User.objects.with_email("ada@example.com").explain()
    assert "user_email_unique" in plan


def test_the_database_refuses_a_second_user_with_the_address_in_another_case(ada: User) -> None:
    with pytest.raises(IntegrityError, match="user_email_unique"), transaction.atomic():
        User.objects.create_user(ada.email.upper(), PASSWORD, name="Other")


def test_a_taken_address_is_an_error_of_the_email_field(ada: User) -> None:
    with pytest.raises(ValidationError) as caught:
        User(email=ada.email.upper(), name="Other", password="x").full_clean()
    assert [error.code for error in caught.value.error_dict["email"]] == ["unique"]


def test_a_user_may_keep_the_own_address(ada: User) -> None:
    ada.email = ada.email.upper()
    ada.full_clean()


def test_passwords_are_hashed_with_argon2(ada: User) -> None:
    assert ada.password.startswith("argon2$argon2id$")


def test_an_older_hash_becomes_argon2_at_the_next_sign_in(ada: User) -> None:
    from django.contrib.auth import authenticate
    from django.contrib.auth.hashers import make_password

    User.objects.filter(pk=ada.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    assert authenticate(username=ada.email, password=PASSWORD) == ada
    ada.refresh_from_db()
    assert ada.password.startswith("argon2$")


def test_a_superuser_may_open_the_admin(db: None) -> None:
    user = User.objects.create_superuser("root@example.com", PASSWORD, name="Root")
    assert user.is_staff
    assert user.is_superuser


@pytest.mark.django_db(transaction=True)
def test_of_two_registrations_at_the_same_time_one_is_told_that_the_address_is_taken(
    wait_for_blocked: Callable[[int], None],
) -> None:
    email = f"race-{uuid.uuid4().hex}@example.com"
    caught: list[Any] = []

    def second() -> None:
        try:
            services.register(email=email.upper(), name="Second", password=PASSWORD)
        except ValidationError as error:
            caught.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():  # the first one is not committed while the second one looks
        User.objects.create_user(email, PASSWORD, name="First")
        thread.start()
        wait_for_blocked(1)
    thread.join(10)
    assert [error.code for error in caught[0].error_dict["email"]] == ["unique"]
    assert User.objects.with_email(email).get().name == "First"
