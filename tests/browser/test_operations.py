"""The admin's page Operations, as staff see it: on a desk and on a phone, in light and in dark."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
import redis
from playwright.sync_api import Browser, Page, expect

from apps.operations.samples import KEY
from embedded.stack import Stack
from ops.deploy import history
from ops.service import server
from tests.browser.conftest import PATIENCE_MS
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser

EMAIL, PASSWORD = "operator@example.com", "correct horse staple"
CONTRAST_MIN = 4.5  # https://www.w3.org/TR/WCAG22/#contrast-minimum
CONTRASTS = """
() => {
  const number = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const found = number(getComputedStyle(each).backgroundColor);
      if (found.length < 4 || found[3] > 0.99) return found;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(".operations p, .operations td, .operations th, .operations h2, .operations .quiet")]
    .filter((element) => element.textContent.trim())
    .map((element) => {
      const [one, other] = [light(number(getComputedStyle(element).color)), light(behind(element))];
      return [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), element.textContent.trim().slice(0, 40)];
    });
}
"""


def sets() -> list[dict[str, Any]]:
    now = datetime.datetime.now(tz=datetime.UTC)
    found = []
    for days in range(14):
        at = now - datetime.timedelta(days=days, hours=4)
        found.append(
            {
                "id": at.strftime("%Y%m%dT%H%M%SZ"),
                "at": at.isoformat(),
                "bytes": 48_000_000 - days * 1_300_000,
                "level": 3 if days == 5 else 5,
                "verified_at": at.isoformat(),
                "is_offsite": days != 0,
                "is_before_restore": days == 9,
            }
        )
    return found


HEALTH: dict[str, Any] = {
    "problems": [{"what": "Set 20261125T030000Z is not off this machine.", "hint": "See BACKUP_OFFSITE_TARGET."}],
    "free_bytes": 21_000_000_000,
    "drill": None,
    "jobs": {"db": {"next_due": "2026-11-26T03:00:00+00:00"}},
}


@pytest.fixture(scope="module", autouse=True)
def something_to_show(system: Stack) -> Iterator[None]:
    """A record of deploys, a queue with a past, and a backup service that answers."""
    for index in range(12):
        at = datetime.datetime.now(tz=datetime.UTC) - datetime.timedelta(days=12 - index)
        failed = index == 4
        record = history.Record(
            what="rollback" if index == 5 else "deploy",
            from_version=f"{index:040x}",
            to_version=f"{0xA1B2C3D4E5F60000 + index:016x}{index:024x}",
            result=history.FAILED if failed else history.DONE,
            seconds=40 + 9 * (index % 5),
            why="It did not become healthy within 60 s." if failed else "",
            who="ops",
            when=at.isoformat(timespec="seconds"),
        )
        history.append(Path(system.folder), record)
    now = datetime.datetime.now(tz=datetime.UTC).timestamp()
    with redis.Redis.from_url(system.servers["valkey"].url) as client:
        for minutes in range(1430, 0, -10):
            waiting = max(0, 40 - abs(700 - minutes) // 5)
            sample = {"at": now - minutes * 60, "waiting": waiting, "running": min(2, waiting)}
            client.lpush(KEY, str(sample).replace("'", '"'))
    answers = {"/health": server.as_json(503, HEALTH), "/sets": server.as_json(200, {"sets": sets()})}
    port = urlsplit(system.environment["BACKUP_STATUS_URL"]).port or 0
    service = server.Server(lambda path: answers.get(path, server.NOT_FOUND), port=port)
    service.start()
    superuser = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    system.environment.update(superuser)
    system.manage("createsuperuser", "--noinput", "--email", EMAIL, "--name", "Operator")
    for name in superuser:
        del system.environment[name]
    yield
    service.shutdown()
    service.server_close()


@pytest.fixture(scope="module")
def page(browser: Browser, site: str) -> Iterator[Page]:
    """The page, opened once."""
    context = browser.new_context(base_url=site, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(context, site=site)
    opened = context.new_page()
    opened.goto("/admin/login/?next=/admin/operations/overview/")
    opened.get_by_label("Email").fill(EMAIL)
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Log in").click()
    expect(opened.get_by_role("heading", name="Operations")).to_be_visible()
    yield opened
    context.close()
    assert watch.problems == []


def test_it_shows_all_of_it(page: Page) -> None:
    for words in ("Last deploy", "Task queue", "Disk of media", "Certificate"):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_role("cell", name="restored, equal, and sound").first).to_be_visible()
    expect(page.locator("svg.chart")).to_have_count(3)
    expect(page.locator("#deploys rect.bad")).to_have_count(1)
    expect(page.get_by_text("It did not become healthy")).to_be_visible()
    expect(page.get_by_text("is not off this machine").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_can_be_read(page: Page, width: int, scheme: Literal["light", "dark"]) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert [found for found in page.evaluate(CONTRASTS) if found[0] < CONTRAST_MIN] == []
