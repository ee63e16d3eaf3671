"""scripts/deploy.sh on a bare host, then version after version while people read, write, upload and watch; and its broken twins.

All of it on one production, whose people are there from the second test to the last: whatever happens, none of them may notice.
"""

import json
import re
import signal
from collections.abc import Iterator

import pytest

from tests.running.client import Person
from tests.stack.load import Load, insist_unnoticed, under_load
from tests.stack.site import Production

pytestmark = pytest.mark.stack

LEAST_REQUESTS = 5000
WITHOUT_BACKUP = "--without-backup"
MIGRATION = """
from django.db import migrations, models

def fail(apps, schema_editor):
    raise RuntimeError("broken on purpose")

class Migration(migrations.Migration):
    dependencies = [("gallery", {before!r})]
    operations = [{operation}]
"""
MIGRATIONS = "apps/gallery/migrations/"
ADD = 'migrations.AddField("album", "place", models.CharField(max_length=9, null=True))'


@pytest.fixture
def production(deployed: Production) -> Production:
    """The production that all tests of its kind share."""
    return deployed


@pytest.fixture(scope="module")
def load(person: Person) -> Iterator[Load]:
    """What people do all the while."""
    with under_load(person) as found:
        yield found


@pytest.fixture
def unnoticed(production: Production, load: Load) -> Iterator[str]:
    """The version that serves, before the test and after it; insists that nobody has noticed anything."""
    before = production.serving()
    yield before
    insist_unnoticed(load)
    assert production.serving() == before


def migration(production: Production, operation: str) -> str:
    """Return the text of a migration after the newest."""
    before = max(path.stem for path in (production.folder / MIGRATIONS).glob("00*.py"))
    return MIGRATION.format(before=before, operation=operation)


def test_a_bare_host_serves_over_tls(production: Production, person: Person) -> None:
    assert person.ask("{ __typename }") == {"__typename": "Query"}
    assert {path.stat().st_mode & 0o777 for path in production.site.secrets.iterdir()} == {0o600}
    found = json.loads(production.deploy("--check", "--json").stdout)
    assert [finding for finding in found if finding["level"] == "error"] == []
    assert {"password", "PostgreSQL", "media", "migrations", "certificate"} <= {finding["name"] for finding in found}
    assert production.history()[-1]["to_version"] == production.serving() == production.version


def test_the_web_server_may_read_the_record_of_deploys_for_the_admin_s_page(production: Production) -> None:
    read = ("exec", "-T", f"web_{production.colour()}", "cat", "/srv/deploys/history.jsonl")
    assert production.compose(*read).splitlines()[-1].startswith('{"what": "deploy"')


def test_no_secret_is_in_a_container_s_environment(production: Production) -> None:
    secrets = [secret for path in production.site.secrets.iterdir() if (secret := path.read_text().strip())]
    assert len(secrets) > 1
    for container in production.compose("ps", "--quiet").split():
        told = production.run("docker", "inspect", container).stdout
        assert [secret for secret in secrets if secret in told] == []


def test_a_version_is_replaced_under_load_once_it_is_backed_up(production: Production, load: Load) -> None:
    before, after = production.serving(), production.publish("Two")
    production.site.change(WEB_REPLICAS="2")
    told = production.by_the_runbook("Every later deploy", last=2)
    production.site.change(WEB_REPLICAS="1")
    record = production.history()[-1]
    assert (production.serving(), record["from_version"]) == (after, before)
    assert production.web_servers() == [f"web_{production.colour()}"]
    assert production.containers(f"web_{production.colour()}") == 2
    assert re.fullmatch(r"\d{8}T\d{6}Z", record["backup"])
    assert f"scripts/deploy.sh --rollback {before}" in told
    insist_unnoticed(load)
    assert load.seen.gaps, "no watcher was told to go"


