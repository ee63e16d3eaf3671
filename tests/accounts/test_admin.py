import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import User
from apps.accounts.tokens import hash_of

PASSWORD = "correct horse staple"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com", PASSWORD, name="Root"))
    return client


def test_it_finds_users(admin: Client, ada: User) -> None:
    page = admin.get(reverse("admin:accounts_user_changelist"), {"q": "ada-"})
    assert ada.email in page.content.decode()


def test_it_adds_a_user_who_can_sign_in(admin: Client) -> None:
    given = {"email": "new@example.com", "name": "New", "usable_password": "true"}
    admin.post(reverse("admin:accounts_user_add"), {**given, "password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get_by_natural_key("NEW@example.com").check_password(PASSWORD)


def test_it_tells_that_an_address_is_taken(admin: Client, ada: User) -> None:
    given = {"email": ada.email.upper(), "name": "New", "usable_password": "true"}
    page = admin.post(reverse("admin:accounts_user_add"), {**given, "password1": PASSWORD, "password2": PASSWORD})
    assert page.context["adminform"].errors == {"email": ["An account with this email address exists already."]}


def test_it_changes_a_user_and_keeps_the_password(admin: Client, ada: User) -> None:
    address = reverse("admin:accounts_user_change", args=[ada.pk])
    assert "argon2" in admin.get(address).content.decode()
    admin.post(address, {"email": ada.email, "name": "Countess", "is_active": "on"})
    ada.refresh_from_db()
    assert ada.name == "Countess"
    assert ada.check_password(PASSWORD)


def test_signing_in_takes_the_address_in_any_case(db: None) -> None:
    User.objects.create_superuser("root@example.com", PASSWORD, name="Root")
    page = Client().post(reverse("admin:login"), {"username": "ROOT@example.com", "password": PASSWORD, "next": "/"})
    assert page.status_code == 302


def test_it_never_shows_a_token_and_can_not_make_one(admin: Client, ada: User) -> None:
    token, text = services.create_access_token(user=ada, name="script", expires_at=None)
    for page in (
        admin.get(reverse("admin:accounts_accesstoken_changelist"), {"q": "script"}),
        admin.get(reverse("admin:accounts_accesstoken_change", args=[token.pk])),
    ):
        content = page.content.decode()
        assert token.prefix in content
        assert text not in content
        assert hash_of(text) not in content
    assert admin.get(reverse("admin:accounts_accesstoken_add")).status_code == 403


def test_it_revokes_tokens(admin: Client, ada: User) -> None:
    token, _ = services.create_access_token(user=ada, name="script", expires_at=None)
    chosen = {"action": "revoke", "_selected_action": [str(token.pk)]}
    page = admin.post(reverse("admin:accounts_accesstoken_changelist"), chosen, follow=True)
    assert "Revoked 1 access token." in page.content.decode()
    token.refresh_from_db()
    assert token.revoked_at is not None
