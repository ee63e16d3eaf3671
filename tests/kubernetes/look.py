"""Renders the overlays of kubernetes/ with secrets that are none, and looks at them: schemas of current versions, and checkov's rules.

Runs in the environment of requirements/kubernetes.txt (`make check-kubernetes`), on the programs and the standard library there.
Usage: look.py FOLDER, where what is rendered is left.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VERSIONS = ("1.35", "1.36", "1.37")
NO_SCHEMA = "Couldn't find schema for kind Cluster with api version postgresql.cnpg.io/v1"  # an operator's own


def main(folder: Path) -> int:
    """Render and look; return 0 where all is well."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = render(folder)
    config = ROOT / "kubernetes" / ".checkov.yaml"
    rules = begin("checkov", "--config-file", config, "--directory", folder)
    looks = [begin("kubernetes-validate", "--strict", "--quiet", "-k", version, *paths) for version in VERSIONS]
    said = [ended(each) for each in (*looks, rules)]
    for _, text in said:
        sys.stdout.write("\n".join(line for line in text.splitlines() if NO_SCHEMA not in line).strip() + "\n")
    return max(status for status, _ in said)


def render(folder: Path) -> list[Path]:
    """Write each overlay as one file."""
    with tempfile.TemporaryDirectory() as copied:
        shutil.copytree(ROOT / "kubernetes", copied, dirs_exist_ok=True, ignore=shutil.ignore_patterns("secrets"))
        return [render_one(overlay, folder) for overlay in sorted(Path(copied, "overlays").iterdir())]


def render_one(overlay: Path, folder: Path) -> Path:
    """Write one, with a text for each file of secrets that it names."""
    for name in re.findall(r"^ +- (secrets/\w+)$", (overlay / "kustomization.yaml").read_text(), re.MULTILINE):
        (overlay / name).parent.mkdir(exist_ok=True)
        (overlay / name).write_text("nothing")
    status, text = ended(begin("kubectl", "kustomize", overlay))
    if status:
        raise SystemExit(f"error: Cannot render {overlay.name}: {text}")
    path = folder / f"{overlay.name}.yaml"
    path.write_text(text)
    return path


def begin(*words: str | Path) -> "subprocess.Popen[str]":
    """Start a program."""
    return subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Return a program's status, and what it said."""
    text, _ = process.communicate(timeout=300)
    return process.returncode, text


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
