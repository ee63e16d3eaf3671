"""`manage.py smoke_test` against a running server, and against one that fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.stack import ROOT, Stack
from embedded.state import free_port

PUBLISH = "import django; django.setup()\nfrom config import static_files\nstatic_files.publish(django.conf.settings.STATIC_ROOT)"
LEFT = """import django; django.setup()
from apps.accounts.models import User
print(User.objects.filter(email__endswith='.invalid').count())
"""


def run(stack: Stack, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**stack.environment, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def published(stack: Stack) -> Stack:
    assert run(stack, "-c", PUBLISH).returncode == 0
    return stack


def test_a_server_that_is_as_it_should_be(published: Stack) -> None:
    found = run(published, "manage.py", "smoke_test", "--port", str(published.port))
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) == 6
    assert run(published, "-c", LEFT).stdout == "0\n"


def test_every_failure_of_a_server_that_is_not_there_is_told(published: Stack) -> None:
    found = run(published, "manage.py", "smoke_test", "--port", str(free_port()))
    assert found.returncode == 1
    assert "failed: __typename: SmokeTestError: no answer: " in found.stderr
    assert "failed: a signed-in query: " in found.stderr
    assert "failed: an upload, its renditions and a subscription: " in found.stderr


def test_a_static_file_with_another_content_is_told(published: Stack) -> None:
    root = published.environment.get("STATIC_ROOT", os.environ["STATIC_ROOT"])
    name = run(
        published,
        "-c",
        f"import json; print(json.load(open({root!r} + '/staticfiles.json'))['paths']['gallery/wall.css'])",
    )
    path = f"{root}/{name.stdout.strip()}"
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("/* changed */")
    found = run(published, "manage.py", "smoke_test", "--port", str(published.port))
    assert found.returncode == 1
    assert "failed: static files: SmokeTestError: gallery/wall." in found.stderr
