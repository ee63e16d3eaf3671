#!/bin/sh
# Makes the virtual environment and installs the requirements into it, checked by their hashes.
# Usage: install.sh VENV REQUIREMENTS
set -eu
venv=$1 requirements=$2

fail() { printf 'error: %s\n hint: %s\n' "$1" "$2" >&2; exit 1; }
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=""
for candidate in "${PYTHON3:-python3}" python3.14 python3.13 python3.12 python3.11; do
  if is_new_enough "$candidate"; then python=$candidate; break; fi
done
[ -n "$python" ] || fail "Cannot find Python 3.11 or newer." "Install it, or say where it is: make run PYTHON3=/path/to/python3"

if ! [ -x "$venv/bin/python" ] || ! is_new_enough "$venv/bin/python"; then
  echo "Making the virtual environment with $("$python" --version)" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv" || fail "Cannot make a virtual environment." "On Debian and Ubuntu: apt-get install python3-venv"
fi

# uv installs in seconds what pip takes minutes for; its own wheel is checked by the hash in the same file.
echo "Installing the requirements" >&2
uv=$(mktemp)
trap 'rm -f "$uv"' EXIT
sed -n '/^uv==/,/^    # via/p' "$requirements" >"$uv"
if "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$uv" 2>/dev/null; then
  "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r "$requirements" ||
    fail "Cannot install $requirements." "See above; without a network nothing can be installed."
else
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements" ||
    fail "Cannot install $requirements." "See above; without a network nothing can be installed."
fi
touch "$venv/installed"
