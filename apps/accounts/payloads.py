"""What the accounts' mutations take and answer with."""

from datetime import datetime

import strawberry

from api.payloads import UserError
from apps.accounts.types import AccessToken, User


@strawberry.input(description="A new account.")
class RegisterInput:
    """Who is to be registered."""

    email: str = strawberry.field(description="The login, in any case; no two accounts have the same.")
    name: str = strawberry.field(description="Shown to everybody.")
    password: str = strawberry.field(description="At least ten characters that nobody guesses.")


@strawberry.input(description="Whom to sign in.")
class LoginInput:
    """Credentials."""

    email: str = strawberry.field(description="The login, in any case.")
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="A change of one's own password.")
class ChangePasswordInput:
    """The old one proves that it is not somebody at an unlocked screen."""

    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="The password from now on.")


@strawberry.input(description="Whose password was forgotten.")
class RequestPasswordResetInput:
    """Where the link goes."""

    email: str = strawberry.field(description="Where the link goes, if there is such an account.")


@strawberry.input(description="A new password in place of a forgotten one.")
class ResetPasswordInput:
    """The link's token and the password chosen."""

    token: str = strawberry.field(description="What follows `#reset=` in the mailed link.")
    new_password: str = strawberry.field(description="The password from now on.")


@strawberry.input(description="A new access token.")
class CreateAccessTokenInput:
    """What it is for, and until when."""

    name: str = strawberry.field(description="What uses the token.")
    expires_at: datetime | None = strawberry.field(default=None, description="Null: never.")


@strawberry.input(description="Which access token to revoke.")
class RevokeAccessTokenInput:
    """One's own."""

    id: strawberry.ID = strawberry.field(description="The token.")


@strawberry.type(description="The new user, or what was wrong.")
class RegisterPayload:
    """Registering does not sign in."""

    user: User | None = strawberry.field(default=None, description="The new user.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="Who is signed in now, or what was wrong.")
class LoginPayload:
    """Comes with the session's cookie."""

    viewer: User | None = strawberry.field(default=None, description="Who is signed in now.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="Nobody is signed in any more.")
class LogoutPayload:
    """True also where nobody was."""

    ok: bool = strawberry.field(description="True, also where nobody was.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="Who has the new password, or what was wrong.")
class ChangePasswordPayload:
    """The session stays; the others have ended."""

    viewer: User | None = strawberry.field(default=None, description="Who has the new password.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="The same whether or not the address has an account.")
class RequestPasswordResetPayload:
    """Tells nothing about the address."""

    ok: bool = strawberry.field(description="False for what is no address at all.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="Whether the password was set, or what was wrong.")
class ResetPasswordPayload:
    """Does not sign in."""

    ok: bool = strawberry.field(description="Whether the password was set.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="The new access token, or what was wrong.")
class CreateAccessTokenPayload:
    """The only answer that ever has a token's text."""

    access_token: AccessToken | None = strawberry.field(default=None, description="The new token.")
    token: str | None = strawberry.field(
        default=None, description="Send it as `Authorization: Bearer …`. Shown this once."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="The access token that opens nothing any more.")
class RevokeAccessTokenPayload:
    """A token that is not one's own is a NOT_FOUND among the top-level errors."""

    access_token: AccessToken | None = strawberry.field(default=None, description="The token as it is now.")
    errors: list[UserError] = strawberry.field(default_factory=list)
