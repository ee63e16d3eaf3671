#!/usr/bin/env bash
# Restores media from a snapshot, beside what is live, and exchanges the folder's entries; adds what is missing; goes back.
# Usage: scripts/restore_media.sh [latest | ID] [--from TARGET] [--list | --dry-run | --only-missing | --undo | --drop-kept NAME] [--overwrite]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 -m ops.inside --service=restore ops.restore.media "$@"
