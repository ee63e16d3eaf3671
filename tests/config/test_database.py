"""What models take from config.database."""

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.gallery.models import Album


class TestOneOf:
    def test_another_value_is_refused_by_python_and_by_postgresql(self, ada: User) -> None:
        album = Album(owner=ada, title="Hills", visibility="SECRET")
        with CaptureQueriesContext(connection) as seen, pytest.raises(ValidationError) as refusal:
            album.validate_constraints()
        assert len(seen) == 0
        assert refusal.value.messages == ["Constraint “album_visibility_known” is violated."]
        with pytest.raises(IntegrityError), transaction.atomic():
            album.save()

    @pytest.mark.parametrize("visibility", ["PUBLIC", None])
    def test_a_known_value_or_none_is_taken_and_nobody_is_asked(self, ada: User, visibility: Any) -> None:
        with CaptureQueriesContext(connection) as seen:
            Album(owner=ada, title="Hills", visibility=visibility).validate_constraints()
        assert len(seen) == 0

    def test_a_field_that_is_left_out_is_not_looked_at(self, ada: User) -> None:
        Album(owner=ada, title="Hills", visibility="SECRET").validate_constraints(exclude={"visibility"})

    def test_what_only_postgresql_can_work_out_is_asked_of_it(self, ada: User) -> None:
        album = Album(owner=ada, title="Hills", visibility=models.Value("SECRET"))
        with pytest.raises(ValidationError):
            album.validate_constraints()

    def test_migrations_know_it_as_django_s_own(self, db: None) -> None:
        call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())
        known = Album._meta.constraints[0].deconstruct()
        assert known[0] == "django.db.models.CheckConstraint"
        assert Album._meta.constraints[0].clone() == Album._meta.constraints[0]
