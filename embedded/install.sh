#!/bin/sh
# Makes the virtual environment and installs the requirements into it, checked by their hashes.
# Usage: install.sh VENV REQUIREMENTS
set -eu
venv=$1 requirements=$2

fail() { printf 'error: %s\n hint: %s\n' "$1" "$2" >&2; exit 1; }
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
in_venv() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

python=""
for candidate in "${PYTHON3:-python3}" python3.14 python3.13 python3.12 python3.11; do
  if is_new_enough "$candidate"; then python=$candidate; break; fi
done
[ -n "$python" ] || fail "Cannot find Python 3.11 or newer." "Install it, or say where it is: make run PYTHON3=/path/to/python3"

if ! is_new_enough "$venv/bin/python" || ! in_venv --version >/dev/null 2>&1; then
  echo "Making the virtual environment with $("$python" --version)" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv" || { rm -rf "$venv"; fail "Cannot make a virtual environment." "On Debian and Ubuntu: apt-get install python3-venv"; }
fi

# uv installs in seconds what pip takes a minute for; its own wheel is checked by the hash in the same file. Where there is no
# uv for this machine, or it cannot download (pip has a configuration of its own: mirrors, certificates), pip does it.
echo "Installing the requirements" >&2
# pip compiles what it installs; uv leaves that to the first start, which may not write here, nor any after it.
[ -z "${PYTHONDONTWRITEBYTECODE:-}" ] || export UV_COMPILE_BYTECODE=1
uv=$(mktemp) said=$(mktemp)
trap 'rm -f "$uv" "$said"' EXIT
sed -n '/^uv==/,/^    # via/p' "$requirements" >"$uv"
if in_venv install --quiet --require-hashes -r "$uv" 2>"$said" && UV_SYSTEM_CERTS=1 "$venv/bin/uv" \
  pip install --quiet --python "$venv/bin/python" --require-hashes -r "$requirements" 2>"$said"; then :
elif ! in_venv install --quiet --require-hashes -r "$requirements"; then
  cat "$said" >&2
  fail "Cannot install $requirements." "See above. It needs a network, or pip configured for a mirror."
fi
touch "$venv/installed"
