"""The page Operations: who may see it, and what it says of each thing that is well, not well, or away."""

import datetime
import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import User
from apps.operations import backups, certificate, charts, deploys, overview, queue, samples
from ops.deploy import history

ADDRESS = "admin:operations_overview_changelist"
HEALTH: dict[str, Any] = {"problems": [], "free_bytes": 5_000_000, "drill": None, "jobs": {"db": {"next_due": None}}}


def a_set(days: int, *, level: int = 5, is_offsite: bool = True) -> dict[str, Any]:
    at = timezone.now() - datetime.timedelta(days=days)
    return {
        "id": at.strftime("%Y%m%dT%H%M%SZ"),
        "at": at.isoformat(),
        "bytes": 1_000_000 + days,
        "level": level,
        "verified_at": at.isoformat(),
        "is_offsite": is_offsite,
        "is_before_restore": False,
    }


@pytest.fixture
def root(make_user: Callable[..., User]) -> Client:
    return signed_in(make_user("root", is_staff=True, is_superuser=True))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def service(settings: Settings) -> Iterator[dict[str, Any]]:
    """What a backup service answers by path, to be changed."""
    told: dict[str, Any] = {"/health": (200, HEALTH), "/sets": (200, {"sets": [a_set(0), a_set(1, level=3)]})}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = told[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.BACKUP_STATUS_URL = f"http://127.0.0.1:{server.server_address[1]}"
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture
def record(settings: Settings, tmp_path: Path) -> Path:
    """The folder in which scripts/deploy.sh keeps its record; the page reads what it shows of that."""
    settings.DEPLOYS_DIR = str(tmp_path / history.SHOWN)
    return tmp_path


class TestPermission:
    def test_staff_with_the_permission_see_it(self, make_user: Callable[..., User]) -> None:
        user = make_user("operator", is_staff=True)
        user.user_permissions.add(
            Permission.objects.get(codename="view_overview", content_type__app_label="operations")
        )
        client = signed_in(user)
        assert client.get(reverse(ADDRESS)).status_code == 200
        assert "Operations" in client.get(reverse("admin:index")).content.decode()

    def test_staff_without_it_do_not(self, make_user: Callable[..., User]) -> None:
        client = signed_in(make_user("editor", is_staff=True))
        assert client.get(reverse(ADDRESS)).status_code == 403
        assert reverse(ADDRESS) not in client.get(reverse("admin:index")).content.decode()

    def test_who_is_not_staff_does_not_even_with_it(self, ada: User) -> None:
        ada.user_permissions.add(Permission.objects.get(codename="view_overview", content_type__app_label="operations"))
        assert signed_in(ada).get(reverse(ADDRESS)).status_code == 302

    def test_nobody_does(self, db: None) -> None:
        assert Client().get(reverse(ADDRESS)).status_code == 302

    def test_nothing_can_be_added_changed_or_deleted(self, root: Client) -> None:
        assert root.get(reverse("admin:operations_overview_add")).status_code == 403
        assert root.post(reverse(ADDRESS), {"action": "delete_selected"}).status_code == 200
        assert Permission.objects.filter(content_type__app_label="operations").count() == 1


@pytest.mark.django_db
class TestPage:
    def test_it_loads_nothing_foreign_and_has_no_script_or_style_of_its_own(
        self, root: Client, service: dict[str, Any], record: Path
    ) -> None:
        history.append(record, history.Record(what="deploy", from_version="", to_version="a", result="done", seconds=1))
        samples.take()
        text = root.get(reverse(ADDRESS)).content.decode()
        own = text.split('id="content-main"')[1].split('id="footer"')[0]
        assert not re.findall(r"<script|<style|style=|https?://", own)
        assert own.count("<svg") == 3

    def test_it_is_kept_by_nobody(self, root: Client) -> None:
        assert "no-store" in root.get(reverse(ADDRESS)).headers["Cache-Control"]

    def test_backups_say_whether_they_were_restored(self, root: Client, service: dict[str, Any]) -> None:
        text = root.get(reverse(ADDRESS)).content.decode()
        assert "restored, equal, and sound" in text
        assert 'class="bad">restored</td>' in text

    def test_what_is_wrong_with_backups_stands_there_with_its_hint(self, root: Client, service: dict[str, Any]) -> None:
        wrong = [{"code": "x", "what": "The last <backup> failed", "hint": "See the log"}]
        service["/health"] = (503, {**HEALTH, "problems": wrong})
        text = root.get(reverse(ADDRESS)).content.decode()
        assert "The last &lt;backup&gt; failed" in text
        assert "See the log" in text

    def test_deploys_are_those_that_were_written_down(self, root: Client, record: Path) -> None:
        for version, result, why in (("a" * 40, history.DONE, ""), ("b" * 40, history.FAILED, "it is <unhealthy>")):
            history.append(
                record,
                history.Record(what="deploy", from_version="", to_version=version, result=result, seconds=48, why=why),
            )
        text = root.get(reverse(ADDRESS)).content.decode()
        assert "it is &lt;unhealthy&gt;" in text
        assert text.index("bbbbbbbbbbbb") < text.rindex("aaaaaaaaaaaa")

    def test_everything_away_is_a_page_all_the_same(
        self, root: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        settings.BACKUP_STATUS_URL, settings.DEPLOYS_DIR = "http://127.0.0.1:9", str(tmp_path / "none")
        settings.MEDIA_ROOT = str(tmp_path / "none")
        settings.USE_TLS, settings.CERTIFICATE_ADDRESS = True, "127.0.0.1:9"
        monkeypatch.setattr(certificate, "_found", None)
        monkeypatch.setattr(queue, "depth", lambda: None)
        monkeypatch.setattr(samples, "read", list)
        answer = root.get(reverse(ADDRESS))
        assert answer.status_code == 200
        assert "The backup service does not answer" in answer.content.decode()


class TestJudgement:
    @pytest.mark.parametrize(("days", "state"), [(40, "good"), (20, "warning"), (13, "bad"), (-1, "bad")])
    def test_a_certificate_is_told_of_in_time(self, settings: Settings, days: int, state: str) -> None:
        settings.USE_TLS = True
        now = timezone.now()
        expiry = now + datetime.timedelta(days=days, minutes=1)
        assert overview.of_certificate(expiry, now=now).state == state

    def test_a_backup_that_was_not_restored_is_none(self) -> None:
        found = backups.as_backups(HEALTH, {"sets": [a_set(0, level=3)]})
        assert overview.of_backup(found, now=timezone.now()).state == "bad"

    def test_one_before_a_restore_is_no_measure(self) -> None:
        found = backups.as_backups(HEALTH, {"sets": [{**a_set(0), "is_before_restore": True}, a_set(3)]})
        assert found.newest is not None
        assert found.newest.id == found.sets[1].id
        assert overview.of_backup(found, now=timezone.now()).state == "warning"

    @pytest.mark.parametrize("body", [[], {"sets": [{}]}, {"sets": 7}, "x"])
    def test_an_answer_of_another_version_is_told_and_no_failure(self, service: dict[str, Any], body: Any) -> None:
        service["/sets"] = (200, body)
        assert "does not know" in backups.ask().away

    def test_an_answer_of_an_error_is_told(self, service: dict[str, Any]) -> None:
        service["/sets"] = (404, {})
        assert "does not answer (HTTPError)" in backups.ask().away


class TestRecord:
    def test_the_web_server_s_user_may_read_what_is_shown_and_nothing_else(self, tmp_path: Path) -> None:
        folder = tmp_path / ".deploy"
        folder.mkdir(mode=0o700)
        history.append(folder, history.Record(what="deploy", from_version="", to_version="a", result="done", seconds=1))
        assert (folder / history.SHOWN).stat().st_mode & 0o777 == 0o755
        assert (folder / history.SHOWN / history.NAME).stat().st_mode & 0o777 == 0o644
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_lines_that_are_none_are_left_out(self, settings: Settings, tmp_path: Path) -> None:
        settings.DEPLOYS_DIR = str(tmp_path)
        (tmp_path / deploys.NAME).write_bytes(b'{"what": "dep\n[]\n\xff\n{}\n')
        assert deploys.last() == []

    def test_no_record_is_none(self, settings: Settings, tmp_path: Path) -> None:
        settings.DEPLOYS_DIR = str(tmp_path / "none")
        assert deploys.last() is None


class TestSamples:
    @pytest.fixture(autouse=True)
    def none_before(self) -> Iterator[None]:
        queue.server().delete(samples.KEY)
        yield
        queue.server().delete(samples.KEY)

    def test_they_are_read_as_they_were_taken_and_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(samples, "KEPT", 3)
        for _ in range(5):
            samples.take()
        found = samples.read()
        assert len(found) == 3
        assert found[0].at <= found[-1].at <= time.time()

    def test_one_a_minute_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(samples, "_taken", -samples.EVERY_SECONDS - time.monotonic())
        for _ in range(3):
            samples.take_when_due()
        assert len(samples.read()) == 1

    def test_a_redis_that_is_away_is_no_sample(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.BROKER_REDIS_URL = "redis://127.0.0.1:9/0"
        monkeypatch.setattr(queue, "server", queue.server.__wrapped__)
        samples.take()
        assert samples.read() == []


def test_bars_stay_within_the_chart() -> None:
    found = charts.bars([(0, "good", "a"), (5, "good", "b"), (10, "bad", "c")], slots=4)
    assert [bar.height for bar in found] == [charts.LEAST_BAR, charts.HEIGHT / 2, charts.HEIGHT]
    assert all(bar.x >= 0 and bar.x + bar.width <= charts.WIDTH for bar in found)


def test_a_line_has_the_points_of_its_time_alone() -> None:
    assert charts.line([(-5, 1), (0, 0), (10, 2)], begin=0, end=10, highest=2) == "0.0,79.0 600.0,1.0"
    assert charts.line([], begin=0, end=0, highest=0) == ""
