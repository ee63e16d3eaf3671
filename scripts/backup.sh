#!/usr/bin/env bash
# Backs up the database, restores the backup into a scratch server, and compares; backs up media; lists and verifies what is there.
# Usage: scripts/backup.sh [db | media | all] [--list | --verify ID | --dry-run] [--json] [--despite-lost-rows] [--despite-lost-files]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 -m ops.inside ops.backup "$@"