def test_a_version_that_does_not_start_never_serves(production: Production, unnoticed: str) -> None:
    start_up, step = production.text("config/start_up.py"), '    call_command("check"'
    assert step in start_up
    production.broken(
        {"config/start_up.py": start_up.replace(step, f'    raise SystemExit("broken on purpose")\n{step}')}
    )
    found = production.deploy(WITHOUT_BACKUP, check=False)
    assert found.returncode == 1
    assert re.search("keeps ending: it was started again 2 times.*\n(.*\n)*.*broken on purpose", found.stderr), (
        found.stderr
    )
    assert f"Version {unnoticed}" in found.stderr


def test_a_version_that_is_unhealthy_never_serves(production: Production, unnoticed: str) -> None:
    production.broken({"apps/health/probe.py": "raise SystemExit(1)\n"})
    before = production.site.value("DEPLOY_HEALTHY_SECONDS", "180")
    production.site.change(DEPLOY_HEALTHY_SECONDS="10")
    found = production.deploy(WITHOUT_BACKUP, check=False)
    production.site.change(DEPLOY_HEALTHY_SECONDS=before)
    assert found.returncode == 1
    assert re.search("did not become healthy within 10 s|is unhealthy", found.stderr), found.stderr


def test_a_version_that_fails_its_smoke_test_never_serves(production: Production, unnoticed: str) -> None:
    services = production.text("apps/gallery/services.py")
    services += "\n\ndef create_album(*_arguments, **_names):\n    raise RuntimeError\n"
    production.broken({"apps/gallery/services.py": services})
    found = production.deploy(WITHOUT_BACKUP, check=False)
    assert found.returncode == 1
    assert "failed: a mutation that is taken back" in found.stderr


def test_a_migration_that_fails_leaves_nothing_of_itself(production: Production, unnoticed: str) -> None:
    production.broken({MIGRATIONS + "9999_broken.py": migration(production, f"{ADD}, migrations.RunPython(fail)")})
    found = production.deploy(WITHOUT_BACKUP, check=False)
    assert found.returncode == 1
    assert "broken on purpose" in found.stderr
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'gallery_album'"
    assert "place" not in production.psql(columns).split()


def test_a_migration_that_a_lock_holds_up_gives_way(production: Production, unnoticed: str) -> None:
    migrating = production.text("config/migrating.py")
    production.broken({
        MIGRATIONS + "9999_place.py": migration(production, ADD),
        "config/migrating.py": migrating.replace("TRIES = 5", "TRIES = 1"),
    })  # fmt: skip
    with production.transaction("SELECT count(*) FROM gallery_album"):
        found = production.deploy(WITHOUT_BACKUP, check=False)
    assert found.returncode == 1
    assert "a lock could not be had" in found.stderr
    assert re.search(r"held by process \d+ of postgres", found.stderr), found.stderr


def test_a_deploy_that_is_stopped_takes_all_back_and_meanwhile_nobody_else_deploys(
    production: Production, unnoticed: str
) -> None:
    production.broken({})
    with production.begun(WITHOUT_BACKUP) as begun:
        begun.wait_for("Starting web_")
        second = production.deploy(WITHOUT_BACKUP, check=False)
        assert second.returncode == 4
        assert f"process {begun.process.pid} of " in second.stderr
        assert begun.end(signal.SIGTERM) == 1
    assert "SIGTERM came" in begun.said
    assert len(production.web_servers()) == 1


def test_killed_while_it_migrates_or_changes_the_worker_something_serves_and_a_rollback_goes_on_under_load(
    production: Production, load: Load
) -> None:
    before, after = production.serving(), production.broken({})
    for step, serving in (("Migrating", before), ("Starting worker", after)):
        with production.begun(WITHOUT_BACKUP) as begun:
            begun.wait_for(step)
            begun.kill()
        assert production.serving() == serving
    found = production.by_the_runbook("Back to the version before")
    assert "Stale: process" in found
    assert production.serving() == before
    assert len(production.web_servers()) == 1
    assert production.history()[-1]["what"] == "rollback"
    insist_unnoticed(load)


def test_of_thousands_of_requests_none_has_failed(load: Load) -> None:
    while load.seen.requests < LEAST_REQUESTS:
        assert not load.is_over.wait(0.5)
    insist_unnoticed(load)
    assert load.seen.changes, "no watcher was told of an upload"
    print(load.seen.words)  # noqa: T201 - for who asks for it: -rP
