#!/usr/bin/env bash
# Restores the database from a set, beside the live one, compares, and swaps their names; goes back.
# Usage: scripts/restore_db.sh [latest | ID | --at TIME] [--from TARGET] [--list | --dry-run | --undo | --drop-kept NAME] [--overwrite] [--json]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 -m ops.inside ops.restore "$@"
