"""Users, whose login is an email address in whatever case, and the access tokens of their programs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from config.database import primary_key

if TYPE_CHECKING:
    from collections.abc import Collection

no_null_characters = ProhibitNullCharactersValidator()  # PostgreSQL's text can't hold them

EMAIL_TAKEN = "An account with this email address exists already."


class UserManager(BaseUserManager["User"]):
    """Finds and creates users."""

    def with_email(self, email: str) -> models.QuerySet[User]:
        """Return the users, none or one, with this address in any case: PostgreSQL lowers both sides."""
        if "\0" in email:  # PostgreSQL's text has no such character, so nobody has it in an address
            return self.none()
        return self.filter(Exact(Lower("email"), Lower(models.Value(email.strip()))))

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user whom Django's backends and commands know by this login."""
        return self.with_email(username or "").get()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; without a password nobody can sign in by one."""
        user = self.model(email=self.normalize_email(email.strip()), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user who may do everything, also in the admin."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in."""

    id = primary_key()
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=150, validators=[no_null_characters])
    is_active = models.BooleanField(default=True, help_text="Untick instead of deleting: it ends sessions and tokens.")
    is_staff = models.BooleanField(default=False, help_text="May open the admin.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=EMAIL_TAKEN,
                violation_error_code="unique",
            ),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="user_newest")]

    def get_session_auth_hash(self) -> str:
        """Return what a session has to hold: it ends with the password.

        Django's own is made with the secret key as well. After a new key it gives each session a new cookie at once, and signs out
        whoever has two requests under way. Sessions are in the database, as the password's hash is: the key would protect nothing.
        """
        return hashlib.blake2b(self.password.encode(), digest_size=32, person=b"session").hexdigest()

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """Return the name, which the admin greets by."""
        return self.name

    def get_short_name(self) -> str:
        """Return the name, which the admin greets by."""
        return self.name

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Tell a taken address as an error of the email, which Django leaves to no field."""
        try:
            super().validate_constraints(exclude=exclude)
        except ValidationError as error:
            raise ValidationError({"email": error.error_dict[NON_FIELD_ERRORS]}) from error


class AccessToken(models.Model):
    """A secret by which a program acts as its user. Only its hash is kept: a stolen table opens nothing."""

    id = primary_key()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=100, validators=[no_null_characters], help_text="What uses the token.")
    token_hash = models.CharField(max_length=64, editable=False)
    prefix = models.CharField(max_length=12, editable=False, help_text="The token's first characters.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_hash"], name="access_token_hash_unique")]
        indexes = [models.Index(fields=["user", "created_at", "id"], name="access_token_user_newest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
