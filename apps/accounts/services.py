"""What changes an account. Every function raises ValidationError for what a person can mend, by field."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import auth
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from api.errors import NotFoundError
from apps.accounts import attempts, tokens
from apps.accounts.models import EMAIL_TAKEN, AccessToken, User

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from django.http import HttpRequest

# Later dates are a slip of the hand, and from the year 10000 on could be stored but not read again.
LONGEST_EXPIRY = timedelta(days=100 * 365)


def register(*, email: str, name: str, password: str) -> User:
    """Create a user, who is not signed in by that."""
    user = User(email=User.objects.normalize_email(email.strip()), name=name.strip())
    check_new_user(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody took the address since it was checked
        raise ValidationError({"email": ValidationError(EMAIL_TAKEN, code="unique")}) from error
    return user


def check_new_user(user: User, password: str) -> None:
    """Raise one ValidationError with all that is wrong with the fields and the password."""
    errors: dict[str, list[ValidationError]] = {}
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        errors = error.error_dict
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors["password"] = error.error_list
    if errors:
        raise ValidationError(errors)


def log_in(*, request: HttpRequest, email: str, password: str, address: str) -> User:
    """Sign in, with a session under a new key; raises TooManyAttemptsError after too many wrong passwords.

    Django's backend hashes the password for an unknown address too, so the time does not tell one.
    """
    attempts.start(email=email, address=address)
    user = auth.authenticate(request, username=email, password=password)
    if user is None:
        raise ValidationError("The email address and the password do not match.", code="wrong_credentials")
    attempts.succeed(email=email, address=address)
    auth.login(request, user)  # also has the csrftoken cookie set anew, which the browser's next request needs
    return user


def log_out(*, request: HttpRequest) -> None:
    """End the request's session, if it has one."""
    auth.logout(request)


def change_password(
    *, request: HttpRequest, user: User, current_password: str, new_password: str, address: str
) -> None:
    """Change the password; it ends every session but the request's own.

    Each session holds a hash of the password it was begun with, and Django refuses it once that is another.
    Access tokens stay: they belong to programs, and are revoked one by one.
    """
    attempts.start(email=user.email, address=address)
    if not user.check_password(current_password):
        wrong = ValidationError("This is not your current password.", code="wrong_credentials")
        raise ValidationError({"current_password": wrong})
    attempts.succeed(email=user.email, address=address)
    # Asked ahead: afterwards it is a session of the old password. A program with a bearer token has none to keep.
    is_in_session = request.user == user
    set_new_password(user, new_password)
    if is_in_session:
        auth.update_session_auth_hash(request, user)


def set_new_password(user: User, new_password: str) -> None:
    """Store a password if it is good enough; raises ValidationError under `new_password`."""
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise ValidationError({"new_password": error.error_list}) from error
    user.set_password(new_password)
    user.save(update_fields=["password"])


def create_access_token(*, user: User, name: str, expires_at: datetime | None) -> tuple[AccessToken, str]:
    """Return a new token and its text, which can't be had again; a time without a zone is in the server's."""
    text = tokens.new_token()
    token = AccessToken(user=user, name=name.strip(), token_hash=tokens.hash_of(text), prefix=tokens.prefix_of(text))
    token.expires_at = checked_expiry(expires_at)
    token.full_clean()
    token.save()
    return token, text


def checked_expiry(expires_at: datetime | None) -> datetime | None:
    """Return the time as one with a zone; raises ValidationError unless it lies ahead."""
    if expires_at is None:
        return None
    if timezone.is_naive(expires_at):
        expires_at = timezone.make_aware(expires_at)
    now = timezone.now()
    if not now < expires_at < now + LONGEST_EXPIRY:
        message = "The expiry has to lie ahead, and less than 100 years. Without one the token does not expire."
        raise ValidationError({"expires_at": ValidationError(message, code="out_of_range")})
    return expires_at


def revoke_access_token(*, user: User, token_id: uuid.UUID) -> AccessToken:
    """Make a token useless for ever; again changes nothing. Raises NotFoundError unless it is the user's."""
    AccessToken.objects.filter(user=user, pk=token_id, revoked_at=None).update(revoked_at=timezone.now())
    token = AccessToken.objects.filter(user=user, pk=token_id).first()
    if token is None:
        raise NotFoundError("There is no such access token.")
    return token
