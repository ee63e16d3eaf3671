import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from embedded.stack import ROOT

TARGETS = ["run", "test", "check", "env", "format", "shell", "clean", "requirements"]
INSTALL = ROOT / "embedded" / "install.sh"
NEEDED = ("sh", "rm", "mktemp", "sed", "touch", "cat", "printf", "dirname")


def test_a_bare_make_lists_every_target_with_a_line() -> None:
    # Without what `make test` hands down, by which make takes itself for a part of that and says where it is.
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    listed = subprocess.run(["make"], cwd=ROOT, env=own, capture_output=True, text=True, check=True).stdout
    lines = dict(re.findall(r"^  make (\S+) +(\S.*)$", listed, re.MULTILINE))
    assert set(TARGETS) <= set(lines)
    assert len(lines) == len(listed.splitlines())


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH with what a bare system has, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return folder


def put_python(programs: Path, name: str, script: str) -> None:
    (programs / name).write_text(f"#!/bin/sh\n{script}\n")
    (programs / name).chmod(0o755)


def install(programs: Path, venv: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", INSTALL, venv, ROOT / "requirements" / "dev.txt"],
        env={"PATH": str(programs), "TMPDIR": os.environ.get("TMPDIR", "/tmp"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_machine_whose_python_is_too_old_is_told_so(programs: Path, tmp_path: Path) -> None:
    put_python(programs, "python3", "exit 1")
    done = install(programs, tmp_path / "venv")
    assert done.returncode == 1
    assert "error: Cannot find Python 3.11 or newer.\n hint: Install it" in done.stderr


def test_a_newer_python_beside_one_that_is_too_old_is_taken(programs: Path, tmp_path: Path) -> None:
    put_python(programs, "python3", "exit 1")
    put_python(programs, "python3.12", 'case $1 in -c) exit 0;; --version) echo "Python 3.12.0";; *) exit 9;; esac')
    done = install(programs, tmp_path / "venv")
    assert "Making the virtual environment with Python 3.12.0" in done.stderr


def test_a_python_without_venv_is_told_how_to_get_it_and_leaves_no_half_of_one(programs: Path, tmp_path: Path) -> None:
    half = 'mkdir -p "$3/bin"; exit 1'
    (programs / "mkdir").symlink_to(str(shutil.which("mkdir")))
    put_python(programs, "python3", f'case $1 in -c) exit 0;; --version) echo "Python 3.11.2";; *) {half};; esac')
    done = install(programs, tmp_path / "venv")
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(("environment", "said"), [({}, "compiles "), ({"PYTHONDONTWRITEBYTECODE": "1"}, "compiles 1")])
def test_packages_are_compiled_at_once_where_no_start_may_write_bytecode(
    programs: Path, tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    for name in ("mkdir", "chmod"):
        (programs / name).symlink_to(str(shutil.which(name)))
    make = """mkdir -p "$3/bin"
printf '#!/bin/sh\n' >"$3/bin/python"
printf '#!/bin/sh\necho "compiles $UV_COMPILE_BYTECODE"\n' >"$3/bin/uv"
chmod +x "$3/bin/python" "$3/bin/uv" """
    put_python(programs, "python3", f'case $1 in -c) exit 0;; --version) echo "Python 3.11.2";; *) {make};; esac')
    done = install(programs, tmp_path / "venv", **environment)
    assert (done.returncode, done.stdout) == (0, f"{said}\n"), done.stderr
