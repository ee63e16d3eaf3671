"""A migration that the version before can't live with is found by that version's own tests, and a harmless one disturbs none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment_values import ROOT

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".data", ".env", ".*_cache", "__pycache__", "node_modules")
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("gallery", {before!r})]
    operations = [{operation}]
"""
# Told to Django as nothing, as a careless RunSQL is: no linter reads what a function does.
RENAME = (
    'migrations.RunPython(lambda _, editor: editor.execute("ALTER TABLE gallery_album RENAME description TO words"))'
)
ADD = 'migrations.AddField("album", "place", models.CharField(max_length=9, null=True))'
ONE_TEST = "tests/gallery/test_services.py::TestUpload::test_its_hash_and_size_are_those_of_the_stored_file"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone, in which the version before is committed."""
    root = tmp_path_factory.mktemp("previous") / "slip way"
    shutil.copytree(ROOT, root, ignore=NOT_COPIED)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "One"]):
        author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        subprocess.run(["git", "-C", str(root), *author, *words], check=True)
    return root


def run_in(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the version before."""
    return subprocess.run(
        [sys.executable, "-m", "tests.previous", *words],
        cwd=project,
        env={name: os.environ[name] for name in KEPT if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("operation", "status"), [(RENAME, 1), (ADD, 0)])
def test_a_migration_is_tried_on_the_version_before(project: Path, operation: str, status: int) -> None:
    folder = project / "apps" / "gallery" / "migrations"
    before = max(path.stem for path in folder.glob("00*.py"))
    (folder / "9999_tomorrow.py").write_text(MIGRATION.format(before=before, operation=operation))
    found = run_in(project, "--from", "HEAD", ONE_TEST)
    assert found.returncode == status, found.stdout + found.stderr
    assert ('column "description" of relation "gallery_album" does not exist' in found.stdout) == bool(status)


def test_without_a_version_before_it_says_how_to_name_one(project: Path) -> None:
    found = run_in(project)
    assert found.returncode == 3
    assert "hint: Name the one that serves: make test-previous FROM=COMMIT" in found.stderr
