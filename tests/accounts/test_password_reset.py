import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import connection, transaction
from kombu.exceptions import OperationalError
from pytest_django import Settings

from apps.accounts import password_reset
from apps.accounts.models import User
from apps.accounts.tasks import send_password_reset_mail
from config.celery import app

NEW_PASSWORD = "battery staple horse"
Queued = Callable[[], list[tuple[str, list[Any]]]]


def token_in(mail: EmailMessage) -> str:
    found = re.search(r"/#reset=(\S+)", str(mail.body))
    assert found
    return found[1]


def test_it_leaves_looking_the_address_up_to_the_task(
    transactional_db: None, queued: Queued, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        password_reset.request_password_reset(email=" Nobody@example.com")
    assert queued() == [("accounts.send_password_reset_mail", ["Nobody@example.com"])]


def test_nothing_is_queued_before_the_commit(transactional_db: None, queued: Queued) -> None:
    with transaction.atomic():
        password_reset.request_password_reset(email="nobody@example.com")
        assert queued() == []
    assert len(queued()) == 1


def test_it_refuses_what_is_no_address(db: None) -> None:
    with pytest.raises(ValidationError) as caught:
        password_reset.request_password_reset(email="nonsense")
    assert list(caught.value.error_dict) == ["email"]


def test_without_its_broker_it_raises_for_known_and_unknown_alike(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    with pytest.raises(OperationalError):
        password_reset.request_password_reset(email="nobody@example.com")


def test_the_mail_goes_to_the_accounts_own_address_with_a_link_that_works(
    ada: User, mailoutbox: list[EmailMessage], settings: Settings, address: str
) -> None:
    settings.SITE_URL = "https://pictures.example.com"
    send_password_reset_mail(ada.email.upper())
    (mail,) = mailoutbox
    assert mail.to == [ada.email]
    assert "https://pictures.example.com/#reset=" in mail.body
    assert "within 60 minutes" in mail.body
    password_reset.reset_password(token=token_in(mail), new_password=NEW_PASSWORD, address=address)
    ada.refresh_from_db()
    assert ada.check_password(NEW_PASSWORD)


def test_nobody_gets_mail_for_an_unknown_address(db: None, mailoutbox: list[EmailMessage]) -> None:
    send_password_reset_mail("nobody@example.com")
    assert mailoutbox == []


def test_an_inactive_user_gets_no_mail(ada: User, mailoutbox: list[EmailMessage]) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    send_password_reset_mail(ada.email)
    assert mailoutbox == []


def test_a_link_works_once(ada: User, address: str) -> None:
    token = password_reset.reset_token_for(ada)
    password_reset.reset_password(token=token, new_password=NEW_PASSWORD, address=address)
    assert code_of_refusal(token, address) == "token_expired_or_used"


def test_a_link_expires(ada: User, address: str, settings: Settings) -> None:
    token = password_reset.reset_token_for(ada)
    settings.PASSWORD_RESET_TIMEOUT = 0
    time.sleep(1.1)  # tokens count whole seconds
    assert code_of_refusal(token, address) == "token_expired_or_used"


@pytest.mark.parametrize("token", ["", "-", "nonsense", "nonsense-x-y", "{0}", "{0}-", "{0}-x-y", "{0}\0", "é\ud800-1"])
def test_a_malformed_token_is_answered_like_a_used_one(ada: User, address: str, token: str) -> None:
    assert code_of_refusal(token.replace("{0}", ada.pk.hex), address) == "token_expired_or_used"


def test_a_link_for_one_user_does_not_work_for_another(ada: User, grace: User, address: str) -> None:
    token = password_reset.reset_token_for(ada).replace(ada.pk.hex, grace.pk.hex)
    assert code_of_refusal(token, address) == "token_expired_or_used"


def test_a_link_of_a_user_who_became_inactive_does_not_work(ada: User, address: str) -> None:
    token = password_reset.reset_token_for(ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert code_of_refusal(token, address) == "token_expired_or_used"


def test_a_password_that_is_too_weak_leaves_the_link_usable(ada: User, address: str) -> None:
    token = password_reset.reset_token_for(ada)
    with pytest.raises(ValidationError) as caught:
        password_reset.reset_password(token=token, new_password="short", address=address)
    assert list(caught.value.error_dict) == ["new_password"]
    password_reset.reset_password(token=token, new_password=NEW_PASSWORD, address=address)


@pytest.mark.django_db(transaction=True)
def test_of_two_uses_at_the_same_time_one_is_too_late(
    ada: User, address: str, wait_for_blocked: Callable[[int], None]
) -> None:
    token = password_reset.reset_token_for(ada)
    outcomes: list[str | None] = []

    def use() -> None:
        try:
            password_reset.reset_password(token=token, new_password=NEW_PASSWORD, address=address)
            outcomes.append(None)
        except ValidationError as error:
            outcomes.append(error.error_list[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(2)]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=ada.pk)
        for thread in threads:
            thread.start()
        wait_for_blocked(2)
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes, key=str) == [None, "token_expired_or_used"]


def code_of_refusal(token: str, address: str) -> str | None:
    with pytest.raises(ValidationError) as caught:
        password_reset.reset_password(token=token, new_password=NEW_PASSWORD, address=address)
    return caught.value.error_list[0].code
