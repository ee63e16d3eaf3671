import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from api.errors import NotFoundError
from apps.accounts.models import User
from apps.gallery import events, files, images, renditions, services
from apps.gallery.models import Album, Photo, PhotoState, Rendition, Visibility
from tests.gallery.conftest import upload, uploaded_and_ready
from tests.pictures import picture


def stored_files(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


class TestUpload:
    def test_it_stores_the_file_under_a_name_that_nobody_can_guess(self, album: Album) -> None:
        names = {upload(album).file_name for _ in range(3)}
        tokens = {name.split("/")[1] for name in names}
        assert len(tokens) == 3
        assert all(len(token) == 32 for token in tokens)

    def test_its_hash_and_size_are_those_of_the_stored_file(self, album: Album) -> None:
        import hashlib

        photo = upload(album)
        content = files.read(photo.file_name)
        assert photo.bytes == len(content)
        assert photo.sha256 == hashlib.sha256(content).hexdigest()

    def test_another_s_album_is_not_found(self, album: Album, grace: User) -> None:
        with pytest.raises(NotFoundError):
            services.add_photo(grace, album.pk, io.BytesIO(picture()), size=100)

    def test_a_row_that_cannot_be_written_leaves_no_file(self, album: Album, settings: Settings) -> None:
        with pytest.raises(ValidationError):
            upload(album, caption="x" * 2000)
        assert stored_files(settings) == []

    def test_tags_are_shared_in_lower_case(self, album: Album) -> None:
        first, second = upload(album, tags=["Sky", "sea "]), upload(album, tags=["SKY"])
        assert sorted(tag.name for tag in first.tags.all()) == ["sea", "sky"]
        assert second.tags.get() in first.tags.all()

    @pytest.mark.parametrize("tags", [["t"] * 2 + [str(n) for n in range(30)], ["x" * 51]], ids=["many", "long"])
    def test_too_many_or_too_long_tags_are_refused(self, album: Album, tags: list[str]) -> None:
        with pytest.raises(ValidationError):
            upload(album, tags=tags)

    def test_a_broker_that_is_away_loses_nothing(
        self,
        album: Album,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise BrokerError("Connection refused")

        monkeypatch.setattr("config.celery.app.send_task", refuse)
        with (
            caplog.at_level(logging.WARNING, "slipway.gallery"),
            django_capture_on_commit_callbacks(execute=True),
        ):
            photo = upload(album)
        assert Photo.objects.get(pk=photo.pk).state == PhotoState.PENDING
        assert "cannot enqueue a task" in caplog.text


class TestRenditions:
    def test_a_photo_becomes_ready_with_three_sizes(self, album: Album) -> None:
        photo = uploaded_and_ready(album, picture(size=(600, 400)))
        assert photo.state == PhotoState.READY
        assert photo.dominant_color.startswith("#")
        assert sorted(photo.renditions.values_list("size", flat=True)) == ["LARGE", "MEDIUM", "SMALL"]

    def test_its_task_may_come_twice(self, album: Album, settings: Settings) -> None:
        photo = uploaded_and_ready(album)
        renditions.make(photo.pk)
        assert photo.renditions.count() == 3
        assert len(stored_files(settings)) == 4

    def test_two_workers_at_once_leave_one_set_of_files(self, album: Album, settings: Settings) -> None:
        photo = upload(album)
        as_seen_by_the_slower = Photo.objects.get(pk=photo.pk)
        renditions.make(photo.pk)
        renditions.keep(as_seen_by_the_slower, list(images.render(io.BytesIO(picture()))))
        assert photo.renditions.count() == 3
        assert len(stored_files(settings)) == 4

    def test_a_truncated_jpeg_becomes_failed_with_a_reason(self, album: Album) -> None:
        photo = uploaded_and_ready(album, picture(size=(1000, 800))[:6000])
        assert photo.state == PhotoState.FAILED
        assert "cannot be decoded" in photo.failure_reason

    def test_a_file_that_is_gone_becomes_failed_with_a_reason(self, album: Album) -> None:
        photo = upload(album)
        default_storage.delete(photo.file_name)
        renditions.make(photo.pk)
        photo.refresh_from_db()
        assert photo.state == PhotoState.FAILED
        assert "gone" in photo.failure_reason

    def test_a_photo_that_was_deleted_meanwhile_is_no_error(self, album: Album) -> None:
        photo = upload(album)
        photo_id = photo.pk
        photo.delete()
        renditions.make(photo_id)

    def test_what_waits_too_long_is_sent_again_but_once(self, album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[tuple[Any, ...]] = []
        photo = upload(album)
        Photo.objects.update(created_at=photo.created_at - 2 * renditions.REQUEUE_AFTER)
        monkeypatch.setattr(services, "enqueue", lambda *arguments: sent.append(arguments))
        assert (renditions.requeue_pending(), renditions.requeue_pending()) == (1, 0)
        assert sent == [("gallery.make_renditions", photo.pk)]


class TestVisibility:
    def test_photos_follow_their_album_at_once(self, album: Album) -> None:
        photo = uploaded_and_ready(album)
        services.update_album(album.owner, album.pk, visibility=Visibility.PRIVATE)
        photo.refresh_from_db()
        assert photo.visibility == Visibility.PRIVATE

    def test_renditions_of_an_album_made_private_leave_their_public_names(self, album: Album) -> None:
        photo = uploaded_and_ready(album)
        old_names = [rendition.file_name for rendition in photo.renditions.all()]
        services.update_album(album.owner, album.pk, visibility=Visibility.PRIVATE)
        with transaction.atomic():
            renditions.place(album.pk)
        names = [rendition.file_name for rendition in photo.renditions.all()]
        assert all(name.startswith("private/") and default_storage.exists(name) for name in names)
        assert not set(names) & set(old_names)

    def test_placing_is_asked_for_again_until_it_is_done(self, album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[tuple[Any, ...]] = []
        monkeypatch.setattr(services, "enqueue", lambda *arguments: sent.append(arguments))
        services.update_album(album.owner, album.pk, visibility=Visibility.PRIVATE)
        renditions.requeue_pending()
        assert ("gallery.place_renditions", album.pk) in sent
        renditions.place(album.pk)
        album.refresh_from_db()
        assert not album.is_being_placed

    def test_an_unlisted_album_s_renditions_are_served_by_name(self, make_album: Callable[..., Album]) -> None:
        photo = uploaded_and_ready(make_album(visibility="UNLISTED"))
        assert all(r.file_name.startswith("public/") for r in Rendition.objects.filter(photo=photo))


class TestDeletion:
    def test_files_go_after_the_commit(
        self,
        album: Album,
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        photo = uploaded_and_ready(album)
        with django_capture_on_commit_callbacks(execute=True):
            services.delete_photo(album.owner, photo.pk)
            assert len(stored_files(settings)) == 4
        assert stored_files(settings) == []

    def test_files_stay_where_the_deletion_is_rolled_back(
        self,
        album: Album,
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        photo = uploaded_and_ready(album)
        with (
            django_capture_on_commit_callbacks(execute=True),
            pytest.raises(ZeroDivisionError),
            transaction.atomic(),
        ):
            _ = services.delete_photo(album.owner, photo.pk), 1 / 0
        assert len(stored_files(settings)) == 4

    def test_an_album_takes_its_photos_and_their_files_along(
        self,
        album: Album,
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        uploaded_and_ready(album)
        with django_capture_on_commit_callbacks(execute=True):
            services.delete_album(album.owner, album.pk)
        assert stored_files(settings) == []

    def test_a_cover_that_is_deleted_leaves_the_album_without(self, album: Album) -> None:
        photo = upload(album)
        services.update_album(album.owner, album.pk, cover_id=photo.pk)
        services.delete_photo(album.owner, photo.pk)
        album.refresh_from_db()
        assert album.cover is None

    def test_another_s_photo_is_not_found(self, album: Album, grace: User) -> None:
        photo = upload(album)
        with pytest.raises(NotFoundError):
            services.delete_photo(grace, photo.pk)


class TestEvents:
    def test_a_redis_that_is_away_is_logged_and_the_change_stands(
        self, album: Album, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refuse() -> None:
            raise ConnectionRefusedError(111, "Connection refused")

        monkeypatch.setattr(events, "get_channel_layer", refuse)
        with caplog.at_level(logging.WARNING, "slipway.gallery"):
            events.publish(album.pk, photo_id=album.pk, kind="UPDATED")
        assert "cannot tell watchers" in caplog.text
