"""A forgotten password: a link by mail, which works once and for a while."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts import attempts, selectors, services
from apps.accounts.models import User

MAIL = """Somebody, probably you, asked to reset the password of your account at {site}.

To choose a new one, open this link within {minutes} minutes. It works once:

{site}/#reset={token}

If it was not you, there is nothing to do: your password stays as it is.
"""


def request_password_reset(*, email: str) -> None:
    """Have a link mailed to this address, if an account has it.

    Whether one does is looked up by the task and not here, so that neither the answer nor its time tells.
    """
    from apps.accounts.tasks import send_password_reset_mail

    try:
        validate_email(email.strip())
    except ValidationError as error:
        raise ValidationError({"email": error.error_list}) from error
    transaction.on_commit(lambda: send_password_reset_mail.delay(email.strip()))


def mail_reset_link(*, email: str) -> None:
    """Send the link to the account's own spelling of the address; do nothing where there is no account."""
    user = selectors.active_user_by_email(email)
    if user is None:
        return
    text = MAIL.format(
        site=settings.SITE_URL, minutes=settings.PASSWORD_RESET_TIMEOUT // 60, token=reset_token_for(user)
    )
    send_mail("Reset your password", text, None, [user.email])


def reset_token_for(user: User) -> str:
    """Return the text in the link. It signs password, address and last login: a change of one ends it."""
    return f"{user.pk.hex}-{default_token_generator.make_token(user)}"


def reset_password(*, token: str, new_password: str, address: str) -> User:
    """Set a new password by a mailed token, ending all sessions, and forget the failures that led here."""
    with transaction.atomic():
        user = locked_user_of(token)
        services.set_new_password(user, new_password)
    attempts.forget(email=user.email, address=address)
    return user


def locked_user_of(token: str) -> User:
    """Return the user a token was made for, the row locked: of two uses at the same time, one is too late."""
    user_id, _, check = token.strip().partition("-")
    try:
        user = User.objects.select_for_update().filter(pk=uuid.UUID(hex=user_id), is_active=True).first()
    except ValueError:
        user = None
    if user is None or not default_token_generator.check_token(user, check):
        message = "This link has expired or was used already. Ask for a new one."
        raise ValidationError(message, code="token_expired_or_used")
    return user
