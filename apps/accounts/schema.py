"""The accounts' root fields. Each parses, calls one service, and reports."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import strawberry
from django.core.exceptions import ValidationError

from api import nodes
from api.cache_hints import PRIVATE
from api.context import Info
from api.fields import field, mutation
from api.payloads import user_errors
from apps.accounts import password_reset, payloads, selectors, services, types

COST_OF_HASHING = 200  # a password's hash is meant to take its time, as long as some hundred fields do


def own_tokens(viewer: Any, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Return the viewer's own access tokens by id."""
    return selectors.own_tokens_by_id(viewer, ids) if viewer.is_authenticated else {}


NODES: dict[str, Callable[[Any, Sequence[UUID]], dict[UUID, Any]]] = {
    "User": lambda _viewer, ids: selectors.users_by_id(ids),
    "AccessToken": own_tokens,
}


@strawberry.type
class Query:
    """Who is asking."""

    @field(description="Who is signed in, or null.", directives=PRIVATE)
    def viewer(self, info: Info) -> types.User | None:
        """Return the viewer, where there is one."""
        viewer: Any = info.context.viewer
        return viewer if viewer.is_authenticated else None


@strawberry.type
class Mutation:
    """What changes accounts and sessions."""

    @mutation(description="Create an account. It does not sign in.", cost=COST_OF_HASHING)
    def register(self, info: Info, input: payloads.RegisterInput) -> payloads.RegisterPayload:  # noqa: A002 - GraphQL's name
        """Create a user."""
        info.context.count_attempt()
        try:
            user: Any = services.register(email=input.email, name=input.name, password=input.password)
        except ValidationError as error:
            return payloads.RegisterPayload(errors=user_errors(error))
        return payloads.RegisterPayload(user=user)

    @mutation(description="Start a session, by a cookie.", cost=COST_OF_HASHING)
    def login(self, info: Info, input: payloads.LoginInput) -> payloads.LoginPayload:  # noqa: A002 - GraphQL's name
        """Sign in."""
        info.context.count_attempt()
        try:
            viewer: Any = services.log_in(
                request=info.context.session_request,
                email=input.email,
                password=input.password,
                address=info.context.address,
            )
        except ValidationError as error:
            return payloads.LoginPayload(errors=user_errors(error))
        info.context.forget_viewer()
        return payloads.LoginPayload(viewer=viewer)

    @mutation(description="End the session.")
    def logout(self, info: Info) -> payloads.LogoutPayload:
        """Sign out."""
        services.log_out(request=info.context.session_request)
        info.context.forget_viewer()
        return payloads.LogoutPayload(ok=True)

    @mutation(description="Change one's own password and end one's other sessions.", cost=COST_OF_HASHING)
    def change_password(
        self,
        info: Info,
        input: payloads.ChangePasswordInput,  # noqa: A002 - GraphQL's name
    ) -> payloads.ChangePasswordPayload:
        """Change the viewer's password."""
        user: Any = info.context.user
        try:
            services.change_password(
                request=info.context.session_request,
                user=user,
                current_password=input.current_password,
                new_password=input.new_password,
                address=info.context.address,
            )
        except ValidationError as error:
            return payloads.ChangePasswordPayload(errors=user_errors(error))
        return payloads.ChangePasswordPayload(viewer=user)

    @mutation(description="Mail a link for a new password, if the address has an account; the answer is the same.")
    def request_password_reset(
        self,
        info: Info,
        input: payloads.RequestPasswordResetInput,  # noqa: A002 - GraphQL's name
    ) -> payloads.RequestPasswordResetPayload:
        """Have a reset link mailed."""
        info.context.count_attempt()
        try:
            password_reset.request_password_reset(email=input.email)
        except ValidationError as error:
            return payloads.RequestPasswordResetPayload(ok=False, errors=user_errors(error))
        return payloads.RequestPasswordResetPayload(ok=True)

    @mutation(description="Set a new password by a mailed link's token and end all sessions.", cost=COST_OF_HASHING)
    def reset_password(
        self,
        info: Info,
        input: payloads.ResetPasswordInput,  # noqa: A002 - GraphQL's name
    ) -> payloads.ResetPasswordPayload:
        """Set a new password."""
        info.context.count_attempt()
        try:
            password_reset.reset_password(
                token=input.token, new_password=input.new_password, address=info.context.address
            )
        except ValidationError as error:
            return payloads.ResetPasswordPayload(ok=False, errors=user_errors(error))
        return payloads.ResetPasswordPayload(ok=True)

    @mutation(description="Make an access token. Its text is in this answer and nowhere else.")
    def create_access_token(
        self,
        info: Info,
        input: payloads.CreateAccessTokenInput,  # noqa: A002 - GraphQL's name
    ) -> payloads.CreateAccessTokenPayload:
        """Make an access token for the viewer."""
        user = info.context.user
        try:
            token, text = services.create_access_token(user=user, name=input.name, expires_at=input.expires_at)
        except ValidationError as error:
            return payloads.CreateAccessTokenPayload(errors=user_errors(error))
        shown: Any = token
        return payloads.CreateAccessTokenPayload(access_token=shown, token=text)

    @mutation(description="Make an access token useless for ever.")
    def revoke_access_token(
        self,
        info: Info,
        input: payloads.RevokeAccessTokenInput,  # noqa: A002 - GraphQL's name
    ) -> payloads.RevokeAccessTokenPayload:
        """Revoke one of the viewer's access tokens."""
        token_id = nodes.row_id(input.id, "AccessToken")
        revoked: Any = services.revoke_access_token(user=info.context.user, token_id=token_id)
        return payloads.RevokeAccessTokenPayload(access_token=revoked)
